//! Time limits in one call: with an error, or quietly.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::{Limited, TimeLimit};
use crate::pinned::split;

/// Runs a future no longer than `delay` from now, and moves on without an error if it is not done then.
///
/// The output is `None` if the time was over. A `delay` of zero lets the future run to where it first waits.
///
/// # Panics
///
/// In a simulated world, if it is polled outside a `block_on` of that world.
///
/// # Cancel safety
///
/// As cancel safe as `future`, which is dropped with it, and when the time is over.
///
/// # Examples
///
/// ```
/// use std::future::pending;
/// use std::time::Duration;
/// use trill_task::move_on_after;
///
/// trill_park::block_on(async {
///     assert_eq!(move_on_after(Duration::from_secs(60), async { 5 }).await, Some(5));
///     assert_eq!(move_on_after(Duration::from_millis(1), pending::<u32>()).await, None);
/// });
/// ```
pub fn move_on_after<F: IntoFuture>(delay: Duration, future: F) -> MoveOn<F::IntoFuture> {
    MoveOn {
        body: fail_after(delay, future),
        rest: (),
    }
}

/// Runs a future no longer than to `deadline`, as [`move_on_after`].
///
/// # Panics
///
/// As [`move_on_after`].
///
/// # Cancel safety
///
/// As [`move_on_after`].
///
/// # Examples
///
/// ```
/// use std::future::pending;
/// use trill_task::move_on_at;
///
/// let past = trill_world::now();
/// assert_eq!(trill_park::block_on(move_on_at(past, pending::<u32>())), None);
/// ```
pub fn move_on_at<F: IntoFuture>(deadline: Instant, future: F) -> MoveOn<F::IntoFuture> {
    MoveOn {
        body: fail_at(deadline, future),
        rest: (),
    }
}

/// Runs a future no longer than `delay` from now: a [`TimeLimit`] that nobody moves.
///
/// It differs from `trill_timer::timeout` in that a [request](crate::CancelToken) that comes in the same turn goes first.
///
/// # Errors
///
/// As [`TimeLimit::run`].
///
/// # Panics
///
/// As [`move_on_after`].
///
/// # Cancel safety
///
/// As [`move_on_after`].
///
/// # Examples
///
/// ```
/// use std::future::pending;
/// use std::time::Duration;
/// use trill_task::fail_after;
///
/// let late = fail_after(Duration::from_millis(1), pending::<()>());
/// assert!(trill_park::block_on(late).is_err());
/// ```
pub fn fail_after<F: IntoFuture>(delay: Duration, future: F) -> Limited<F::IntoFuture> {
    TimeLimit::after(delay).run(future)
}

/// Runs a future no longer than to `deadline`, as [`fail_after`].
///
/// # Errors
///
/// As [`TimeLimit::run`].
///
/// # Panics
///
/// As [`move_on_after`].
///
/// # Cancel safety
///
/// As [`move_on_after`].
///
/// # Examples
///
/// ```
/// use std::future::pending;
/// use trill_task::fail_at;
///
/// let past = trill_world::now();
/// assert!(trill_park::block_on(fail_at(past, pending::<()>())).is_err());
/// ```
pub fn fail_at<F: IntoFuture>(deadline: Instant, future: F) -> Limited<F::IntoFuture> {
    TimeLimit::at(deadline).run(future)
}

/// Runs a future no longer than to a deadline, and moves on then; made by [`move_on_after`] and [`move_on_at`].
///
/// # Cancel safety
///
/// As cancel safe as the future in it.
///
/// # Examples
///
/// See [`move_on_after`].
#[must_use = "futures do nothing unless awaited"]
pub struct MoveOn<F> {
    /// Pinned whenever this is.
    body: Limited<F>,
    rest: (),
}

split!(MoveOn<F>, body: Limited<F>, rest: ());

impl<F: Future> Future for MoveOn<F> {
    type Output = Option<F::Output>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.split().0.poll(cx).map(Result::ok)
    }
}

impl<F> fmt::Debug for MoveOn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MoveOn").field(&self.body).finish()
    }
}
