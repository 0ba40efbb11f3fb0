//! Callbacks from other threads.

use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Weak};

use crate::bell::Bell;
use crate::origin::Origin;

/// Queues callbacks from any thread, also for a [`LocalCallbacks`](crate::LocalCallbacks); made by
/// [`Callbacks::remote`](crate::Callbacks::remote).
///
/// It does not keep the loop alive: once the loop is gone, callbacks are dropped at once.
///
/// # Examples
///
/// ```
/// use trill_callback::LocalCallbacks;
///
/// let callbacks = LocalCallbacks::local();
/// let remote = callbacks.remote();
/// trill_world::start_thread("other", move || {
///     remote.call_soon_threadsafe(|| println!("on the thread of the loop"));
/// })?;
/// # let stop = callbacks.clone();
/// # callbacks.call_later(std::time::Duration::from_millis(1), move || stop.stop());
/// trill_park::block_on(callbacks.run());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Remote {
    bell: Arc<Bell>,
}

impl Remote {
    pub(crate) fn new(bell: Arc<Bell>) -> Remote {
        Remote { bell }
    }

    /// Queues a callback for the next turn, in one line with those that are queued on the loop's own thread, and wakes the
    /// loop.
    ///
    /// # Examples
    ///
    /// See [`Remote`].
    #[track_caller]
    pub fn call_soon_threadsafe(&self, callback: impl FnOnce() + Send + 'static) -> RemoteHandle {
        let origin = Origin::new(Location::caller());
        RemoteHandle {
            place: self.bell.send((Box::new(callback), origin)),
            bell: Arc::downgrade(&self.bell),
        }
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote")
            .field("queued", &self.bell.len())
            .finish_non_exhaustive()
    }
}

/// Names a callback from another thread, to cancel it; from [`Remote::call_soon_threadsafe`].
///
/// # Examples
///
/// ```
/// let callbacks = trill_callback::LocalCallbacks::local();
/// let handle = callbacks.remote().call_soon_threadsafe(|| {});
/// assert!(handle.is_pending());
/// assert!(handle.cancel());
/// assert!(!handle.cancel());
/// ```
#[derive(Clone)]
pub struct RemoteHandle {
    bell: Weak<Bell>,
    place: u64,
}

impl RemoteHandle {
    /// Keeps the callback from running, from any thread, as [`Handle::cancel`](crate::Handle::cancel).
    ///
    /// # Panics
    ///
    /// As [`Handle::cancel`](crate::Handle::cancel).
    ///
    /// # Examples
    ///
    /// See [`RemoteHandle`].
    pub fn cancel(&self) -> bool {
        let sent = self.bell.upgrade().and_then(|bell| bell.take(self.place));
        // Without the lock: what it has captured may be anything.
        sent.map(drop).is_some()
    }

    /// Says whether the callback will run.
    ///
    /// # Examples
    ///
    /// See [`RemoteHandle`].
    pub fn is_pending(&self) -> bool {
        self.bell.upgrade().is_some_and(|bell| bell.has(self.place))
    }
}

impl fmt::Debug for RemoteHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteHandle")
            .field("is_pending", &self.is_pending())
            .finish_non_exhaustive()
    }
}
