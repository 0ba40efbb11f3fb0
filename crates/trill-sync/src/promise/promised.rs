//! The side that waits for a promise to end.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Kind;

use super::callbacks::CallbackId;
use super::error::{Ending, PromiseError};
use super::shared::SharedPromised;
use super::state::State;
use crate::leaf::leaf;
use crate::primitive::Arc;
use crate::waiters::Ticket;

/// Waits for a promise to end; it is a future. Made by [`promise`](super::promise).
///
/// [`shared`](Promised::shared) makes a form that many may await.
///
/// # Errors
///
/// [`PromiseError`] if the promise failed, was cancelled or was dropped.
///
/// # Panics
///
/// When polled after the outcome was taken.
///
/// # Cancel safety
///
/// Polled by `&mut promised` it is cancel safe: the outcome leaves the promise only in the poll that returns it.
/// Dropping it drops the outcome; an error is then reported.
///
/// # Examples
///
/// See the [module's page](super).
#[must_use = "futures do nothing unless awaited"]
pub struct Promised<T, E> {
    state: Arc<State<T, E>>,
    ticket: Ticket,
}

impl<T, E> Promised<T, E> {
    pub(super) fn new(state: Arc<State<T, E>>) -> Promised<T, E> {
        Promised {
            state,
            ticket: Ticket::new(),
        }
    }

    /// Waits for the outcome, blocking the thread.
    ///
    /// Meant for threads outside the runtime; inside a task it keeps other tasks of the thread waiting.
    ///
    /// # Errors
    ///
    /// [`PromiseError`] if there is no value.
    ///
    /// # Examples
    ///
    /// ```
    /// let (promise, promised) = trill_sync::promise::promise::<i32, ()>();
    /// std::thread::spawn(move || promise.complete(7));
    /// assert_eq!(promised.wait_blocking(), Ok(7));
    /// ```
    #[track_caller]
    pub fn wait_blocking(self) -> Result<T, PromiseError<E>> {
        trill_park::block_on(self)
    }

    /// Takes the outcome if it is there now; `None` if it is not yet, or was taken before.
    ///
    /// # Examples
    ///
    /// ```
    /// let (promise, mut promised) = trill_sync::promise::promise::<i32, ()>();
    /// assert_eq!(promised.try_result(), None);
    /// promise.complete(7).unwrap();
    /// assert_eq!(promised.try_result(), Some(Ok(7)));
    /// assert_eq!(promised.try_result(), None);
    /// assert!(promised.is_done());
    /// ```
    pub fn try_result(&mut self) -> Option<Result<T, PromiseError<E>>> {
        self.state.take()
    }

    /// Returns whether the promise has ended.
    ///
    /// # Examples
    ///
    /// See [`try_result`](Promised::try_result).
    pub fn is_done(&self) -> bool {
        self.ending().is_some()
    }

    /// Returns how the promise ended, if it has. This does not count as looking at an error.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::promise::{Ending, promise};
    ///
    /// let (promise, promised) = promise::<i32, ()>();
    /// assert_eq!(promised.ending(), None);
    /// drop(promise);
    /// assert_eq!(promised.ending(), Some(Ending::Abandoned));
    /// ```
    pub fn ending(&self) -> Option<Ending> {
        self.state.ending()
    }

    /// Ends the promise with [`PromiseError::Cancelled`]; returns false if it has ended before.
    ///
    /// The promise's other side learns of it by [`Promise::cancelled`](super::Promise::cancelled).
    ///
    /// # Examples
    ///
    /// ```
    /// let (_promise, promised) = trill_sync::promise::promise::<i32, ()>();
    /// assert!(promised.cancel());
    /// assert!(!promised.cancel());
    /// ```
    pub fn cancel(&self) -> bool {
        self.state.settle(Err(PromiseError::Cancelled)).is_ok()
    }

    /// Has `callback` run once when the promise ends.
    ///
    /// Callbacks run one after another, in the order in which they were added, on the thread that ends the promise, and
    /// with no lock held. If the promise has ended, `callback` runs before this returns, unless other callbacks are
    /// being run: then it runs after them. What becomes due in a callback runs after that callback. One that panics
    /// does not keep others from running; the panic is [reported](trill_cell::report).
    ///
    /// A callback gets no value; [`SharedPromised::on_result`] passes a clone.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use trill_sync::promise::{Ending, promise};
    ///
    /// let (promise, promised) = promise::<i32, ()>();
    /// let (told, tell) = mpsc::channel();
    /// promised.on_done(move |ending| told.send(ending).unwrap());
    /// promise.complete(7).unwrap();
    /// assert_eq!(tell.recv(), Ok(Ending::Completed));
    /// ```
    #[track_caller]
    pub fn on_done(&self, callback: impl FnOnce(Ending) + Send + 'static) -> CallbackId {
        let site = Location::caller();
        self.state.add_callback(site, Box::new(callback))
    }

    /// Removes a callback; returns false if it has run, is being run or was removed.
    ///
    /// # Examples
    ///
    /// ```
    /// let (promise, promised) = trill_sync::promise::promise::<i32, ()>();
    /// let id = promised.on_done(|_| unreachable!("it was removed"));
    /// assert!(promised.remove_callback(id));
    /// assert!(!promised.remove_callback(id));
    /// promise.complete(7).unwrap();
    /// ```
    pub fn remove_callback(&self, id: CallbackId) -> bool {
        self.state.remove_callback(id)
    }

    /// Turns this into a form that can be cloned, and awaited by many and again and again.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe, as [`SharedPromised`] says.
    ///
    /// # Examples
    ///
    /// See [`SharedPromised`].
    pub fn shared(self) -> SharedPromised<T, E> {
        SharedPromised::new(self.state.clone())
    }
}

impl<T, E> Future for Promised<T, E> {
    type Output = Result<T, PromiseError<E>>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Promised { state, ticket } = self.get_mut();
        let state = &**state;
        leaf(Kind::Receive, state, Location::caller(), cx, |cx| {
            state.poll_with(ticket, cx.waker(), || match state.take() {
                None if state.ending().is_some() => state
                    .take()
                    .or_else(|| panic!("polled after the outcome was taken")),
                taken => taken,
            })
        })
    }
}

impl<T, E> Drop for Promised<T, E> {
    fn drop(&mut self) {
        self.state.leave(&mut self.ticket);
    }
}

impl<T, E> fmt::Debug for Promised<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Promised")
            .field("ending", &self.ending())
            .finish_non_exhaustive()
    }
}
