//! What cancels a callback.

use std::fmt;
use std::sync::Weak;
use std::time::Instant;

use crate::core::Core;
use crate::reach::{AnyThread, Reach};

/// Names a callback, to cancel it; from [`Callbacks::call_soon`](crate::Callbacks::call_soon) and its like.
///
/// Dropping it changes nothing.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use trill_callback::Callbacks;
///
/// let callbacks = Callbacks::new();
/// let data = Arc::new(5);
/// let captured = data.clone();
/// let handle = callbacks.call_soon(move || println!("{captured}"));
/// assert!(handle.cancel());
/// // What it had captured is free.
/// assert_eq!(Arc::strong_count(&data), 1);
/// assert!(!handle.cancel());
/// ```
pub struct Handle<R: Reach = AnyThread> {
    core: Weak<Core<R>>,
    name: u64,
    is_watch: bool,
}

impl<R: Reach> Handle<R> {
    pub(crate) fn of_call(core: Weak<Core<R>>, name: u64) -> Handle<R> {
        Handle {
            core,
            name,
            is_watch: false,
        }
    }

    pub(crate) fn of_watch(core: Weak<Core<R>>, name: u64) -> Handle<R> {
        Handle {
            core,
            name,
            is_watch: true,
        }
    }

    /// Keeps the callback from running, and drops it, with all that it has captured, before this returns.
    ///
    /// Returns whether that was in time: `false` if it has run, runs now, or was cancelled before. A callback that watches
    /// a descriptor does not run again; one that cancels itself is dropped when it returns.
    ///
    /// # Panics
    ///
    /// If the drop of something that the callback has captured panics; it will not run all the same.
    ///
    /// # Examples
    ///
    /// See [`Handle`].
    pub fn cancel(&self) -> bool {
        self.core.upgrade().is_some_and(|core| match self.is_watch {
            true => core.cancel_watch(self.name),
            false => core.cancel_call(self.name),
        })
    }

    /// Says whether the callback will run, or for a descriptor, run again.
    ///
    /// # Examples
    ///
    /// ```
    /// let callbacks = trill_callback::Callbacks::new();
    /// let handle = callbacks.call_soon(|| {});
    /// assert!(handle.is_pending());
    /// handle.cancel();
    /// assert!(!handle.is_pending());
    /// ```
    pub fn is_pending(&self) -> bool {
        self.core.upgrade().is_some_and(|core| match self.is_watch {
            true => core.queue().has_watch(self.name),
            false => core.queue().has_call(self.name),
        })
    }
}

impl<R: Reach> Clone for Handle<R> {
    fn clone(&self) -> Handle<R> {
        Handle {
            core: self.core.clone(),
            name: self.name,
            is_watch: self.is_watch,
        }
    }
}

impl<R: Reach> fmt::Debug for Handle<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("is_pending", &self.is_pending())
            .finish_non_exhaustive()
    }
}

/// Names a callback with a deadline; from [`Callbacks::call_later`](crate::Callbacks::call_later) and
/// [`Callbacks::call_at`](crate::Callbacks::call_at).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// let callbacks = trill_callback::Callbacks::new();
/// let handle = callbacks.call_later(Duration::from_secs(60), || println!("a minute has passed"));
/// assert!(handle.when().is_some_and(|deadline| deadline > trill_world::now()));
/// assert!(handle.cancel());
/// ```
#[derive(Clone, Debug)]
pub struct TimerHandle<R: Reach = AnyThread> {
    handle: Handle<R>,
    deadline: Option<Instant>,
}

impl<R: Reach> TimerHandle<R> {
    pub(crate) fn new(handle: Handle<R>, deadline: Option<Instant>) -> TimerHandle<R> {
        TimerHandle { handle, deadline }
    }

    /// Returns the deadline; `None` if it is further away than an [`Instant`] can hold, which means never.
    ///
    /// # Examples
    ///
    /// See [`TimerHandle`].
    pub fn when(&self) -> Option<Instant> {
        self.deadline
    }

    /// Keeps the callback from running, as [`Handle::cancel`].
    ///
    /// # Panics
    ///
    /// As [`Handle::cancel`].
    ///
    /// # Examples
    ///
    /// See [`TimerHandle`].
    pub fn cancel(&self) -> bool {
        self.handle.cancel()
    }

    /// Says whether the callback will run.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let callbacks = trill_callback::Callbacks::new();
    /// assert!(callbacks.call_later(Duration::MAX, || {}).is_pending());
    /// ```
    pub fn is_pending(&self) -> bool {
        self.handle.is_pending()
    }
}
