//! What few tasks have: a name, locals. One word of the header, which is null for all others.
//!
//! # States and transitions
//!
//! The word is null or points to [`Extras`]. It starts as either, goes from null to a pointer at most once
//! ([`Slot::get_or_insert`], Release), and is freed with its header. Whoever has the header may read it (Acquire).
//! The name never changes; the locals have a lock of their own.
#![allow(unsafe_code)] // A thin owning pointer that is set once: `OnceLock<Box<_>>` takes a second word.

use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::locals::Locals;
use crate::quiet::quietly;

/// A task's name and locals.
pub(crate) struct Extras {
    #[cfg_attr(not(feature = "insight"), allow(dead_code))]
    pub(crate) name: Option<Box<str>>,
    /// Only the thread that polls the task takes the lock, so it is never waited for.
    locals: Mutex<Locals>,
    /// The upper half of the count of polls. Written by the thread that polls.
    #[cfg_attr(not(feature = "insight"), allow(dead_code))]
    polls: AtomicU32,
    /// The number of the task that awaits this one, or 0; see `Header::note_awaiter`.
    #[cfg_attr(not(feature = "insight"), allow(dead_code))]
    pub(crate) awaiter: AtomicU64,
}

impl Extras {
    /// The locals. No code of the program may run, and no value be dropped, until they are let go.
    pub(crate) fn locals(&self) -> MutexGuard<'_, Locals> {
        self.locals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts that the lower half of the count of polls has come round.
    #[cfg(feature = "insight")]
    #[cold]
    pub(crate) fn carry_poll(&self) {
        self.polls.fetch_add(1, Ordering::Relaxed);
    }

    /// How often the lower half of the count of polls has come round.
    #[cfg(feature = "insight")]
    pub(crate) fn polls_carried(&self) -> u32 {
        self.polls.load(Ordering::Relaxed)
    }
}

/// A header's word for its extras.
pub(crate) struct Slot(AtomicPtr<Extras>);

impl Slot {
    /// Starts with these; allocates nothing if there are none.
    #[inline]
    pub(crate) fn new(name: Option<Box<str>>, locals: Locals) -> Slot {
        if name.is_none() && locals.is_empty() {
            return Slot(AtomicPtr::new(ptr::null_mut()));
        }
        Slot(AtomicPtr::new(made(name, locals)))
    }

    /// The extras, if there are any.
    #[inline]
    pub(crate) fn get(&self) -> Option<&Extras> {
        // Acquire: pairs with the Release in `get_or_insert`.
        let extras = self.0.load(Ordering::Acquire);
        // SAFETY: the word is null or was made by `made`, is never changed again then, and is freed in `drop`, which
        // has no other borrow. This file upholds it; Miri on `tests/locals.rs` would fail.
        unsafe { extras.as_ref() }
    }

    /// The extras, made now if there were none.
    pub(crate) fn get_or_insert(&self) -> &Extras {
        if let Some(extras) = self.get() {
            return extras;
        }
        let fresh = made(None, Locals::new());
        let set = self.0.compare_exchange(
            ptr::null_mut(),
            fresh,
            // Release: pairs with the Acquire in `get`, which then finds the extras written.
            Ordering::Release,
            // Acquire: pairs with the Release of the thread that was faster.
            Ordering::Acquire,
        );
        let extras = match set {
            Ok(_) => fresh,
            Err(other) => {
                // SAFETY: `fresh` comes from `Box::into_raw` and was not published. The line above upholds it; Miri on
                // `tests/locals.rs` would fail.
                drop(unsafe { Box::from_raw(fresh) });
                other
            }
        };
        // SAFETY: as in `get`.
        unsafe { &*extras }
    }
}

impl Drop for Slot {
    #[inline]
    fn drop(&mut self) {
        let extras = *self.0.get_mut();
        if !extras.is_null() {
            free(extras);
        }
    }
}

#[cold]
fn made(name: Option<Box<str>>, locals: Locals) -> *mut Extras {
    Box::into_raw(Box::new(Extras {
        name,
        locals: Mutex::new(locals),
        polls: AtomicU32::new(0),
        awaiter: AtomicU64::new(0),
    }))
}

#[cold]
fn free(extras: *mut Extras) {
    // SAFETY: the pointer comes from `Box::into_raw` in `made`, and `Slot::drop`, which runs once, has the only one. Miri
    // on `tests/locals.rs` would fail.
    let extras = unsafe { Box::from_raw(extras) };
    // A header lies in a task's cell, which must not be left by a panic; the panic hook has told of it.
    quietly(|| drop(extras));
}
