//! Who is woken when the stream takes more.
//!
//! Writing is moved on by who writes, and by who reads while ciphertext is left over. A stream of futures-io knows one
//! waker for each direction, so it gets one that wakes both.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Wake, Waker};

/// Which of the two moves writing on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Side {
    Reader,
    Writer,
}

/// The wakers of both sides, kept until they are used.
#[derive(Debug, Default)]
pub(crate) struct Fan(Mutex<[Option<Waker>; 2]>);

impl Fan {
    /// Has `waker` woken when the stream takes more, in place of the last one of this side.
    pub(crate) fn register(&self, side: Side, waker: &Waker) {
        let mut wakers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = &mut wakers[side as usize];
        let old = match place {
            Some(known) if known.will_wake(waker) => None,
            _ => place.replace(waker.clone()),
        };
        drop(wakers);
        // Outside the lock, since dropping a waker may run anything.
        drop(old);
    }

    fn wake_all(&self) {
        let mut wakers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = std::mem::take(&mut *wakers);
        drop(wakers);
        taken.into_iter().flatten().for_each(Waker::wake);
    }
}

impl Wake for Fan {
    fn wake(self: Arc<Self>) {
        self.wake_all();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_all();
    }
}
