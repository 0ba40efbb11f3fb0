//! The side of a cell that awaits the output.
#![allow(unsafe_code)] // A handle is a pointer to a cell.

use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::task::{Poll, Waker};

use trill_cell::Header;

use super::prefix::{self, Prefix};
use crate::quiet::Payload;

/// What a task leaves for whoever awaits it: its value, or the payload of its panic.
pub(crate) type Output<T> = Result<T, Payload>;

/// The side of a cell that awaits the output. Dropping it cancels the task.
pub(crate) struct Handle<T> {
    cell: NonNull<Prefix>,
    _output: PhantomData<T>,
}

// SAFETY: the handle moves an output of type `T` to its thread, or drops it there. Nothing else of the cell belongs to it
// alone. The compiler upholds the bound.
unsafe impl<T: Send> Send for Handle<T> {}
// SAFETY: by shared reference it reads the state word and the header alone, which are synchronized.
unsafe impl<T> Sync for Handle<T> {}

impl<T> Unpin for Handle<T> {}

impl<T> Handle<T> {
    /// For a new task.
    ///
    /// # Safety
    ///
    /// `cell` came from `allocate` with an output of this type, and gets no other handle.
    #[inline]
    pub(super) unsafe fn new(cell: NonNull<Prefix>) -> Handle<T> {
        Handle {
            cell,
            _output: PhantomData,
        }
    }

    /// What is known of the task.
    #[inline]
    pub(crate) fn header(&self) -> &Header {
        // SAFETY: the handle keeps the cell alive, and the header is never changed but through shared references. Miri on
        // `tests/task.rs` would fail.
        &unsafe { self.cell.as_ref() }.header
    }

    /// For models: where the cell is.
    #[cfg(loom)]
    pub(crate) fn cell(&self) -> crate::queue::Item {
        self.cell.cast()
    }

    /// Polls for the output: `None` if the task was cancelled, or if the output was taken before.
    #[inline]
    pub(crate) fn poll(&mut self, waker: &Waker) -> Poll<Option<Output<T>>> {
        // SAFETY: this is the handle.
        match unsafe { prefix::poll_end(self.cell, waker) } {
            None => Poll::Pending,
            Some(false) => Poll::Ready(None),
            Some(true) => {
                // SAFETY: the handle keeps the cell alive.
                let table = unsafe { self.cell.as_ref() }.table;
                // SAFETY: as above.
                let place = unsafe { (table.output)(self.cell) };
                // SAFETY: the output is there, of this type as `new` demands, and is marked as taken at once.
                let output = unsafe { place.cast::<Output<T>>().read() };
                // SAFETY: this is the handle; the output was taken.
                unsafe { prefix::output_taken(self.cell) };
                Poll::Ready(Some(output))
            }
        }
    }

    /// Cancels the task; its end is still to be awaited.
    pub(crate) fn close(&mut self) {
        // SAFETY: this is the handle.
        unsafe { prefix::close(self.cell) };
    }

    /// Lets the task run on by itself.
    #[inline]
    pub(crate) fn detach(self) {
        let cell = ManuallyDrop::new(self).cell;
        // SAFETY: this is the handle, and it is not used again.
        unsafe { prefix::drop_handle(cell, false) };
    }

    /// Says whether the task has ended or was cancelled.
    pub(crate) fn is_finished(&self) -> bool {
        // SAFETY: this is the handle.
        unsafe { prefix::is_finished(self.cell) }
    }
}

impl<T> Drop for Handle<T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: this is the handle, and it is not used again.
        unsafe { prefix::drop_handle(self.cell, true) };
    }
}
