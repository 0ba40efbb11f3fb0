//! The waiting side of a promise for many.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};

use trill_cell::Kind;

use super::callbacks::CallbackId;
use super::error::{Ending, PromiseError};
use super::state::{Outcome, State};
use crate::leaf::leaf;
use crate::primitive::Arc;
use crate::waiters::Ticket;

/// Waits for a promise to end, for as many as like; it is a future that gives a clone of the outcome, also when it is
/// awaited again. Made by [`Promised::shared`](super::Promised::shared).
///
/// # Errors
///
/// [`PromiseError`] if the promise failed, was cancelled or was dropped.
///
/// # Cancel safety
///
/// Cancel safe: the outcome stays. An error is reported when the last clone is dropped and none was asked for it.
///
/// # Examples
///
/// ```
/// use futures_lite::future::zip;
/// use trill_sync::promise::promise;
///
/// # trill_park::block_on(async {
/// let (promise, promised) = promise::<i32, ()>();
/// let first = promised.shared();
/// let second = first.clone();
/// promise.complete(7).unwrap();
/// assert_eq!(zip(first, second).await, (Ok(7), Ok(7)));
/// # });
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct SharedPromised<T, E> {
    kept: Arc<Kept<T, E>>,
    ticket: Ticket,
}

/// What all clones share.
struct Kept<T, E> {
    state: Arc<State<T, E>>,
    /// Filled when the first one looks at it.
    outcome: OnceLock<Outcome<T, E>>,
}

impl<T, E> Kept<T, E> {
    /// Looks at the outcome, if the promise has ended.
    fn look(&self) -> Option<&Outcome<T, E>> {
        // The state's lock makes whoever comes second find it here.
        self.state.move_to(|outcome| {
            let set = self.outcome.set(outcome);
            debug_assert!(set.is_ok(), "an outcome is moved out once");
        });
        self.outcome.get()
    }
}

impl<T, E> SharedPromised<T, E> {
    pub(super) fn new(state: Arc<State<T, E>>) -> SharedPromised<T, E> {
        SharedPromised {
            kept: Arc::new(Kept {
                state,
                outcome: OnceLock::new(),
            }),
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
    /// let promised = promised.shared();
    /// promise.complete(7).unwrap();
    /// assert_eq!(promised.clone().wait_blocking(), Ok(7));
    /// assert_eq!(promised.wait_blocking(), Ok(7));
    /// ```
    #[track_caller]
    pub fn wait_blocking(self) -> Result<T, PromiseError<E>>
    where
        T: Clone,
        E: Clone,
    {
        trill_park::block_on(self)
    }

    /// Returns the outcome if the promise has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// let (promise, promised) = trill_sync::promise::promise::<i32, ()>();
    /// let promised = promised.shared();
    /// assert_eq!(promised.try_result(), None);
    /// promise.complete(7).unwrap();
    /// assert_eq!(promised.try_result(), Some(&Ok(7)));
    /// ```
    pub fn try_result(&self) -> Option<&Result<T, PromiseError<E>>> {
        self.kept.look()
    }

    /// Returns whether the promise has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// let (promise, promised) = trill_sync::promise::promise::<i32, ()>();
    /// let promised = promised.shared();
    /// assert!(!promised.is_done());
    /// promise.cancel();
    /// assert!(promised.is_done());
    /// ```
    pub fn is_done(&self) -> bool {
        self.ending().is_some()
    }

    /// Returns how the promise ended, if it has. This does not count as looking at an error.
    ///
    /// # Examples
    ///
    /// See [`Promised::ending`](super::Promised::ending).
    pub fn ending(&self) -> Option<Ending> {
        self.kept.state.ending()
    }

    /// Ends the promise with [`PromiseError::Cancelled`], for all; returns false if it has ended before.
    ///
    /// # Examples
    ///
    /// ```
    /// let (_promise, promised) = trill_sync::promise::promise::<i32, ()>();
    /// let promised = promised.shared();
    /// assert!(promised.clone().cancel());
    /// assert!(!promised.cancel());
    /// ```
    pub fn cancel(&self) -> bool {
        let settled = self.kept.state.settle(Err(PromiseError::Cancelled));
        settled.is_ok()
    }

    /// Has `callback` run once when the promise ends, as [`Promised::on_done`](super::Promised::on_done).
    ///
    /// # Examples
    ///
    /// See [`Promised::on_done`](super::Promised::on_done).
    #[track_caller]
    pub fn on_done(&self, callback: impl FnOnce(Ending) + Send + 'static) -> CallbackId {
        let site = Location::caller();
        self.kept.state.add_callback(site, Box::new(callback))
    }

    /// Has `callback` run once with a clone of the outcome when the promise ends; it counts as having looked.
    ///
    /// It runs in order with those of [`on_done`](SharedPromised::on_done).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let (promise, promised) = trill_sync::promise::promise::<i32, ()>();
    /// let (told, tell) = mpsc::channel();
    /// promised.shared().on_result(move |result| told.send(result).unwrap());
    /// promise.complete(7).unwrap();
    /// assert_eq!(tell.recv(), Ok(Ok(7)));
    /// ```
    #[track_caller]
    pub fn on_result(
        &self,
        callback: impl FnOnce(Result<T, PromiseError<E>>) + Send + 'static,
    ) -> CallbackId
    where
        T: Clone + Send + Sync + 'static,
        E: Clone + Send + Sync + 'static,
    {
        let site = Location::caller();
        // The promise holds the callback and the callback the promise, until the promise ends, as each one does.
        let kept = self.kept.clone();
        let callback = move |_| {
            let outcome = kept.look().expect("callbacks run after the end");
            callback(outcome.clone());
        };
        self.kept.state.add_callback(site, Box::new(callback))
    }

    /// Removes a callback; returns false if it has run, is being run or was removed.
    ///
    /// # Examples
    ///
    /// See [`Promised::remove_callback`](super::Promised::remove_callback).
    pub fn remove_callback(&self, id: CallbackId) -> bool {
        self.kept.state.remove_callback(id)
    }
}

impl<T: Clone, E: Clone> Future for SharedPromised<T, E> {
    type Output = Result<T, PromiseError<E>>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let SharedPromised { kept, ticket } = self.get_mut();
        let state = &*kept.state;
        leaf(Kind::Receive, state, Location::caller(), cx, |cx| {
            state.poll_with(ticket, cx.waker(), || kept.look())
        })
        .map(Clone::clone)
    }
}

impl<T, E> Clone for SharedPromised<T, E> {
    fn clone(&self) -> SharedPromised<T, E> {
        SharedPromised {
            kept: self.kept.clone(),
            ticket: Ticket::new(),
        }
    }
}

impl<T, E> Drop for SharedPromised<T, E> {
    fn drop(&mut self) {
        self.kept.state.leave(&mut self.ticket);
    }
}

impl<T, E> fmt::Debug for SharedPromised<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedPromised")
            .field("ending", &self.ending())
            .finish_non_exhaustive()
    }
}
