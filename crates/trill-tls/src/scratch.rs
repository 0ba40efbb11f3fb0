//! Memory into which a thread receives ciphertext.
//!
//! rustls asks for 4 KiB at a time, which would take five system calls for a record of 16 KiB. A buffer for each
//! connection would be paid for by those that are idle; so each thread has one, zeroed once in its life.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};

thread_local! {
    static SCRATCH: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

/// The buffer of this thread, given back when it is dropped. A stream inside a stream finds it taken and makes another.
pub(crate) struct Scratch(Box<[u8]>);

impl Scratch {
    pub(crate) fn take() -> Scratch {
        let kept = SCRATCH.try_with(Cell::take).ok().flatten();
        Scratch(kept.unwrap_or_else(|| vec![0; SCRATCH_BYTES].into_boxed_slice()))
    }
}

impl Deref for Scratch {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.0);
        // At the end of a thread it is simply freed.
        let _ = SCRATCH.try_with(|place| place.set(Some(buffer)));
    }
}

/// Four records of full size and what is around them: as much as the writer of a peer usually sends at once.
const SCRATCH_BYTES: usize = 4 * (16 * 1024 + 22);
