//! How soon the attendant looks again.
//!
//! A look costs the process 15 to 30 µs of CPU: a timer's interrupt, two switches of threads, and cold caches. Beside a
//! program that is busy this is little. Beside one that does a little every millisecond, such as starting a child, it was a
//! quarter of all.

use std::time::Duration;

use crate::watch::{Look, STUCK_AFTER};

/// Chooses the time between looks by what the last ones have found.
///
/// Where a thread runs, the next look comes after [`STUCK_AFTER`], because by then that one may be stuck. Where none runs
/// and the last looks found no thread twice in one turn, it comes after [`AT_REST`]. So a thread that gets stuck is noticed
/// within 4 ms where threads are busy or were stuck of late, and within 5 ms where the attendant found all at rest.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// How many looks in a row found no thread in the turn of the look before.
    calm: u32,
}

impl Pace {
    /// Returns the time until the next look; `None` if the attendant may sleep until it is woken.
    pub(crate) fn after(&mut self, look: Look) -> Option<Duration> {
        if !look.any_active {
            self.calm = 0;
            return None;
        }
        self.calm = match look.any_suspect {
            true => 0,
            false => self.calm.saturating_add(1),
        };
        match look.any_running || self.calm < CALM_LOOKS {
            true => Some(STUCK_AFTER),
            false => Some(AT_REST),
        }
    }
}

/// The time between looks that find all threads at rest.
///
/// With the [`STUCK_AFTER`] that follows it is the 5 ms within which what a stuck thread holds up is served.
const AT_REST: Duration = Duration::from_millis(3);

/// After how many calm looks the attendant may slow down: 8 ms, so that neither a program which wakes up now and then nor
/// one of which threads get stuck now and then ever sees a slow attendant.
const CALM_LOOKS: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    const BUSY: Look = Look {
        any_active: true,
        any_running: true,
        any_suspect: false,
    };
    const SUSPECT: Look = Look {
        any_suspect: true,
        ..BUSY
    };
    const RESTED: Look = Look {
        any_running: false,
        ..BUSY
    };
    const IDLE: Look = Look {
        any_active: false,
        ..RESTED
    };

    fn paces(looks: &[Look]) -> Vec<Option<Duration>> {
        let mut pace = Pace::default();
        looks.iter().map(|look| pace.after(*look)).collect()
    }

    #[test]
    fn busy_threads_are_looked_at_at_the_full_pace() {
        assert_eq!(paces(&[BUSY; 20]), [Some(STUCK_AFTER); 20]);
    }

    #[test]
    fn threads_at_rest_are_looked_at_less_often_after_some_calm_looks() {
        let found = paces(&[BUSY, RESTED, BUSY, RESTED, RESTED, BUSY, RESTED]);
        let (fast, slow) = (Some(STUCK_AFTER), Some(AT_REST));
        assert_eq!(found, [fast, fast, fast, slow, slow, fast, slow]);
    }

    #[test]
    fn suspect_thread_brings_the_full_pace_back() {
        let found = paces(&[
            RESTED, RESTED, RESTED, RESTED, SUSPECT, RESTED, RESTED, RESTED, RESTED,
        ]);
        let (fast, slow) = (Some(STUCK_AFTER), Some(AT_REST));
        assert_eq!(
            found,
            [fast, fast, fast, slow, fast, fast, fast, fast, slow]
        );
    }

    #[test]
    fn idle_threads_need_no_look_and_the_next_ones_come_at_the_full_pace() {
        let found = paces(&[RESTED, RESTED, RESTED, RESTED, IDLE, RESTED, RESTED]);
        let (fast, slow) = (Some(STUCK_AFTER), Some(AT_REST));
        assert_eq!(found, [fast, fast, fast, slow, None, fast, fast]);
    }
}
