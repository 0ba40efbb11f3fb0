//! The side that ends a promise.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Kind;

use super::error::{PromiseError, TooLate};
use super::state::State;
use crate::leaf::leaf;
use crate::primitive::Arc;
use crate::waiters::Ticket;

/// Ends a promise with a value or an error, from any thread; made by [`promise`](super::promise).
///
/// Dropped without doing so, it ends the promise with [`PromiseError::Abandoned`].
///
/// # Examples
///
/// See the [module's page](super).
pub struct Promise<T, E> {
    state: Arc<State<T, E>>,
}

impl<T, E> Promise<T, E> {
    pub(super) fn new(state: Arc<State<T, E>>) -> Promise<T, E> {
        Promise { state }
    }

    /// Ends the promise with a value.
    ///
    /// # Errors
    ///
    /// [`TooLate`] with the value if the other side has cancelled.
    ///
    /// # Examples
    ///
    /// See the [module's page](super).
    pub fn complete(self, value: T) -> Result<(), TooLate<T>> {
        match self.state.settle(Ok(value)) {
            Err(Ok(value)) => Err(TooLate(value)),
            _ => Ok(()),
        }
    }

    /// Ends the promise with an error.
    ///
    /// If nobody ever looks at it, it is [reported](trill_cell::report) when the last handle of the other side goes; at
    /// once if that is so already.
    ///
    /// # Errors
    ///
    /// [`TooLate`] with the error if the other side has cancelled.
    ///
    /// # Examples
    ///
    /// See [`PromiseError`].
    pub fn fail(self, error: E) -> Result<(), TooLate<E>> {
        match self.state.settle(Err(PromiseError::Failed(error))) {
            Err(Err(PromiseError::Failed(error))) => Err(TooLate(error)),
            _ => Ok(()),
        }
    }

    /// Ends the promise with what work returned: [`complete`](Promise::complete) or [`fail`](Promise::fail).
    ///
    /// # Errors
    ///
    /// [`TooLate`] with `result` if the other side has cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// let (promise, promised) = trill_sync::promise::promise();
    /// promise.settle("7".parse::<i32>()).unwrap();
    /// assert_eq!(promised.wait_blocking(), Ok(7));
    /// ```
    pub fn settle(self, result: Result<T, E>) -> Result<(), TooLate<Result<T, E>>> {
        match result {
            Ok(value) => self.complete(value).map_err(|TooLate(v)| TooLate(Ok(v))),
            Err(error) => self.fail(error).map_err(|TooLate(e)| TooLate(Err(e))),
        }
    }

    /// Ends the promise with [`PromiseError::Cancelled`]; returns false if the other side has done so before.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::promise::{PromiseError, promise};
    ///
    /// let (promise, promised) = promise::<i32, ()>();
    /// assert!(promise.cancel());
    /// assert_eq!(promised.wait_blocking(), Err(PromiseError::Cancelled));
    /// ```
    pub fn cancel(self) -> bool {
        self.state.settle(Err(PromiseError::Cancelled)).is_ok()
    }

    /// Returns whether the other side has cancelled: nobody wants the value any more.
    ///
    /// # Examples
    ///
    /// ```
    /// let (promise, promised) = trill_sync::promise::promise::<i32, ()>();
    /// assert!(!promise.is_cancelled());
    /// promised.cancel();
    /// assert!(promise.is_cancelled());
    /// ```
    pub fn is_cancelled(&self) -> bool {
        self.state.ending().is_some()
    }

    /// Waits until the other side cancels, so that work nobody wants any more can stop.
    ///
    /// Dropping the other side is not cancelling: callbacks may still want the end.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// # trill_park::block_on(async {
    /// let (promise, promised) = trill_sync::promise::promise::<i32, ()>();
    /// promised.cancel();
    /// promise.cancelled().await;
    /// # });
    /// ```
    pub fn cancelled(&self) -> Cancelled<'_, T, E> {
        Cancelled {
            promise: self,
            ticket: Ticket::new(),
        }
    }
}

impl<T, E> Drop for Promise<T, E> {
    fn drop(&mut self) {
        // Refused if the promise has ended, as it has after each of the methods.
        let _ = self.state.settle(Err(PromiseError::Abandoned));
    }
}

impl<T, E> fmt::Debug for Promise<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Promise")
            .field("is_cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}

/// Waits until nobody wants the value any more; made by [`Promise::cancelled`].
///
/// # Cancel safety
///
/// Cancel safe: nothing is lost.
///
/// # Examples
///
/// See [`Promise::cancelled`].
#[must_use = "futures do nothing unless awaited"]
pub struct Cancelled<'a, T, E> {
    promise: &'a Promise<T, E>,
    ticket: Ticket,
}

impl<T, E> Future for Cancelled<'_, T, E> {
    type Output = ();

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Cancelled { promise, ticket } = self.get_mut();
        let state = &*promise.state;
        leaf(Kind::Notification, state, Location::caller(), cx, |cx| {
            state.poll_with(ticket, cx.waker(), || state.ending().map(drop))
        })
    }
}

impl<T, E> Drop for Cancelled<'_, T, E> {
    fn drop(&mut self) {
        self.promise.state.leave(&mut self.ticket);
    }
}

impl<T, E> fmt::Debug for Cancelled<'_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancelled").finish_non_exhaustive()
    }
}
