//! How often, how long, how far apart.

use std::future::Future;
use std::time::Duration;

use crate::retry::backoff::{Delays, Jitter};
use crate::retry::retrying::Retrying;

/// Says how often something that may fail is tried, and how long to wait in between.
///
/// Unless told otherwise: five attempts, each delay up to twice as long as the one before and at most 30 seconds, full
/// jitter, no time limit.
///
/// The number of attempts is always bounded, and so is each delay.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_limit::Retry;
/// use trill_world::VirtualWorld;
///
/// # let world = VirtualWorld::new(1);
/// # world.run(|| trill_park::block_on(async {
/// let retry = Retry::new(Duration::from_millis(100))
///     .attempts_max(4)
///     .attempt_timeout(Duration::from_secs(2))
///     .total(Duration::from_secs(10));
///
/// let mut failures = 2;
/// let fetched = retry
///     .run(|| {
///         let result = if failures > 0 { Err("busy") } else { Ok("page") };
///         failures -= 1;
///         async move { result }
///     })
///     .retry_if(|error| *error == "busy")
///     .on_retry(|retried| println!("attempt {} failed, next in {:?}", retried.attempt, retried.delay))
///     .await;
/// assert_eq!(fetched, Ok("page"));
/// # }));
/// ```
#[derive(Clone, Debug)]
#[must_use = "it does nothing until `run` is called"]
pub struct Retry {
    first: Duration,
    factor: f64,
    longest: Duration,
    jitter: Jitter,
    pub(crate) attempts_max: u32,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) total: Option<Duration>,
    pub(crate) retry_after_max: Duration,
}

impl Retry {
    /// Waits about `first` after the first failure, and longer after each further one.
    ///
    /// # Examples
    ///
    /// See [`Retry`].
    pub const fn new(first: Duration) -> Retry {
        Retry {
            first,
            factor: 2.0,
            longest: LONGEST,
            jitter: Jitter::Full,
            attempts_max: ATTEMPTS_MAX,
            attempt_timeout: None,
            total: None,
            retry_after_max: RETRY_AFTER_MAX,
        }
    }

    /// Makes each delay so many times as long as the one before, instead of twice. Jitter `Decorrelated` has its own growth.
    ///
    /// # Panics
    ///
    /// If `factor` is below 1 or no number: delays would shrink.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_limit::{Jitter, Retry};
    ///
    /// let retry = Retry::new(Duration::from_secs(1)).factor(1.5).longest(Duration::from_secs(2));
    /// let delays: Vec<_> = retry.jitter(Jitter::None).delays().take(4).collect();
    /// assert_eq!(delays, [1000, 1500, 2000, 2000].map(Duration::from_millis));
    /// ```
    #[track_caller]
    pub const fn factor(mut self, factor: f64) -> Retry {
        assert!(factor >= 1.0, "the factor of a back-off is at least 1");
        self.factor = factor;
        self
    }

    /// Limits each delay, instead of to 30 seconds.
    ///
    /// # Examples
    ///
    /// See [`factor`](Retry::factor).
    pub const fn longest(mut self, longest: Duration) -> Retry {
        self.longest = longest;
        self
    }

    /// Chooses how delays are left to chance.
    ///
    /// # Examples
    ///
    /// See [`Jitter`].
    pub const fn jitter(mut self, jitter: Jitter) -> Retry {
        self.jitter = jitter;
        self
    }

    /// Limits the number of attempts, the first one included, instead of to five.
    ///
    /// # Panics
    ///
    /// If `attempts` is zero: the first one is no retry.
    ///
    /// # Examples
    ///
    /// See [`RetryError`](crate::RetryError).
    #[track_caller]
    pub const fn attempts_max(mut self, attempts: u32) -> Retry {
        assert!(attempts > 0, "there is always a first attempt");
        self.attempts_max = attempts;
        self
    }

    /// Drops an attempt that takes longer than `timeout`, and counts it as failed.
    ///
    /// # Examples
    ///
    /// See [`RetryError::is_timed_out`](crate::RetryError::is_timed_out).
    pub const fn attempt_timeout(mut self, timeout: Duration) -> Retry {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// Limits the time that all attempts and delays take together, from the first poll on.
    ///
    /// An attempt that still runs then is dropped. A delay that would last until then or longer is not begun.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_limit::{GaveUp, Retry};
    ///
    /// let hour = Duration::from_secs(3600);
    /// let retry = Retry::new(hour).longest(hour).jitter(trill_limit::Jitter::None).total(hour);
    /// let error = trill_park::block_on(retry.run(async || Err::<(), _>("busy"))).unwrap_err();
    /// // At once: it would be over before a second attempt.
    /// assert_eq!((error.attempts(), error.gave_up()), (1, GaveUp::Time));
    /// ```
    pub const fn total(mut self, total: Duration) -> Retry {
        self.total = Some(total);
        self
    }

    /// Limits the delays that [`retry_after`](Retrying::retry_after) may name, instead of to an hour; a longer one ends the
    /// attempts.
    ///
    /// # Examples
    ///
    /// See [`Retrying::retry_after`].
    pub const fn retry_after_max(mut self, longest: Duration) -> Retry {
        self.retry_after_max = longest;
        self
    }

    /// Returns the delays, for a loop of one's own.
    ///
    /// # Examples
    ///
    /// See [`Jitter`].
    pub fn delays(&self) -> Delays {
        Delays::new(self.first, self.factor, self.longest, self.jitter)
    }

    /// Runs `operation` until it succeeds, or until it is time to give up.
    ///
    /// `operation` is called anew for each attempt. An `async` closure may read what it has captured; to change it, use a
    /// plain closure that returns an `async` block, or a `Cell`.
    ///
    /// # Errors
    ///
    /// [`RetryError`](crate::RetryError), with the last error and the number of attempts.
    ///
    /// # Panics
    ///
    /// If `operation` or a future of it panics: that is not retried.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the attempt that runs, so it is as cancel safe as `operation`. Attempts that failed before
    /// are not undone.
    ///
    /// # Examples
    ///
    /// See [`Retry`].
    pub fn run<Op, Fut, T, E>(&self, operation: Op) -> Retrying<Op, Fut, E>
    where
        Op: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        Retrying::new(self.clone(), operation)
    }
}

/// Attempts unless told otherwise: with a first delay of 100 ms they cover about a second and a half.
const ATTEMPTS_MAX: u32 = 5;

/// Longest delay unless told otherwise: what a person who waits still takes for slow and not for broken.
const LONGEST: Duration = Duration::from_secs(30);

/// Longest delay on request of the other side unless told otherwise: after that a task should not wait but be planned anew.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);
