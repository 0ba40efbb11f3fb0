//! A flag that tasks wait for.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Kind;

use crate::leaf::leaf;
use crate::primitive::{AtomicBool, Ordering, const_fn, fence_for_loom};
use crate::waiters::{Ticket, Waiters};

/// A flag that is set or clear; tasks wait until it is set.
///
/// Setting it wakes all who wait, and they all return, even if it is cleared again before they run.
///
/// # Examples
///
/// ```
/// use trill_sync::Event;
///
/// trill_park::block_on(async {
///     let ready = Event::new();
///     ready.set();
///     ready.wait().await;
///     ready.clear();
///     assert!(!ready.is_set());
/// });
/// ```
#[derive(Debug)]
pub struct Event {
    set: AtomicBool,
    waiters: Waiters,
}

impl Event {
    const_fn! {
        /// Makes an event that is not set.
        ///
        /// # Examples
        ///
        /// ```
        /// static READY: trill_sync::Event = trill_sync::Event::new();
        /// assert!(!READY.is_set());
        /// ```
        pub const fn new() -> Event {
            Event {
                set: AtomicBool::new(false),
                waiters: Waiters::new(),
            }
        }
    }

    /// Sets the flag and wakes all who wait; returns whether it was clear.
    ///
    /// # Examples
    ///
    /// ```
    /// let ready = trill_sync::Event::new();
    /// assert!(ready.set());
    /// assert!(!ready.set());
    /// ```
    pub fn set(&self) -> bool {
        // SeqCst: Release pairs with the Acquire in `is_set`; the rest is the order that `waiters.rs` asks for.
        let was_set = self.set.swap(true, Ordering::SeqCst);
        if !was_set {
            self.waiters.broadcast();
        }
        !was_set
    }

    /// Clears the flag, so that later waits wait; returns whether it was set.
    ///
    /// # Examples
    ///
    /// See [`Event`].
    pub fn clear(&self) -> bool {
        // AcqRel: what was written before this `clear` is seen by the `set` that follows it.
        self.set.swap(false, Ordering::AcqRel)
    }

    /// Whether the flag is set.
    ///
    /// # Examples
    ///
    /// See [`Event::new`].
    #[inline]
    pub fn is_set(&self) -> bool {
        fence_for_loom();
        // SeqCst: Acquire pairs with the Release in `set`; the rest is the order that `waiters.rs` asks for.
        self.set.load(Ordering::SeqCst)
    }

    /// Waits until the flag is set.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future changes nothing for anybody else.
    ///
    /// # Examples
    ///
    /// See [`Event`].
    #[inline]
    pub fn wait(&self) -> EventWait<'_> {
        EventWait {
            event: self,
            ticket: Ticket::new(),
        }
    }

    /// Blocks the thread until the flag is set.
    ///
    /// # Examples
    ///
    /// ```
    /// let ready = trill_sync::Event::new();
    /// ready.set();
    /// ready.wait_blocking();
    /// ```
    #[track_caller]
    pub fn wait_blocking(&self) {
        trill_park::block_on(self.wait());
    }

    /// Returns how many futures wait.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_sync::Event::new().waiters(), 0);
    /// ```
    pub fn waiters(&self) -> usize {
        self.waiters.len()
    }

    /// Waits until the flag is set.
    #[inline]
    pub(crate) fn poll_set(&self, ticket: &mut Ticket, cx: &mut Context<'_>) -> Poll<()> {
        let ready = self.is_set() || self.waiters.register(ticket, cx.waker()) || self.is_set();
        if !ready {
            return Poll::Pending;
        }
        self.waiters.remove(ticket);
        Poll::Ready(())
    }

    /// Takes one out of line that may be waiting.
    #[inline]
    pub(crate) fn leave(&self, ticket: &mut Ticket) {
        self.waiters.remove(ticket);
    }
}

impl Default for Event {
    fn default() -> Event {
        Event::new()
    }
}

/// Waits for an [`Event`]; made by [`Event::wait`].
///
/// # Examples
///
/// See [`Event`].
#[must_use = "futures do nothing unless awaited"]
pub struct EventWait<'a> {
    event: &'a Event,
    ticket: Ticket,
}

impl Future for EventWait<'_> {
    type Output = ();

    #[inline]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let location = Location::caller();
        let EventWait { event, ticket } = self.get_mut();
        leaf(Kind::Notification, *event, location, cx, |cx| {
            event.poll_set(ticket, cx)
        })
    }
}

impl Drop for EventWait<'_> {
    #[inline]
    fn drop(&mut self) {
        self.event.leave(&mut self.ticket);
    }
}

impl fmt::Debug for EventWait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventWait").finish_non_exhaustive()
    }
}
