//! Time limits that can be moved while they run.

mod core;
mod grace;
mod limited;
mod quiet;

use std::error::Error;
use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::core::Shared;
pub use grace::{LimitError, LimitedWithGrace};
pub use limited::Limited;
pub use quiet::{MoveOn, fail_after, fail_at, move_on_after, move_on_at};

/// A time limit that the work under it can move, and that can be asked whether it expired.
///
/// Clones are the same limit. `trill_timer::timeout` is the small form for one future and a fixed deadline.
///
/// # Which end counts
///
/// * The work is polled first. What it returns in the turn in which the limit expires is returned, be it a value or an
///   error.
/// * If the limit expires under a [current token](crate::CancelToken::current) that is cancelled, the request goes first: the
///   limit waits two turns, so that whoever runs the work for that token ends it.
/// * Of two limits that expire together the inner one says so first, inside; the outer one where the work waits next.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_task::TimeLimit;
/// use trill_timer::sleep;
///
/// # trill_world::VirtualWorld::new(1).run(|| {
/// let limit = TimeLimit::after(Duration::from_millis(5));
/// let mine = limit.clone();
/// let ended = trill_park::block_on(limit.run(async move {
///     // It goes well, so it gets more time.
///     let later = trill_world::now() + Duration::from_secs(60);
///     mine.reschedule(Some(later)).unwrap();
///     sleep(Duration::from_millis(10)).await;
///     "done"
/// }));
/// assert_eq!(ended, Ok("done"));
/// assert!(!limit.expired());
/// # });
/// ```
#[derive(Clone)]
pub struct TimeLimit {
    shared: Arc<Shared>,
}

impl TimeLimit {
    /// Makes a limit of `delay` from now. A `delay` longer than an [`Instant`] can hold, as `Duration::MAX`, is none.
    ///
    /// # Examples
    ///
    /// See [`TimeLimit`].
    pub fn after(delay: Duration) -> TimeLimit {
        TimeLimit::made(trill_world::now().checked_add(delay))
    }

    /// Makes a limit at `deadline`. One that has passed lets the work run to where it first waits.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::TimeLimit;
    ///
    /// let limit = TimeLimit::at(trill_world::now());
    /// let ended = trill_park::block_on(limit.run(std::future::pending::<()>()));
    /// assert!(ended.is_err() && limit.expired());
    /// ```
    pub fn at(deadline: Instant) -> TimeLimit {
        TimeLimit::made(Some(deadline))
    }

    /// Makes no limit yet: one comes with [`reschedule`](TimeLimit::reschedule).
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_task::TimeLimit::never().when(), None);
    /// ```
    pub fn never() -> TimeLimit {
        TimeLimit::made(None)
    }

    fn made(when: Option<Instant>) -> TimeLimit {
        TimeLimit {
            shared: Arc::new(Shared::new(when)),
        }
    }

    /// Returns when it expires or has expired, or `None` if never.
    ///
    /// # Examples
    ///
    /// See [`TimeLimit::never`].
    pub fn when(&self) -> Option<Instant> {
        self.shared.when()
    }

    /// Says whether it ended some work, or asked it to end.
    ///
    /// # Examples
    ///
    /// See [`TimeLimit::at`].
    pub fn expired(&self) -> bool {
        self.shared.is_expired()
    }

    /// Moves the limit, earlier or later, from any task or thread; `None` lifts it.
    ///
    /// A time that has passed ends the work where it waits next.
    ///
    /// # Errors
    ///
    /// [`Expired`] if it has expired: the work has been told, and that cannot be taken back.
    ///
    /// # Examples
    ///
    /// See [`TimeLimit`].
    pub fn reschedule(&self, when: Option<Instant>) -> Result<(), Expired> {
        self.shared.reschedule(when)
    }

    /// Runs a future no longer than to the limit; what is not done then is dropped where it waits.
    ///
    /// # Errors
    ///
    /// The output is [`Elapsed`](trill_timer::Elapsed) if the limit expired first. The future is gone then.
    ///
    /// # Panics
    ///
    /// In a simulated world, if it is polled outside a `block_on` of that world.
    ///
    /// # Cancel safety
    ///
    /// As cancel safe as `future`, which is dropped with it, and when the limit expires.
    ///
    /// # Examples
    ///
    /// See [`TimeLimit`].
    pub fn run<F: IntoFuture>(&self, future: F) -> Limited<F::IntoFuture> {
        Limited::new(&self.shared, future.into_future())
    }

    /// Runs a future, asks it to end when the limit expires, and gives it `grace` for that; what is not done then is
    /// dropped where it waits next.
    ///
    /// The request comes through the [current token](crate::CancelToken::current), which inside is a child of the one outside:
    /// a request from there is seen, too, and has the same grace. What the future returns is returned, however late.
    ///
    /// # Errors
    ///
    /// [`LimitError`] if the future was dropped: for the limit, or for a request from outside if that was first.
    ///
    /// # Panics
    ///
    /// In a simulated world, if it is polled outside a `block_on` of that world.
    ///
    /// # Cancel safety
    ///
    /// As [`run`](TimeLimit::run).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_task::{CancelToken, TimeLimit};
    ///
    /// let limit = TimeLimit::after(Duration::from_millis(1));
    /// let work = async {
    ///     CancelToken::current().unwrap().cancelled().await;
    ///     "cleaned up"
    /// };
    /// let ended = trill_park::block_on(limit.run_with_grace(Duration::from_secs(60), work));
    /// assert_eq!(ended.unwrap(), "cleaned up");
    /// assert!(limit.expired());
    /// ```
    #[track_caller]
    pub fn run_with_grace<F: IntoFuture>(
        &self,
        grace: Duration,
        future: F,
    ) -> LimitedWithGrace<F::IntoFuture> {
        LimitedWithGrace::new(&self.shared, grace, future.into_future())
    }
}

impl fmt::Debug for TimeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimeLimit")
            .field("when", &self.when())
            .field("expired", &self.expired())
            .finish()
    }
}

/// Says that a limit cannot be moved any more, because it has expired; see [`TimeLimit::reschedule`].
///
/// # Examples
///
/// ```
/// use trill_task::TimeLimit;
///
/// let limit = TimeLimit::at(trill_world::now());
/// let _ = trill_park::block_on(limit.run(std::future::pending::<()>()));
/// assert!(limit.reschedule(None).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expired(());

impl fmt::Display for Expired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the time limit has expired and cannot be moved any more: make a new one")
    }
}

impl Error for Expired {}
