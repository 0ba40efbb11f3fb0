//! A place where tasks wait for each other.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Kind;

use crate::leaf::leaf;
use crate::primitive::{AtomicU64, Ordering, const_fn, fence_for_loom};
use crate::waiters::{Ticket, Waiters};

/// Lets tasks go on only when a number of them has come.
///
/// It can be used again at once: a task that comes back while others are still leaving waits for the next round.
///
/// # Examples
///
/// ```
/// use futures_lite::future::zip;
/// use trill_sync::Barrier;
///
/// trill_park::block_on(async {
///     let start = Barrier::new(2);
///     let (one, two) = zip(start.wait(), start.wait()).await;
///     assert!(one.is_leader() != two.is_leader());
/// });
/// ```
#[derive(Debug)]
pub struct Barrier {
    size: usize,
    /// The round in the upper half, how many have come in the lower.
    state: AtomicU64,
    waiters: Waiters,
}

impl Barrier {
    const_fn! {
        /// Makes a barrier for `size` tasks; 0 does the same as 1.
        ///
        /// # Examples
        ///
        /// See [`Barrier`].
        pub const fn new(size: usize) -> Barrier {
            Barrier {
                size,
                state: AtomicU64::new(0),
                waiters: Waiters::new(),
            }
        }
    }

    /// Waits until as many tasks have come as the barrier is for.
    ///
    /// A future counts as one that has come from its first poll on.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a future that is dropped before its round is full does not count any more. After that it changes
    /// nothing for the others.
    ///
    /// # Examples
    ///
    /// See [`Barrier`].
    #[inline]
    pub fn wait(&self) -> BarrierWait<'_> {
        BarrierWait {
            barrier: self,
            place: None,
            ticket: Ticket::new(),
        }
    }

    /// Blocks the thread until as many have come as the barrier is for.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(trill_sync::Barrier::new(1).wait_blocking().is_leader());
    /// ```
    #[track_caller]
    pub fn wait_blocking(&self) -> BarrierWaitResult {
        trill_park::block_on(self.wait())
    }

    /// Returns how many tasks the barrier is for.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_sync::Barrier::new(3).size(), 3);
    /// ```
    pub fn size(&self) -> usize {
        self.size
    }

    /// Returns how many have come in this round.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_sync::Barrier::new(3).waiters(), 0);
    /// ```
    pub fn waiters(&self) -> usize {
        come(self.state.load(Ordering::Relaxed)) as usize
    }

    /// Counts a newcomer, and opens the barrier if it is the last; returns its round and how many came before.
    fn arrive(&self) -> (u32, u32) {
        let mut state = self.state.load(Ordering::Relaxed);
        loop {
            let before = come(state);
            let last = before as usize + 1 >= self.size;
            let next = if last {
                u64::from(round(state).wrapping_add(1)) << ROUND_SHIFT
            } else {
                state + 1
            };
            // SeqCst: Release pairs with the Acquire in `has_passed`, and Acquire with the Release of those who came
            // before; the rest is the order that `waiters.rs` asks for.
            match self
                .state
                .compare_exchange_weak(state, next, Ordering::SeqCst, Ordering::Relaxed)
            {
                Ok(_) if last => {
                    self.waiters.broadcast();
                    return (round(state), before);
                }
                Ok(_) => return (round(state), before),
                Err(now) => state = now,
            }
        }
    }

    /// Takes back one that came, unless its round is over.
    fn depart(&self, of: u32) {
        let mut state = self.state.load(Ordering::Relaxed);
        while round(state) == of {
            match self.state.compare_exchange_weak(
                state,
                state - 1,
                // AcqRel: keeps the chain of those who come unbroken for the last one.
                Ordering::AcqRel,
                Ordering::Relaxed,
            ) {
                Ok(_) => break,
                Err(now) => state = now,
            }
        }
    }

    /// Whether the round is over.
    fn has_passed(&self, of: u32) -> bool {
        fence_for_loom();
        // SeqCst: Acquire pairs with the Release in `arrive`; the rest is the order that `waiters.rs` asks for.
        round(self.state.load(Ordering::SeqCst)) != of
    }
}

/// Waits at a [`Barrier`]; made by [`Barrier::wait`].
///
/// # Examples
///
/// See [`Barrier`].
#[must_use = "futures do nothing unless awaited"]
pub struct BarrierWait<'a> {
    barrier: &'a Barrier,
    /// The round it waits for, and how many came before it.
    place: Option<(u32, u32)>,
    ticket: Ticket,
}

impl Future for BarrierWait<'_> {
    type Output = BarrierWaitResult;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let location = Location::caller();
        let BarrierWait {
            barrier,
            place,
            ticket,
        } = self.get_mut();
        leaf(Kind::Notification, *barrier, location, cx, |cx| {
            let (round, before) = *place.get_or_insert_with(|| barrier.arrive());
            let ready = barrier.has_passed(round)
                || barrier.waiters.register(ticket, cx.waker())
                || barrier.has_passed(round);
            if !ready {
                return Poll::Pending;
            }
            barrier.waiters.remove(ticket);
            *place = None;
            Poll::Ready(BarrierWaitResult {
                index: before as usize,
                leader: before as usize + 1 >= barrier.size,
            })
        })
    }
}

impl Drop for BarrierWait<'_> {
    fn drop(&mut self) {
        if let Some((round, _)) = self.place {
            self.barrier.depart(round);
            self.barrier.waiters.remove(&mut self.ticket);
        }
    }
}

impl fmt::Debug for BarrierWait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BarrierWait").finish_non_exhaustive()
    }
}

/// Says which of the tasks at a [`Barrier`] this one was.
///
/// # Examples
///
/// See [`Barrier`].
#[derive(Clone, Debug)]
pub struct BarrierWaitResult {
    index: usize,
    leader: bool,
}

impl BarrierWaitResult {
    /// Whether this task was the last to come; exactly one of each round is.
    ///
    /// # Examples
    ///
    /// See [`Barrier`].
    pub fn is_leader(&self) -> bool {
        self.leader
    }

    /// Returns how many had come to the round before this one.
    ///
    /// If a task that had come is dropped, a later one gets the same number as an earlier one may have.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_sync::Barrier::new(1).wait_blocking().index(), 0);
    /// ```
    pub fn index(&self) -> usize {
        self.index
    }
}

/// The round of a state.
fn round(state: u64) -> u32 {
    (state >> ROUND_SHIFT) as u32
}

/// How many have come in the round of a state.
fn come(state: u64) -> u32 {
    state as u32
}

const ROUND_SHIFT: u32 = 32;
