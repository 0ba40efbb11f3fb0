//! The generic cell rate algorithm: one number instead of a bucket that somebody has to fill.
//!
//! Source: ITU-T Recommendation I.371 (1993), Annex A, "virtual scheduling"; the same limit as a leaky bucket.
//!
//! The number is the *theoretical arrival time*: when the next permit would be due if all came evenly spaced. Each permit
//! moves it by period ÷ permits. A request conforms if that leaves it at most a burst ahead of the clock.
//!
//! Times here are nanoseconds × permits per period, so that the spacing, the period, is a whole number. Only what is waited
//! for is rounded, up to a nanosecond of the clock, and with a burst above 1 such roundings do not add up: a rate of 3 in a
//! second does not drift.

use std::time::Duration;

/// The rate, and what has been taken of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gcra {
    permits: u128,
    period: u128,
    burst: u128,
    /// The theoretical arrival time, in nanoseconds since the origin × `permits`.
    due: u128,
}

impl Gcra {
    /// Allows `permits` in `period`, and up to `burst` of them at once. None of them is zero.
    pub(crate) const fn new(permits: u32, period: Duration, burst: u32) -> Gcra {
        Gcra {
            permits: permits as u128,
            period: period.as_nanos(),
            burst: burst as u128,
            due: 0,
        }
    }

    /// Takes `count` permits at `now`, in nanoseconds since the origin.
    ///
    /// # Errors
    ///
    /// How many nanoseconds later they could be taken, if nobody else takes any. `count` is at most the burst.
    pub(crate) fn take(&mut self, now: u128, count: u32) -> Result<(), u128> {
        debug_assert!(u128::from(count) <= self.burst);
        let wait = self.wait(now, u128::from(count));
        if wait > 0 {
            return Err(wait);
        }
        let cost = self.period.saturating_mul(u128::from(count));
        self.due = self.due.max(self.scaled(now)).saturating_add(cost);
        Ok(())
    }

    /// How many nanoseconds after `now` the last of `count` permits could be taken.
    pub(crate) fn wait(&self, now: u128, count: u128) -> u128 {
        let ahead = self.due.saturating_add(self.period.saturating_mul(count));
        let earliest = ahead.saturating_sub(self.period.saturating_mul(self.burst));
        let left = earliest.saturating_sub(self.scaled(now));
        // Rounded up, so that nobody is early.
        left.div_ceil(self.permits)
    }

    /// Nanoseconds in this rate's unit.
    fn scaled(&self, nanos: u128) -> u128 {
        nanos.saturating_mul(self.permits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u128 = 1_000_000_000;

    /// Takes one after the other and returns when the last came.
    fn last_of(count: u128, burst: u32) -> u128 {
        let mut rate = Gcra::new(3, Duration::from_secs(1), burst);
        let mut now = 0;
        for _ in 0..count {
            now += rate.wait(now, 1);
            assert_eq!(rate.take(now, 1), Ok(()));
        }
        now
    }

    #[test]
    fn a_third_of_a_second_does_not_drift_with_a_burst() {
        // All but the burst wait a third of a second each.
        assert_eq!(last_of(3_000_002, 2), 1_000_000 * SECOND);
        // Without one no two may be closer than that, so each waits for the next whole nanosecond.
        assert_eq!(last_of(3_000_001, 1), 3_000_000 * SECOND.div_ceil(3));
    }

    #[test]
    fn a_rest_fills_no_more_than_the_burst() {
        let mut rate = Gcra::new(10, Duration::from_secs(1), 4);
        assert_eq!(rate.take(0, 4), Ok(()));
        assert_eq!(rate.take(0, 1), Err(SECOND / 10));
        let later = 3600 * SECOND;
        assert_eq!(rate.take(later, 4), Ok(()));
        assert_eq!(rate.take(later, 1), Err(SECOND / 10));
        assert_eq!(rate.take(later + SECOND / 10, 1), Ok(()));
    }

    #[test]
    fn huge_numbers_do_not_overflow() {
        let mut rate = Gcra::new(u32::MAX, Duration::MAX, u32::MAX);
        assert_eq!(rate.take(u128::MAX / 2, u32::MAX), Ok(()));
        assert!(rate.wait(0, u128::from(u64::MAX)) > 0);
        let mut slow = Gcra::new(1, Duration::MAX, 1);
        assert_eq!(slow.take(0, 1), Ok(()));
        assert_eq!(slow.take(0, 1), Err(Duration::MAX.as_nanos()));
    }
}
