//! The one word by which a task knows where it belongs.
#![allow(unsafe_code)] // Turning that word back into a reference.

use std::fmt;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::local::LocalState;
use crate::state::State;
use crate::worker::Worker;

/// Where a task belongs: kept in its cell, read by whoever schedules it.
///
/// The word holds, by the kind of executor that made the task: the address of the [`State`] plus one (not polled by a
/// worker yet), the address of the [`Worker`] that polled it last, the address of a [`LocalState`], or null.
/// All three kinds of record live for the rest of the process.
pub(crate) struct Home(AtomicPtr<()>);

/// Where a task of a shared executor belongs.
#[derive(Clone, Copy)]
pub(crate) enum At {
    /// To its executor; no worker has polled it.
    State(&'static State),
    /// To the worker that polled it last.
    Worker(&'static Worker),
}

impl Home {
    /// Nowhere: the task's schedule function knows itself.
    pub(crate) fn none() -> Home {
        Home(AtomicPtr::new(ptr::null_mut()))
    }

    /// At a shared executor.
    #[inline]
    pub(crate) fn state(state: &'static State) -> Home {
        let address = ptr::from_ref(state).cast_mut().cast::<u8>().wrapping_add(1);
        Home(AtomicPtr::new(address.cast()))
    }

    /// At a worker.
    #[inline]
    pub(crate) fn worker(worker: &'static Worker) -> Home {
        Home(AtomicPtr::new(ptr::from_ref(worker).cast_mut().cast()))
    }

    /// At a single-threaded executor.
    #[inline]
    pub(crate) fn local(state: &'static LocalState) -> Home {
        Home(AtomicPtr::new(ptr::from_ref(state).cast_mut().cast()))
    }

    /// Notes that `worker` polls the task now.
    #[inline]
    pub(crate) fn move_to(&self, worker: &'static Worker) {
        let address = ptr::from_ref(worker).cast_mut().cast();
        // A task moves rarely, and an unwritten line stays shared.
        if self.0.load(Ordering::Relaxed) != address {
            self.0.store(address, Ordering::Relaxed);
        }
    }

    /// Where the task belongs.
    ///
    /// # Safety
    ///
    /// The word was made by [`Home::state`] or [`Home::worker`].
    #[inline]
    pub(crate) unsafe fn place(&self) -> At {
        let word = self.0.load(Ordering::Relaxed);
        if word.addr() & 1 == 1 {
            let state = word.cast::<u8>().wrapping_sub(1).cast::<State>();
            // SAFETY: only `Home::state` sets the lowest bit, from a `&'static State`. The caller upholds that it was
            // that or `Home::worker`; Miri on `tests/drop.rs` would fail.
            At::State(unsafe { &*state })
        } else {
            // SAFETY: without that bit it is from `Home::worker` or `move_to`, from a `&'static Worker`. The caller
            // upholds it; Miri on `tests/drop.rs` would fail.
            At::Worker(unsafe { &*word.cast::<Worker>() })
        }
    }

    /// The single-threaded executor to which the task belongs.
    ///
    /// # Safety
    ///
    /// The word was made by [`Home::local`].
    #[inline]
    pub(crate) unsafe fn local_state(&self) -> &'static LocalState {
        let word = self.0.load(Ordering::Relaxed);
        // SAFETY: `Home::local` made it from a `&'static LocalState`, and nothing else writes to it. The caller upholds
        // it; Miri on `tests/local.rs` would fail.
        unsafe { &*word.cast::<LocalState>() }
    }
}

impl At {
    /// The executor.
    #[inline]
    pub(crate) fn executor(self) -> &'static State {
        match self {
            At::State(state) => state,
            At::Worker(worker) => worker.state,
        }
    }
}

impl fmt::Debug for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Home")
            .field(&self.0.load(Ordering::Relaxed))
            .finish()
    }
}
