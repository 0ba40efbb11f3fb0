//! The cooperative budget: how many leaves may be ready in one poll of a task before others get their turn.

use std::cell::Cell;
use std::task::{Context, Poll};

thread_local! {
    /// Units left in this poll; [`UNLIMITED`] outside any.
    static LEFT: Cell<u32> = const { Cell::new(UNLIMITED) };
}

/// How many leaves may make progress in one poll of a task.
///
/// 128 socket operations take about as long as a scheduler's time slice should be, well under a millisecond.
///
/// # Examples
///
/// ```
/// assert_eq!(trill_cell::BUDGET_POLLS, 128);
/// ```
pub const BUDGET_POLLS: u32 = 128;

/// Takes a unit of the current poll's budget.
///
/// Every leaf asks this before it tries to make progress. When the budget is used up the task is woken at once and
/// the leaf returns `Pending`, so that other tasks run in between. Outside any budget it is always ready.
///
/// A leaf that then finds nothing ready gives its unit back with [`Proceed::refund`].
///
/// # Examples
///
/// ```
/// use std::task::{Context, Poll, Waker};
/// use trill_cell::{BUDGET_POLLS, proceed, with_budget};
///
/// let mut cx = Context::from_waker(Waker::noop());
/// with_budget(|| {
///     for _ in 0..BUDGET_POLLS {
///         assert!(proceed(&mut cx).is_ready());
///     }
///     assert!(proceed(&mut cx).is_pending());
/// });
/// ```
#[inline]
pub fn proceed(cx: &mut Context<'_>) -> Poll<Proceed> {
    let left = LEFT.get();
    if left == UNLIMITED {
        return Poll::Ready(Proceed(()));
    }
    if left == 0 {
        cx.waker().wake_by_ref();
        return Poll::Pending;
    }
    LEFT.set(left - 1);
    Poll::Ready(Proceed(()))
}

/// Permission to make progress, from [`proceed`].
///
/// # Examples
///
/// ```
/// use std::task::{Context, Poll, Waker};
///
/// let mut cx = Context::from_waker(Waker::noop());
/// if let Poll::Ready(unit) = trill_cell::proceed(&mut cx) {
///     // Nothing was ready after all:
///     unit.refund();
/// }
/// ```
#[derive(Debug)]
pub struct Proceed(());

impl Proceed {
    /// Gives the unit back, because no progress was made with it.
    ///
    /// # Examples
    ///
    /// See [`Proceed`].
    #[inline]
    pub fn refund(self) {
        let left = LEFT.get();
        if left != UNLIMITED {
            LEFT.set(left + 1);
        }
    }
}

/// Runs `poll` with a fresh budget, and restores the outer one afterwards.
///
/// Executors call this around each poll of a task; [`Header::poll`](crate::Header::poll) does it for them.
///
/// # Examples
///
/// See [`proceed`].
#[inline]
pub fn with_budget<R>(poll: impl FnOnce() -> R) -> R {
    with_budget_of(BUDGET_POLLS, poll)
}

/// Runs `poll` with a budget of `units`, and restores the outer one afterwards.
///
/// For what polls several tasks at once and cannot tell them apart, such as `block_on` with a foreign executor in it.
///
/// # Examples
///
/// ```
/// use std::task::{Context, Waker};
/// use trill_cell::{proceed, with_budget_of};
///
/// let mut cx = Context::from_waker(Waker::noop());
/// with_budget_of(1, || {
///     assert!(proceed(&mut cx).is_ready());
///     assert!(proceed(&mut cx).is_pending());
/// });
/// ```
#[inline]
pub fn with_budget_of<R>(units: u32, poll: impl FnOnce() -> R) -> R {
    let _restore = Restore(LEFT.replace(units));
    poll()
}

/// Runs `poll` without any budget, and restores the outer one afterwards.
///
/// # Examples
///
/// ```
/// use std::task::{Context, Waker};
/// use trill_cell::{proceed, unbudgeted, with_budget};
///
/// let mut cx = Context::from_waker(Waker::noop());
/// with_budget(|| unbudgeted(|| for _ in 0..1000 { assert!(proceed(&mut cx).is_ready()) }));
/// ```
pub fn unbudgeted<R>(poll: impl FnOnce() -> R) -> R {
    let _restore = Restore(LEFT.replace(UNLIMITED));
    poll()
}

/// Puts the outer budget back, also when a poll panics.
struct Restore(u32);

impl Drop for Restore {
    #[inline]
    fn drop(&mut self) {
        LEFT.set(self.0);
    }
}

/// Stands for "no budget"; a poll never starts with as many units.
const UNLIMITED: u32 = u32::MAX;
