//! The task that is being polled on this thread.
//!
//! The thread-local word holds the address of a header that [`Header::poll`] borrows for the whole call, so it is
//! valid whenever it is set.
#![allow(unsafe_code)] // Turning that address back into a reference.

use std::cell::Cell;
use std::panic::Location;
use std::ptr;

use crate::header::Header;
use crate::id::TaskId;
use crate::wait::Kind;

thread_local! {
    static CURRENT: Cell<*const Header> = const { Cell::new(ptr::null()) };
}

/// Runs `with` on the header of the task that is being polled on this thread.
///
/// Returns `None` outside any task.
///
/// # Examples
///
/// ```
/// assert!(trill_cell::current(|task| task.id()).is_none());
/// ```
#[inline]
pub fn current<R>(with: impl FnOnce(&Header) -> R) -> Option<R> {
    let header = CURRENT.get();
    if header.is_null() {
        return None;
    }
    // SAFETY: a non-null address was stored by `Setting::new` from a reference that outlives the setting, and the
    // setting's drop takes it out again; both run on this thread. `Header::poll` upholds this; Miri on the test
    // `nested_polls_restore_the_outer_task` would fail.
    Some(with(unsafe { &*header }))
}

/// Returns the identity of the task that is being polled on this thread.
///
/// # Examples
///
/// ```
/// assert_eq!(trill_cell::current_id(), None);
/// ```
#[inline]
pub fn current_id() -> Option<TaskId> {
    current(Header::id)
}

/// Says that the current task waits: for what, and where the program awaited it.
///
/// A leaf calls this in each poll that returns `Pending`. `value` is described at [`Kind`]; 48 bits of it are kept.
/// Does nothing outside any task.
///
/// # Examples
///
/// See the [crate's page](crate).
#[inline]
pub fn waiting(kind: Kind, value: u64, location: &'static Location<'static>) {
    current(|header| header.set_wait(kind, value, location));
}

/// Makes a header the current one until dropped.
pub(crate) struct Setting(*const Header);

impl Setting {
    /// Sets `header`. The caller keeps the borrow alive longer than the setting.
    #[inline]
    pub(crate) fn new(header: &Header) -> Setting {
        Setting(CURRENT.replace(header))
    }
}

impl Drop for Setting {
    #[inline]
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}
