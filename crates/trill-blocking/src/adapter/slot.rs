//! Where an object changes hands between its `Unblock` and a job.

use std::sync::{Mutex, PoisonError};

/// Holds the object while a job is submitted and has not begun, and after it has ended.
pub(crate) struct Slot<T>(Mutex<Option<Box<T>>>);

impl<T> Slot<T> {
    pub(crate) fn new() -> Slot<T> {
        Slot(Mutex::new(None))
    }

    /// Puts the object here.
    pub(crate) fn put(&self, object: Option<Box<T>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = object;
    }

    /// Takes the object from here.
    pub(crate) fn take(&self) -> Option<Box<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Takes the object for the time of a job.
    pub(crate) fn hold(&self) -> Held<'_, T> {
        Held {
            object: self.take(),
            slot: self,
        }
    }
}

/// An object that goes back into its slot when this is dropped, also by a panic.
pub(crate) struct Held<'a, T> {
    object: Option<Box<T>>,
    slot: &'a Slot<T>,
}

impl<T> Held<'_, T> {
    /// The object.
    pub(crate) fn as_mut(&mut self) -> &mut T {
        self.object
            .as_mut()
            .expect("a job is submitted with the object in its slot")
    }

    /// Drops the object.
    pub(crate) fn close(&mut self) {
        self.object = None;
    }
}

impl<T> Drop for Held<'_, T> {
    fn drop(&mut self) {
        self.slot.put(self.object.take());
    }
}
