//! The side of a cell that queues and polling threads hold.
#![allow(unsafe_code)] // A runnable is a pointer to a cell.

use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::task::{Context, Waker};

use super::prefix::{self, Prefix};
use super::tab::Tab;
use super::waker;
use crate::home::Home;
use crate::queue::Item;

/// A task that is ready to be polled. Dropping it drops the task's future.
pub(crate) struct Runnable(NonNull<Prefix>);

// SAFETY: a task's future is polled and dropped where its runnable goes. Whoever makes the task upholds that it may:
// `allocate` demands it.
unsafe impl Send for Runnable {}
// SAFETY: as above; by reference a runnable gives wakers only.
unsafe impl Sync for Runnable {}

impl Runnable {
    /// Takes a queued address back.
    ///
    /// # Safety
    ///
    /// It came from [`Runnable::into_raw`] or `allocate`, and is taken back once.
    #[inline]
    pub(crate) unsafe fn from_raw(item: Item) -> Runnable {
        Runnable(item.cast())
    }

    /// Turns it into an address to be queued.
    #[inline]
    pub(crate) fn into_raw(self) -> Item {
        ManuallyDrop::new(self).0.cast()
    }

    /// Polls the task once; `true` if it was woken meanwhile and is queued again.
    ///
    /// `tab` is the one of the executor that polls here, or a new one.
    #[inline]
    pub(crate) fn run(self, tab: &Tab) -> bool {
        let cell = ManuallyDrop::new(self).0;
        // SAFETY: `run` gives the runnable up only after the poll in which the waker is used. Miri on `tests/task.rs`.
        let waker = unsafe { waker::borrowed(cell) };
        // SAFETY: this is the runnable, and it is not used again.
        unsafe { prefix::run(cell, &mut Context::from_waker(&waker), tab) }
    }

    /// Queues it.
    #[inline]
    pub(crate) fn schedule(self) {
        let cell = ManuallyDrop::new(self).0;
        // SAFETY: the runnable keeps the cell alive. Miri on `tests/task.rs` would fail.
        let table = unsafe { cell.as_ref() }.table;
        // SAFETY: this is the runnable, and it is not used again.
        unsafe { (table.schedule)(cell, false) };
    }

    /// Returns a waker of the task.
    pub(crate) fn waker(&self) -> Waker {
        // SAFETY: the runnable keeps the cell alive while the borrowed waker is cloned.
        let borrowed = unsafe { waker::borrowed(self.0) };
        Waker::clone(&borrowed)
    }

    /// Where the task belongs.
    #[inline]
    pub(crate) fn home(&self) -> &Home {
        // SAFETY: the runnable keeps the cell alive. Miri on `tests/task.rs` would fail.
        &unsafe { self.0.as_ref() }.home
    }
}

impl Drop for Runnable {
    fn drop(&mut self) {
        // SAFETY: this is the runnable.
        unsafe { prefix::mark_closed(self.0) };
        // SAFETY: as above, and it is not used again.
        unsafe { prefix::end_without_output(self.0, 0) };
    }
}
