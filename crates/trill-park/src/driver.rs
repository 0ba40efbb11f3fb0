//! The two seams through which reactors and timers are joined to a parking thread.

use std::time::Instant;

use crate::thread::Thread;

/// A place to wait for the outside: epoll, polling, a simulation.
///
/// # Examples
///
/// A driver that has no events of its own and only waits:
///
/// ```
/// use std::sync::{Condvar, Mutex};
/// use std::time::Instant;
/// use trill_park::{Driver, Thread};
///
/// #[derive(Default)]
/// struct Waiting { interrupted: Mutex<bool>, changed: Condvar }
///
/// impl Driver for Waiting {
///     fn wait(&self, thread: &Thread, now: Instant, until: Option<Instant>) -> bool {
///         let mut interrupted = self.interrupted.lock().unwrap();
///         if !*interrupted && !thread.is_notified() {
///             interrupted = match until {
///                 Some(until) => self.changed.wait_timeout(interrupted, until - now).unwrap().0,
///                 None => self.changed.wait(interrupted).unwrap(),
///             };
///         }
///         *interrupted = false;
///         thread.awake();
///         // A real driver would now wake those whose events came.
///         true
///     }
///
///     fn interrupt(&self) {
///         *self.interrupted.lock().unwrap() = true;
///         self.changed.notify_one();
///     }
///
///     fn is_idle(&self) -> bool {
///         true
///     }
/// }
///
/// let driver: &'static Waiting = Box::leak(Box::default());
/// trill_park::block_on(async {
///     trill_park::thread().drive(driver).unwrap();
/// });
/// ```
pub trait Driver: Send + Sync {
    /// Waits until an event comes, [`interrupt`](Driver::interrupt) is called or the clock reaches `until`, then
    /// delivers what came.
    ///
    /// `now` is a reading of the clock, a recent one if there is an `until`; an `until` that is not after it means: deliver
    /// what is there, do not wait. `thread` is the calling thread; call [`Thread::awake`] after the wait and before delivering, so that
    /// wakers which are called during delivery need not interrupt anybody.
    ///
    /// Returns `false` at once, without waiting, if another thread is inside.
    ///
    /// A driver that lets one thread in at a time asks [`Thread::is_notified`] once it is inside, and does not wait if
    /// so: the interrupt that belongs to this notification may have roused the thread that was inside before.
    fn wait(&self, thread: &Thread, now: Instant, until: Option<Instant>) -> bool;

    /// Makes the current or the next [`wait`](Driver::wait) return. Any thread may call it.
    fn interrupt(&self);

    /// Says whether nothing is registered, so that nobody needs to wait here.
    fn is_idle(&self) -> bool;
}

/// Something with deadlines that a thread serves before it parks: a timer wheel, or a scheduler's queue.
///
/// # Examples
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use std::time::Instant;
/// use trill_park::Due;
///
/// /// Counts how often its thread was about to park.
/// struct Turns(AtomicU64);
///
/// impl Due for Turns {
///     fn fire(&self, _now: Instant) -> Option<Instant> {
///         self.0.fetch_add(1, Ordering::Relaxed);
///         None
///     }
/// }
///
/// static TURNS: Turns = Turns(AtomicU64::new(0));
/// trill_park::block_on(async {
///     trill_park::thread().serve(&TURNS).unwrap();
///     let mut first = true;
///     std::future::poll_fn(|cx| match std::mem::take(&mut first) {
///         true => { cx.waker().wake_by_ref(); std::task::Poll::Pending }
///         false => std::task::Poll::Ready(()),
///     })
///     .await;
///     trill_park::thread().dismiss(&TURNS);
/// });
/// assert!(TURNS.0.load(Ordering::Relaxed) >= 1);
/// ```
pub trait Due: Send + Sync {
    /// Delivers what is due at `now` and returns the next deadline, or `None` if there is none.
    ///
    /// Called by the thread that serves it and, when that thread is stuck or no longer in `block_on`, by another.
    fn fire(&self, now: Instant) -> Option<Instant>;

    /// Says whether it ever has a deadline, always the same. If not it is not fired, and what it serves costs no reading of
    /// the clock; it still learns what the methods below tell.
    fn has_deadlines(&self) -> bool {
        true
    }

    /// Learns that the thread that serves it is stuck in a poll: let others take what waits for that thread.
    fn stalled(&self) {}

    /// Learns that the thread has left the simulated world that this was served in, for good: let go of memory.
    ///
    /// It may still be called from other threads; in a new world the thread serves new things.
    fn retired(&self) {}
}
