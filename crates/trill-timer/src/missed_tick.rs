//! When an interval ticks next if its last tick was taken late.

use std::time::{Duration, Instant};

/// Says when an [`Interval`](crate::Interval) ticks next if a tick was taken late.
///
/// With a period of 10 ms and ticks due at 0, 10, 20 and so on, where the one of 10 is taken at 34:
///
/// | choice | further ticks are due at |
/// | --- | --- |
/// | `Burst` | 20 and 30 (both at once), 40, 50, … |
/// | `Delay` | 44, 54, 64, … |
/// | `Skip` | 40, 50, 60, … |
///
/// # Examples
///
/// ```
/// use trill_timer::MissedTick;
///
/// assert_eq!(MissedTick::default(), MissedTick::Burst);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MissedTick {
    /// Makes up for missed ticks at once, so that on average there is one in each period.
    #[default]
    Burst,
    /// Counts the period from when the tick was taken, so that at least a period lies between two ticks.
    ///
    /// Also a tick that is late by a little moves all later ones by as much.
    Delay,
    /// Drops missed ticks, and keeps to the instants that were planned from the start.
    Skip,
}

impl MissedTick {
    /// When the next tick is due after the one of `scheduled` was taken at `now`; `None` means never.
    pub(crate) fn next(
        self,
        scheduled: Instant,
        now: Instant,
        period: Duration,
    ) -> Option<Instant> {
        match self {
            MissedTick::Burst => scheduled.checked_add(period),
            MissedTick::Delay => now.max(scheduled).checked_add(period),
            MissedTick::Skip => {
                let late = now.saturating_duration_since(scheduled);
                if late < period {
                    return scheduled.checked_add(period);
                }
                // Below `period`, which is at most as long as `late`, which an instant could hold.
                let since_planned = late.as_nanos() % period.as_nanos();
                let left = period.as_nanos() - since_planned;
                now.checked_add(from_nanos(left))
            }
        }
    }
}

/// Makes a duration from a count of nanoseconds that came from one.
fn from_nanos(nanos: u128) -> Duration {
    let secs = u64::try_from(nanos / NANOS_PER_SEC).unwrap_or(u64::MAX);
    Duration::new(secs, (nanos % NANOS_PER_SEC) as u32)
}

const NANOS_PER_SEC: u128 = 1_000_000_000;
