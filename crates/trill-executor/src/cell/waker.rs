//! Wakers of tasks.
#![allow(unsafe_code)] // A waker is a pointer to a cell and a table of functions.

use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};
use std::task::{RawWaker, RawWakerVTable, Waker};

use super::prefix::{self, Prefix};
use crate::current;

/// The one table of all tasks' wakers.
static TABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);

/// Returns the waker of a task without counting it.
///
/// # Safety
///
/// The cell stays alive while the result is used.
#[inline]
pub(super) unsafe fn borrowed(cell: NonNull<Prefix>) -> ManuallyDrop<Waker> {
    // SAFETY: data and table belong together; the reference that a drop would give back is never given back. The
    // caller upholds the rest; Miri on `tests/task.rs` would fail.
    ManuallyDrop::new(unsafe { Waker::new(cell.as_ptr().cast::<()>().cast_const(), &TABLE) })
}

/// Says whether this is a waker of a task.
#[inline]
pub(super) fn is_task(waker: &Waker) -> bool {
    ptr::eq(waker.vtable(), &raw const TABLE)
}

/// Says whether this is a waker of the task with this cell.
#[inline]
pub(crate) fn is_waker_of(waker: &Waker, cell: *const ()) -> bool {
    ptr::eq(waker.data(), cell) && is_task(waker)
}

/// The cell a waker points to.
#[inline]
fn cell(data: *const ()) -> NonNull<Prefix> {
    // SAFETY: `borrowed` and `clone` are the only makers of wakers with this table, from pointers that are not null.
    unsafe { NonNull::new_unchecked(data.cast_mut().cast()) }
}

#[inline]
unsafe fn clone(data: *const ()) -> RawWaker {
    if !current::count_reference(data, 1) {
        // SAFETY: the waker that is cloned has a reference. `Waker` upholds it; Miri on `tests/task.rs` would fail.
        unsafe { cell(data).as_ref() }.count_reference();
    }
    RawWaker::new(data, &TABLE)
}

#[inline]
unsafe fn wake(data: *const ()) {
    // SAFETY: as in `clone`; the waker is gone afterwards.
    unsafe { prefix::wake(cell(data), true) };
}

#[inline]
unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: as in `clone`.
    unsafe { prefix::wake(cell(data), false) };
}

#[inline]
unsafe fn drop_waker(data: *const ()) {
    if !current::count_reference(data, -1) {
        // SAFETY: as in `clone`; the waker is gone afterwards.
        unsafe { prefix::drop_reference(cell(data)) };
    }
}
