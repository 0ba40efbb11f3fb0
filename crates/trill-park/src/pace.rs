//! How soon the attendant looks again.
//!
//! A look costs the process 15 to 30 µs of CPU: a timer's interrupt, two switches of threads, and cold caches. Beside a
//! thread that is busy all the time, 500 looks a second took 1 to 4 % of the throughput of a server. So while no thread has
//! been long in its poll, the next look comes as late as the 5 ms allow within which what a stuck thread holds up is to be
//! served, and the kernel may choose the moment, so that it is the processor's own tick.

use std::time::Duration;

use crate::watch::{Look, STUCK_AFTER};

/// Returns the time until the next look; `None` if the attendant may sleep until it is woken.
pub(crate) fn after(look: Look) -> Option<Duration> {
    if !look.any_active {
        return None;
    }
    match look.longest {
        // One that is stuck may get free, and others may get stuck.
        Some(longest) if longest >= STUCK_AFTER => Some(STUCK_AFTER),
        // It would be found stuck too late otherwise.
        Some(longest) if longest >= SUSPECT_AFTER => Some(STUCK_AFTER - longest),
        _ => Some(LOOK_AFTER),
    }
}

/// How long a poll may have lasted before the attendant looks at it more closely.
const SUSPECT_AFTER: Duration = Duration::from_micros(500);

/// The time between looks that find nothing.
const LOOK_AFTER: Duration = Duration::from_micros(3_500);

/// How much later a look may come. With [`LOOK_AFTER`] it covers 4 ms, the distance of ticks or a multiple of it with the
/// usual rates of 250 and 1,000 a second.
pub(crate) const LOOK_SLACK: Duration = Duration::from_micros(900);

const _: () = assert!(
    SUSPECT_AFTER.as_micros() + LOOK_AFTER.as_micros() + LOOK_SLACK.as_micros() < 5_000,
    "a poll that is no suspect in one look is found stuck by the next one"
);

#[cfg(test)]
mod tests {
    use super::*;

    fn busy(longest_us: u64) -> Look {
        Look {
            any_active: true,
            longest: Some(Duration::from_micros(longest_us)),
        }
    }

    #[test]
    fn threads_with_short_polls_are_looked_at_at_leisure() {
        assert_eq!(after(busy(0)), Some(LOOK_AFTER));
        assert_eq!(after(busy(499)), Some(LOOK_AFTER));
    }

    #[test]
    fn suspect_is_looked_at_when_it_would_be_stuck() {
        assert_eq!(after(busy(500)), Some(Duration::from_micros(1_500)));
        assert_eq!(after(busy(1_999)), Some(Duration::from_micros(1)));
    }

    #[test]
    fn stuck_thread_is_looked_at_again_and_again() {
        assert_eq!(after(busy(2_000)), Some(STUCK_AFTER));
        assert_eq!(after(busy(600_000)), Some(STUCK_AFTER));
    }

    #[test]
    fn threads_that_have_just_parked_are_looked_at_once_more_and_idle_ones_are_not() {
        let rested = Look {
            any_active: true,
            longest: None,
        };
        assert_eq!(after(rested), Some(LOOK_AFTER));
        assert_eq!(after(Look::default()), None);
    }
}
