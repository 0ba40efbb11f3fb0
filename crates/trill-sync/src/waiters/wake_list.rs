//! Wakers that were taken out under a lock and are woken after it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::Waker;

use super::overflow::Overflow;

/// Wakers to wake, the first in place.
#[derive(Debug)]
pub(crate) struct WakeList {
    first: Option<Waker>,
    more: Vec<Waker>,
}

impl WakeList {
    /// Makes an empty list, without an allocation.
    #[inline]
    pub(crate) fn new() -> WakeList {
        WakeList {
            first: None,
            more: Vec::new(),
        }
    }

    /// Borrows the memory that the overflow list keeps for this, once a second waker is about to come.
    #[inline]
    pub(crate) fn reserve_from(&mut self, list: &mut Overflow) {
        if self.first.is_some() && self.more.capacity() == 0 {
            self.more = list.take_spare();
        }
    }

    /// Adds a waker.
    #[inline]
    pub(crate) fn push(&mut self, waker: Option<Waker>) {
        match waker {
            Some(waker) if self.first.is_none() => self.first = Some(waker),
            Some(waker) => self.more.push(waker),
            None => {}
        }
    }

    /// Wakes all in order, and returns the memory if there was any.
    ///
    /// A waker that panics does not keep the others from being woken; the first panic goes on after that.
    #[inline]
    pub(crate) fn wake_all(self) -> Option<Vec<Waker>> {
        if self.more.is_empty() {
            if let Some(waker) = self.first {
                waker.wake();
            }
            return None;
        }
        Some(wake_many(self.first, self.more))
    }
}

/// The part of [`WakeList::wake_all`] for several.
fn wake_many(first: Option<Waker>, mut more: Vec<Waker>) -> Vec<Waker> {
    let mut panicked: Option<Box<dyn Any + Send>> = None;
    for waker in first.into_iter().chain(more.drain(..)) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
            panicked.get_or_insert(payload);
        }
    }
    if let Some(payload) = panicked {
        resume_unwind(payload);
    }
    more
}
