//! A look at the value.

use std::fmt;
use std::ops::Deref;

use crate::primitive::RwLockReadGuard;

/// A look at the value of a watch channel; it holds the value's lock.
///
/// While it lives, senders block their threads. It is not `Send`, so a task that may move between threads cannot keep
/// it across an await.
///
/// # Examples
///
/// ```
/// let (_sender, receiver) = trill_sync::channel::watch::channel(7);
/// assert_eq!(*receiver.borrow(), 7);
/// ```
#[must_use = "a look that nobody takes"]
pub struct Ref<'a, T> {
    value: RwLockReadGuard<'a, T>,
    changed: bool,
}

impl<'a, T> Ref<'a, T> {
    pub(super) fn new(value: RwLockReadGuard<'a, T>, changed: bool) -> Ref<'a, T> {
        Ref { value, changed }
    }

    /// Returns whether the receiver had not seen this value before.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = trill_sync::channel::watch::channel(7);
    /// sender.send(8).unwrap();
    /// assert!(receiver.borrow_and_update().has_changed());
    /// assert!(!receiver.borrow_and_update().has_changed());
    /// ```
    pub fn has_changed(&self) -> bool {
        self.changed
    }
}

impl<T> Deref for Ref<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Ref<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ref")
            .field("value", &**self)
            .field("changed", &self.changed)
            .finish()
    }
}
