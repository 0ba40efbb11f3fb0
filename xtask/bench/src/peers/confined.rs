//! Lets a future of one thread stand where the rows ask for one that may move.
//!
//! The rows ask for `Send`, because a work-stealing peer needs it; the futures of a single-threaded runtime are not.
//! What is confined may be moved, and ends the process if another thread uses it: no runtime measured here moves the
//! tasks of one thread, and a mistake must not become a race.
#![allow(unsafe_code)]

use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::task::{Context, Poll};

thread_local! {
    /// Its address tells threads apart, for a few instructions less than a `ThreadId`.
    static HERE: u8 = const { 0 };
}

/// A value that only the thread that made it may use.
#[derive(Debug)]
pub(crate) struct Confined<T> {
    value: ManuallyDrop<T>,
    home: usize,
}

// SAFETY: `value` is reached in `poll`, `into_inner` and `drop` alone, which check first that they run on the thread that made it.
// `tests::another_thread_is_refused` polls from another thread.
unsafe impl<T> Send for Confined<T> {}

impl<T> Confined<T> {
    /// Confines `value` to this thread.
    pub(crate) fn new(value: T) -> Self {
        Self {
            value: ManuallyDrop::new(value),
            home: here(),
        }
    }

    /// Gives the value back.
    pub(crate) fn into_inner(self) -> T {
        self.check();
        let mut this = ManuallyDrop::new(self);
        // SAFETY: taken once, and `this` is not dropped. The tests of the rows would crash.
        unsafe { ManuallyDrop::take(&mut this.value) }
    }

    fn check(&self) {
        assert!(
            self.home == here(),
            "a future of one thread was used on another"
        );
    }
}

impl<F: Future> Future for Confined<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.check();
        // SAFETY: the value is pinned as long as this is: nothing moves it out. `Drop` drops it where it lies. The tests
        // of the rows would crash.
        let value = unsafe { self.map_unchecked_mut(|this| &mut *this.value) };
        value.poll(cx)
    }
}

impl<T> Drop for Confined<T> {
    fn drop(&mut self) {
        self.check();
        // SAFETY: dropped once, here, and not used afterwards. The tests of the rows would crash.
        unsafe { ManuallyDrop::drop(&mut self.value) };
    }
}

fn here() -> usize {
    HERE.with(|byte| std::ptr::from_ref(byte) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::start_thread;

    #[test]
    fn the_thread_that_made_it_may_use_it() {
        let mut ready = Confined::new(std::future::ready(5));
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert_eq!(Pin::new(&mut ready).poll(&mut cx), Poll::Ready(5));
    }

    #[test]
    fn another_thread_is_refused() {
        let ready = ManuallyDrop::new(Confined::new(std::future::ready(5)));
        let thread = start_thread("other", move || {
            let mut ready = ready;
            let mut cx = Context::from_waker(std::task::Waker::noop());
            let _ = Pin::new(&mut *ready).poll(&mut cx);
        });
        assert!(thread.expect("a thread starts").join().is_err());
    }
}
