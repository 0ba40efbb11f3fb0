//! The handle of a loop of callbacks.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::core::Core;
use crate::handle::{Handle, TimerHandle};
use crate::origin::Origin;
use crate::reach::{AnyThread, Reach, TakesOnce, ThisThread};
use crate::remote::Remote;
use crate::run::Run;
use crate::statistics::CallbackStatistics;

/// A loop of callbacks: they run one at a time, in the task that awaits [`run`](Callbacks::run), strictly in order, each exactly
/// once.
///
/// Cheap to clone; every clone is the same loop. With `Callbacks` callbacks are `Send`, may come from any thread, and the loop
/// may be spawned on any executor. With [`LocalCallbacks`] they stay on the thread that made the loop and need not be `Send`.
///
/// What is queued while a turn runs waits for the next one, so a callback that queues itself for ever stops nobody: between two
/// turns other tasks, timers and descriptors have their chance, the latter at least every 50 µs in a thread that runs
/// `block_on` or a runtime.
///
/// A callback carries the task-locals of where it was handed in. A panic in one is reported
/// ([`trill_cell::report`]) and the loop goes on.
///
/// Callbacks that have captured a clone of their own loop keep it alive until they have run, are cancelled, or
/// [`clear`](Callbacks::clear) is called.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_callback::Callbacks;
///
/// let callbacks = Callbacks::new();
/// callbacks.call_soon(|| println!("first"));
/// let stop = callbacks.clone();
/// callbacks.call_later(Duration::from_millis(1), move || stop.stop());
///
/// let ex = trill_executor::Executor::new();
/// trill_park::block_on(ex.run(ex.spawn(callbacks.run())));
/// ```
pub struct Callbacks<R: Reach = AnyThread> {
    pub(crate) core: Arc<Core<R>>,
}

/// A loop of callbacks that need not be `Send`.
///
/// # Examples
///
/// ```
/// use std::cell::Cell;
/// use std::rc::Rc;
/// use trill_callback::LocalCallbacks;
///
/// let callbacks = LocalCallbacks::local();
/// let count = Rc::new(Cell::new(0));
/// let (counted, stop) = (count.clone(), callbacks.clone());
/// callbacks.call_soon(move || {
///     counted.set(counted.get() + 1);
///     stop.stop();
/// });
/// trill_park::block_on(callbacks.run());
/// assert_eq!(count.get(), 1);
/// ```
///
/// Neither the loop nor a handle leaves its thread:
///
/// ```compile_fail,E0277
/// let callbacks = trill_callback::LocalCallbacks::local();
/// trill_world::start_thread("other", move || callbacks.stop());
/// ```
pub type LocalCallbacks = Callbacks<ThisThread>;

impl Callbacks<AnyThread> {
    /// Makes a loop whose callbacks may come from any thread and run on any.
    ///
    /// # Examples
    ///
    /// See [`Callbacks`].
    #[allow(clippy::new_without_default)] // `Default` would not say of which reach.
    pub fn new() -> Callbacks<AnyThread> {
        Callbacks {
            core: Arc::new(Core::new()),
        }
    }

    /// Queues a callback for the next turn, from any thread; the same as [`call_soon`](Callbacks::call_soon), under the name that
    /// ported programs have for it.
    ///
    /// # Examples
    ///
    /// ```
    /// let callbacks = trill_callback::Callbacks::new();
    /// let (loops, stop) = (callbacks.clone(), callbacks.clone());
    /// trill_world::start_thread("other", move || {
    ///     loops.call_soon_threadsafe(move || stop.stop());
    /// })?;
    /// trill_park::block_on(callbacks.run());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn call_soon_threadsafe(&self, callback: impl FnOnce() + Send + 'static) -> Handle {
        self.soon(Box::new(callback), Location::caller())
    }
}

impl Callbacks<ThisThread> {
    /// Makes a loop whose callbacks stay on this thread. Other threads queue theirs through [`remote`](Callbacks::remote).
    ///
    /// # Examples
    ///
    /// See [`LocalCallbacks`].
    pub fn local() -> LocalCallbacks {
        // One type for both reaches is worth a count that is atomic for nothing.
        #[allow(clippy::arc_with_non_send_sync)]
        let core = Arc::new(Core::new());
        Callbacks { core }
    }
}

impl<R: Reach> Callbacks<R> {
    /// Queues a callback for the next turn, behind all that are queued.
    ///
    /// # Examples
    ///
    /// See [`Callbacks`].
    #[track_caller]
    pub fn call_soon<F>(&self, callback: F) -> Handle<R>
    where
        R: TakesOnce<F>,
    {
        self.soon(R::once(callback), Location::caller())
    }

    /// Runs a callback `delay` from now, never earlier. Those with equal deadlines run in the order in which they were made.
    ///
    /// A delay that is longer than an [`Instant`] can hold, as `Duration::MAX`, means never.
    ///
    /// # Examples
    ///
    /// See [`Callbacks`].
    #[track_caller]
    pub fn call_later<F>(&self, delay: Duration, callback: F) -> TimerHandle<R>
    where
        R: TakesOnce<F>,
    {
        let deadline = trill_world::now().checked_add(delay);
        self.timer(deadline, R::once(callback), Location::caller())
    }

    /// Runs a callback at `deadline`, never earlier; in the next turn if that has passed.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_callback::Callbacks;
    ///
    /// let callbacks = Callbacks::new();
    /// let stop = callbacks.clone();
    /// let handle = callbacks.call_at(trill_world::now(), move || stop.stop());
    /// trill_park::block_on(callbacks.run());
    /// assert!(!handle.is_pending());
    /// ```
    #[track_caller]
    pub fn call_at<F>(&self, deadline: Instant, callback: F) -> TimerHandle<R>
    where
        R: TakesOnce<F>,
    {
        self.timer(Some(deadline), R::once(callback), Location::caller())
    }

    /// Runs callbacks until [`stop`](Callbacks::stop) is called.
    ///
    /// # Panics
    ///
    /// If it is polled while another task runs the same loop. In a simulated world, also if it waits for a deadline outside a
    /// `block_on` of that world. Panics of callbacks are reported and go no further.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future stops the loop between two callbacks. Those that did not run stay, in order, for the
    /// next run.
    ///
    /// # Examples
    ///
    /// See [`Callbacks`].
    pub fn run(&self) -> Run<R> {
        Run::new(self.core.clone())
    }

    /// Ends the loop after the turn that runs: what is queued before it began still runs, what is queued since stays for the
    /// next run.
    ///
    /// If nobody runs the loop now the next run takes one turn, which does not wait.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// use trill_callback::Callbacks;
    ///
    /// let callbacks = Callbacks::new();
    /// let count = Arc::new(AtomicU32::new(0));
    /// let (this, counted) = (callbacks.clone(), count.clone());
    /// callbacks.call_soon(move || {
    ///     this.stop();
    ///     this.call_soon(move || drop(counted.fetch_add(1, Ordering::Relaxed)));
    /// });
    /// trill_park::block_on(callbacks.run());
    /// assert_eq!(count.load(Ordering::Relaxed), 0);
    /// callbacks.stop();
    /// trill_park::block_on(callbacks.run());
    /// assert_eq!(count.load(Ordering::Relaxed), 1);
    /// ```
    pub fn stop(&self) {
        self.core.queue().is_stopping = true;
        self.core.bell.ring();
    }

    /// Says whether somebody runs the loop.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(!trill_callback::Callbacks::new().is_running());
    /// ```
    pub fn is_running(&self) -> bool {
        self.core.queue().is_running
    }

    /// Drops all callbacks that have not run, and stops watching all descriptors.
    ///
    /// # Panics
    ///
    /// If the drop of something that a callback has captured panics; others may then be dropped later.
    ///
    /// # Examples
    ///
    /// ```
    /// let callbacks = trill_callback::Callbacks::new();
    /// let handle = callbacks.call_soon(|| {});
    /// callbacks.clear();
    /// assert!(!handle.is_pending());
    /// ```
    pub fn clear(&self) {
        self.core.clear();
    }

    /// Returns what queues callbacks from other threads.
    ///
    /// # Examples
    ///
    /// See [`Remote`].
    pub fn remote(&self) -> Remote {
        Remote::new(self.core.bell.clone())
    }

    /// Tells how many callbacks there are.
    ///
    /// # Examples
    ///
    /// See [`CallbackStatistics`].
    pub fn statistics(&self) -> CallbackStatistics {
        let (soon, timers, watches) = self.core.queue().counts();
        CallbackStatistics {
            soon: soon + self.core.bell.len(),
            timers,
            watches,
        }
    }

    fn soon(&self, callback: R::Once, site: &'static Location<'static>) -> Handle<R> {
        let name = self.core.add_soon(callback, Origin::new(site));
        Handle::of_call(Arc::downgrade(&self.core), name)
    }

    fn timer(
        &self,
        deadline: Option<Instant>,
        callback: R::Once,
        site: &'static Location<'static>,
    ) -> TimerHandle<R> {
        let name = self.core.add_timer(deadline, callback, Origin::new(site));
        let handle = Handle::of_call(Arc::downgrade(&self.core), name);
        TimerHandle::new(handle, deadline)
    }
}

impl<R: Reach> Clone for Callbacks<R> {
    fn clone(&self) -> Callbacks<R> {
        Callbacks {
            core: self.core.clone(),
        }
    }
}

impl<R: Reach> fmt::Debug for Callbacks<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let now = self.statistics();
        f.debug_struct("Callbacks")
            .field("soon", &now.soon)
            .field("timers", &now.timers)
            .field("watches", &now.watches)
            .field("is_running", &self.is_running())
            .finish()
    }
}
