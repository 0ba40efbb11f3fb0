//! How long a park lasts at least where timers are dense, so that parking does not cost more than they do.
//!
//! A park for a deadline costs some 5 µs of CPU on a processor of one's own, and 25 to 40 µs in a virtual machine, whose
//! timer is the host's. A thread cannot see that cost without a system call, but it sees what goes with it: by how much it
//! woke too late.
//!
//! Two rules, both for parks that follow one which ended at its deadline:
//!
//! * A park lasts [`PARK_APART`] at least.
//! * In a *dense row*, where for [`ROW_PARKS`] parks the next deadline was never further away than [`NEAR`], it lasts
//!   [`LATENESS_FACTOR`] times the usual lateness of this thread's parks, and no longer than [`PARK_APART_MAX`].
//!
//! So a timer on its own stays exact, and a few that follow each other closely are late by no more than `PARK_APART`.

use std::time::{Duration, Instant};

/// What a thread remembers of its parks that ended at a deadline.
#[derive(Debug, Default)]
pub(crate) struct Dense {
    /// By how much they ended too late, smoothed.
    lateness: Duration,
    /// How many in a row had the next deadline near.
    near: u32,
}

impl Dense {
    /// Notes that a park ended at its deadline, `late` after it.
    pub(crate) fn note_lateness(&mut self, late: Duration) {
        // One that was long because the processor was taken away says nothing about the next.
        let late = late.min(PARK_APART_MAX / LATENESS_FACTOR);
        self.lateness = (self.lateness * (SMOOTHING - 1) + late) / SMOOTHING;
    }

    /// Until when to park at `now` for `next`, after a park that ended at its deadline.
    pub(crate) fn until(&mut self, now: Instant, next: Instant) -> Instant {
        let is_near = next.saturating_duration_since(now) <= NEAR;
        self.near = if is_near {
            self.near.saturating_add(1)
        } else {
            0
        };
        let apart = if self.near > ROW_PARKS {
            (self.lateness * LATENESS_FACTOR).clamp(PARK_APART, PARK_APART_MAX)
        } else {
            PARK_APART
        };
        now.checked_add(apart).map_or(next, |until| until.max(next))
    }
}

/// How long a park lasts at least when the one before ended at a deadline, too.
///
/// A park costs about 5 µs of CPU: with this, at most a twentieth of a core goes into parking for timers, and a timer in a
/// dense row is late by at most so much more.
const PARK_APART: Duration = Duration::from_micros(100);

/// How long a park in a dense row lasts at least where parks cost most.
///
/// In a virtual machine where a park costs 24 µs and ends 50 µs late, 200,000 sleeps in half a second took 3,600 parks and
/// 430 of 1,000 ns each for them; with this 1,100 parks. A timer is late by 0.28 ms then in the mean, instead of 0.08; one on
/// a wheel of milliseconds by one.
const PARK_APART_MAX: Duration = Duration::from_micros(400);

/// So many times its own lateness a park lasts in a dense row: half of that, the mean wait for the next one, is what a timer
/// there is late more than one on its own.
const LATENESS_FACTOR: u32 = 8;

/// Near enough to be one of a dense row: eight or more in [`PARK_APART`].
const NEAR: Duration = Duration::from_micros(12);

/// Parks that were near before a row counts as dense, so that a few timers at once do not.
const ROW_PARKS: u32 = 4;

/// The lateness is an average over about so many parks.
const SMOOTHING: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    /// The length of a park for a deadline `ahead`.
    fn park(dense: &mut Dense, ahead: Duration) -> Duration {
        let now = trill_world::now();
        dense.until(now, now + ahead) - now
    }

    fn late_by(late: Duration) -> Dense {
        let mut dense = Dense::default();
        for _ in 0..100 {
            dense.note_lateness(late);
        }
        dense
    }

    const STEP: Duration = Duration::from_micros(3);

    #[test]
    fn a_few_near_deadlines_are_put_off_by_the_short_pause() {
        let mut dense = late_by(Duration::from_micros(50));
        for _ in 0..ROW_PARKS {
            assert_eq!(park(&mut dense, STEP), PARK_APART);
        }
        // A deadline that is not near ends the row.
        assert_eq!(park(&mut dense, NEAR * 2), PARK_APART);
        for _ in 0..ROW_PARKS {
            assert_eq!(park(&mut dense, STEP), PARK_APART);
        }
    }

    #[test]
    fn a_deadline_that_is_further_away_than_the_pause_is_exact() {
        let mut dense = late_by(Duration::from_micros(50));
        let ahead = PARK_APART * 3;
        for _ in 0..10 {
            park(&mut dense, STEP);
        }
        assert_eq!(park(&mut dense, ahead), ahead);
    }

    #[test]
    fn a_dense_row_is_put_off_by_a_multiple_of_the_lateness_within_bounds() {
        let pause = |late| {
            let mut dense = late_by(late);
            (0..=ROW_PARKS).fold(Duration::ZERO, |_, _| park(&mut dense, STEP))
        };
        assert_eq!(pause(Duration::ZERO), PARK_APART);
        assert_eq!(pause(Duration::from_micros(3)), PARK_APART);
        let middle = pause(Duration::from_micros(25));
        assert!(
            (190..=200).contains(&middle.as_micros()),
            "{middle:?} is not eight times 25 µs"
        );
        let most = pause(Duration::from_millis(30));
        assert!(
            (390..=400).contains(&most.as_micros()),
            "{most:?} is not the longest pause"
        );
    }
}
