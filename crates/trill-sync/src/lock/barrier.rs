//! A place where tasks wait for each other.

use std::error::Error;
use std::fmt;

use crate::lock::barrier_futures::{BarrierMeet, BarrierWait};
use crate::lock::barrier_rounds::{Passed, Rounds};
use crate::primitive::const_fn;

/// Lets tasks go on only when a number of them has come.
///
/// It can be used again at once: a task that comes back while others are still leaving waits for the next round.
/// [`reset`](Barrier::reset) and [`abort`](Barrier::abort) throw those out who have come; [`meet`](Barrier::meet) tells
/// them, [`wait`](Barrier::wait) comes again.
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
    pub(crate) rounds: Rounds,
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
                rounds: Rounds::new(size),
            }
        }
    }

    /// Waits until as many tasks have come as the barrier is for.
    ///
    /// A future counts as one that has come from its first poll on. It never fails: thrown out by
    /// [`reset`](Barrier::reset) it comes to the next round, and while the barrier is [aborted](Barrier::abort) it waits
    /// until somebody resets it. To be told instead, use [`meet`](Barrier::meet).
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
        BarrierWait::new(self)
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

    /// Waits until as many tasks have come as the barrier is for, or the round is broken off.
    ///
    /// # Errors
    ///
    /// [`BarrierBroken`] if the barrier is reset or aborted while this waits, or was aborted before.
    ///
    /// # Cancel safety
    ///
    /// As [`wait`](Barrier::wait): a future that is dropped while its round fills does not count, and breaks nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::future::zip;
    /// use trill_sync::{Barrier, BarrierBroken};
    ///
    /// trill_park::block_on(async {
    ///     let start = Barrier::new(2);
    ///     let give_up = async { start.abort() };
    ///     assert_eq!(zip(start.meet(), give_up).await.0.unwrap_err(), BarrierBroken);
    /// });
    /// ```
    #[inline]
    pub fn meet(&self) -> BarrierMeet<'_> {
        BarrierMeet::new(self)
    }

    /// Blocks the thread until as many have come as the barrier is for, or the round is broken off.
    ///
    /// # Errors
    ///
    /// As [`meet`](Barrier::meet).
    ///
    /// # Examples
    ///
    /// ```
    /// let start = trill_sync::Barrier::new(1);
    /// assert!(start.meet_blocking().is_ok());
    /// start.abort();
    /// assert!(start.meet_blocking().is_err());
    /// ```
    #[track_caller]
    pub fn meet_blocking(&self) -> Result<BarrierWaitResult, BarrierBroken> {
        trill_park::block_on(self.meet())
    }

    /// Throws out those who have come to this round, and makes an aborted barrier whole.
    ///
    /// Those whose round is already full go on as if nothing had happened, also if they have not run yet.
    ///
    /// # Examples
    ///
    /// ```
    /// let start = trill_sync::Barrier::new(1);
    /// start.abort();
    /// start.reset();
    /// assert!(start.meet_blocking().is_ok());
    /// ```
    pub fn reset(&self) {
        self.rounds.break_off(false);
    }

    /// Throws out those who have come to this round, and lets nobody pass until [`reset`](Barrier::reset).
    ///
    /// Those whose round is already full go on.
    ///
    /// # Examples
    ///
    /// See [`meet`](Barrier::meet).
    pub fn abort(&self) {
        self.rounds.break_off(true);
    }

    /// Returns whether the barrier was aborted and not reset since.
    ///
    /// # Examples
    ///
    /// ```
    /// let start = trill_sync::Barrier::new(2);
    /// start.abort();
    /// assert!(start.is_broken());
    /// ```
    pub fn is_broken(&self) -> bool {
        self.rounds.is_broken()
    }

    /// Returns how many tasks the barrier is for.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_sync::Barrier::new(3).size(), 3);
    /// ```
    pub fn size(&self) -> usize {
        self.rounds.size()
    }

    /// Returns how many have come in this round.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_sync::Barrier::new(3).waiters(), 0);
    /// ```
    pub fn waiters(&self) -> usize {
        self.rounds.come()
    }
}

/// Says that a barrier was reset or aborted before as many had come as it is for.
///
/// # Examples
///
/// See [`Barrier::meet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BarrierBroken;

impl fmt::Display for BarrierBroken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the barrier was reset or aborted before all had come")
    }
}

impl Error for BarrierBroken {}

/// Says which of the tasks at a [`Barrier`] this one was.
///
/// # Examples
///
/// See [`Barrier`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BarrierWaitResult {
    index: usize,
    leader: bool,
}

impl BarrierWaitResult {
    pub(crate) fn new(passed: Passed) -> BarrierWaitResult {
        BarrierWaitResult {
            index: passed.index,
            leader: passed.is_last,
        }
    }

    /// Whether this task was the last to come; exactly one of each round is.
    ///
    /// # Examples
    ///
    /// See [`Barrier`].
    pub fn is_leader(&self) -> bool {
        self.leader
    }

    /// Returns this task's number in its round: all from 0 to below the barrier's size, each once, in order of arrival.
    ///
    /// The number of one that is dropped before its round is full goes to the next one that comes.
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
