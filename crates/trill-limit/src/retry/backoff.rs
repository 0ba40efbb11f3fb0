//! How long to wait between two attempts.
//!
//! Source of the three kinds of jitter: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.

use std::time::Duration;

/// How the delay between two attempts is left to chance, so that those who failed together do not come back together.
///
/// In what follows *step* is the exponential delay: the first delay, times the factor for each further attempt, up to the
/// longest delay.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_limit::{Jitter, Retry};
///
/// let delays = Retry::new(Duration::from_millis(100)).jitter(Jitter::None).delays();
/// let ms: Vec<u128> = delays.take(4).map(|delay| delay.as_millis()).collect();
/// assert_eq!(ms, [100, 200, 400, 800]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Jitter {
    /// The step itself.
    None,
    /// Anything from zero to the step. It spreads best and does least work in all; the default.
    #[default]
    Full,
    /// Half of the step, and anything from zero to the other half: never a very short delay.
    Equal,
    /// Anything from the first delay to three times the delay before, up to the longest: grows by chance and not by count.
    Decorrelated,
}

/// The delays of a [`Retry`](crate::Retry), one after the other, without end; made by [`Retry::delays`](crate::Retry::delays).
///
/// Chance comes from the stream `limit.retry` of the current world.
///
/// # Examples
///
/// See [`Jitter`].
#[derive(Clone, Debug)]
pub struct Delays {
    first_ns: u64,
    factor: f64,
    longest_ns: u64,
    jitter: Jitter,
    /// The step of the next delay, or the delay before if decorrelated.
    state_ns: u64,
}

impl Delays {
    pub(crate) fn new(first: Duration, factor: f64, longest: Duration, jitter: Jitter) -> Delays {
        let longest_ns = nanos(longest);
        let first_ns = nanos(first).min(longest_ns);
        Delays {
            first_ns,
            factor,
            longest_ns,
            jitter,
            state_ns: first_ns,
        }
    }

    /// Returns the next delay.
    fn advance(&mut self) -> u64 {
        if self.jitter == Jitter::Decorrelated {
            let most = self.state_ns.saturating_mul(3).min(self.longest_ns);
            self.state_ns = between(self.first_ns, most.max(self.first_ns));
            return self.state_ns;
        }
        let step = self.state_ns;
        // The cast of a float saturates, so a large factor ends at the longest delay and not at a small number.
        self.state_ns = ((step as f64 * self.factor) as u64).clamp(step, self.longest_ns);
        match self.jitter {
            Jitter::None | Jitter::Decorrelated => step,
            Jitter::Full => between(0, step),
            Jitter::Equal => between(step.div_ceil(2), step),
        }
    }
}

impl Iterator for Delays {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        Some(Duration::from_nanos(self.advance()))
    }
}

/// A number from `low` to `high`, both included, each about as likely.
fn between(low: u64, high: u64) -> u64 {
    let count = u128::from(high - low) + 1;
    let offset = (u128::from(trill_world::random("limit.retry")) * count) >> 64;
    low + offset as u64
}

/// Nanoseconds, up to the 584 years that fit.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
