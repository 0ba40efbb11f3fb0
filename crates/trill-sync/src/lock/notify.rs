//! Notifications without data.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Kind;

use crate::leaf::leaf;
use crate::lock::fifo::Fifo;
use crate::lock::latch::Latch;
use crate::primitive::{AtomicUsize, Ordering, const_fn, fence_for_loom};
use crate::waiters::{Ticket, Waiters};

/// Wakes tasks that wait for something to happen.
///
/// [`notify_one`](Notify::notify_one) wakes the first who waits. With nobody waiting it is remembered, once, and the
/// next wait returns at once. [`notify_waiters`](Notify::notify_waiters) wakes all whose wait was begun before and is
/// not remembered.
///
/// # Examples
///
/// ```
/// use trill_sync::Notify;
///
/// trill_park::block_on(async {
///     let changed = Notify::new();
///     changed.notify_one();
///     changed.notified().await;
/// });
/// ```
#[derive(Debug)]
pub struct Notify {
    /// Its gate holds the notification that is remembered.
    door: Fifo<Latch>,
    /// How often `notify_waiters` was called.
    rounds: AtomicUsize,
}

impl Notify {
    const_fn! {
        /// Makes one that remembers nothing.
        ///
        /// # Examples
        ///
        /// ```
        /// static CHANGED: trill_sync::Notify = trill_sync::Notify::new();
        /// assert_eq!(CHANGED.waiters(), 0);
        /// ```
        pub const fn new() -> Notify {
            Notify {
                door: Fifo {
                    gate: Latch::new(false),
                    waiters: Waiters::new(),
                },
                rounds: AtomicUsize::new(0),
            }
        }
    }

    /// Wakes the first who waits, or the next who will.
    ///
    /// Notifications that nobody has taken are remembered as one.
    ///
    /// # Examples
    ///
    /// See [`Notify`].
    #[inline]
    pub fn notify_one(&self) {
        self.door.leave(0);
    }

    /// Wakes all whose wait was begun before, also if they were not polled yet.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::Notify;
    ///
    /// trill_park::block_on(async {
    ///     let changed = Notify::new();
    ///     let wait = changed.notified();
    ///     changed.notify_waiters();
    ///     wait.await;
    /// });
    /// ```
    pub fn notify_waiters(&self) {
        // SeqCst: Release pairs with the Acquire in `Notified::poll`; the rest is the order that `waiters.rs` asks for.
        self.rounds.fetch_add(1, Ordering::SeqCst);
        self.door.waiters.broadcast();
    }

    /// Waits for a notification.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a notification by [`notify_one`](Notify::notify_one) that the future had received goes to the next,
    /// or is remembered. Its place is lost.
    ///
    /// # Examples
    ///
    /// See [`Notify`].
    #[inline]
    pub fn notified(&self) -> Notified<'_> {
        Notified {
            notify: self,
            ticket: Ticket::new(),
            // Acquire: pairs with the Release in `notify_waiters`.
            round: self.rounds.load(Ordering::Acquire),
        }
    }

    /// Blocks the thread until a notification.
    ///
    /// # Examples
    ///
    /// ```
    /// let changed = trill_sync::Notify::new();
    /// changed.notify_one();
    /// changed.notified_blocking();
    /// ```
    #[track_caller]
    pub fn notified_blocking(&self) {
        trill_park::block_on(self.notified());
    }

    /// Returns how many futures wait.
    ///
    /// # Examples
    ///
    /// See [`Notify::new`].
    pub fn waiters(&self) -> usize {
        self.door.waiters.len()
    }
}

impl Default for Notify {
    fn default() -> Notify {
        Notify::new()
    }
}

/// Waits for a [`Notify`]; made by [`Notify::notified`].
///
/// # Examples
///
/// See [`Notify`].
#[must_use = "futures do nothing unless awaited"]
pub struct Notified<'a> {
    notify: &'a Notify,
    ticket: Ticket,
    round: usize,
}

impl Notified<'_> {
    /// Takes a place among those who wait, before the first poll; returns whether it was notified already.
    ///
    /// So that a notification between this call and the first poll reaches this future, in its place.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::pin::pin;
    /// use trill_sync::Notify;
    ///
    /// let changed = Notify::new();
    /// let mut wait = pin!(changed.notified());
    /// assert!(!wait.as_mut().enable());
    /// assert_eq!(changed.waiters(), 1);
    /// ```
    pub fn enable(self: Pin<&mut Self>) -> bool {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let this = self.get_mut();
        let ready = this.poll_notified(&mut cx).is_ready();
        if ready {
            // Kept for the poll to come.
            this.round = this.round.wrapping_sub(1);
        }
        ready
    }

    /// Polls without telling the task.
    fn poll_notified(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Notified {
            notify,
            ticket,
            round,
        } = self;
        let door = &notify.door;
        // SeqCst: Acquire pairs with the Release in `notify_waiters`; the rest is the order that `waiters.rs` asks for.
        if notify.rounds.load(Ordering::SeqCst) != *round {
            door.cancel(ticket, 0);
            return Poll::Ready(());
        }
        if door.poll_enter(ticket, 0, cx).is_ready() {
            return Poll::Ready(());
        }
        fence_for_loom();
        // SeqCst: pairs with `notify_waiters`: the second look that the queue asks for.
        if notify.rounds.load(Ordering::SeqCst) != *round {
            door.cancel(ticket, 0);
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

impl Future for Notified<'_> {
    type Output = ();

    #[inline]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let location = Location::caller();
        let this = self.get_mut();
        leaf(Kind::Notification, this.notify, location, cx, |cx| {
            this.poll_notified(cx)
        })
    }
}

impl Drop for Notified<'_> {
    #[inline]
    fn drop(&mut self) {
        self.notify.door.cancel(&mut self.ticket, 0);
    }
}

impl fmt::Debug for Notified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notified").finish_non_exhaustive()
    }
}
