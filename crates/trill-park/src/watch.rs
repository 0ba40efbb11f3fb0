//! Which threads run, and which are stuck in a poll.

use std::time::{Duration, Instant};

use crate::registry;
use crate::thread::Thread;

/// What the attendant knows of each thread, by index.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    seen: Vec<Seen>,
    last: Option<Reading>,
}

/// What one look at all threads has found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Look {
    /// Some thread runs, or has run since the look before.
    pub(crate) any_active: bool,
    /// For how long that thread of those which run has been in its poll that has been so for longest.
    pub(crate) longest: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    turns: u64,
    /// When the turn with this count began, or was first seen.
    since: Instant,
}

/// Both clocks, read one after the other.
#[derive(Clone, Copy, Debug)]
struct Reading {
    now: Instant,
    ticks: u64,
}

impl Watch {
    /// Looks at all threads.
    pub(crate) fn look(&mut self, now: Instant) -> Look {
        let reading = Reading {
            now,
            ticks: trill_world::ticks(),
        };
        let last = self.last.replace(reading);
        let mut found = Look::default();
        for thread in registry::threads() {
            let turns = thread.turns();
            while self.seen.len() <= thread.index() {
                self.seen.push(Seen {
                    turns: 0,
                    since: now,
                });
            }
            let seen = &mut self.seen[thread.index()];
            if !thread.is_attended() {
                continue;
            }
            let is_running = is_running(thread);
            let has_turned = seen.turns != turns;
            if !is_running {
                *seen = Seen { turns, since: now };
            } else if has_turned {
                let began = thread.began().zip(last);
                let since = began.and_then(|(began, last)| reading.at(began, last));
                *seen = Seen {
                    turns,
                    since: since.unwrap_or(now),
                };
            }
            found.any_active |= is_running || has_turned;
            if is_running {
                found.longest = found
                    .longest
                    .max(Some(now.saturating_duration_since(seen.since)));
            }
        }
        found
    }

    /// Says whether the thread has been in one poll for [`STUCK_AFTER`].
    pub(crate) fn is_stuck(&self, thread: &Thread, now: Instant) -> bool {
        let Some(seen) = self.seen.get(thread.index()) else {
            return false;
        };
        is_running(thread)
            && seen.turns == thread.turns()
            && now.saturating_duration_since(seen.since) >= STUCK_AFTER
    }
}

impl Reading {
    /// When the clock of ticks stood at `ticks`, which was after `last`; the rate is that of the time in between.
    fn at(self, ticks: u64, last: Reading) -> Option<Instant> {
        let between = self.now.saturating_duration_since(last.now);
        let counted = self.ticks.checked_sub(last.ticks)?;
        let ago = self.ticks.saturating_sub(ticks).min(counted);
        let nanos = between.as_nanos() * u128::from(ago) / u128::from(counted.max(1));
        self.now
            .checked_sub(Duration::from_nanos(u64::try_from(nanos).ok()?))
    }
}

/// Says whether any thread is inside `block_on` and not parked.
pub(crate) fn any_running() -> bool {
    for thread in registry::threads() {
        if thread.is_attended() && is_running(thread) {
            return true;
        }
    }
    false
}

fn is_running(thread: &Thread) -> bool {
    thread.is_entered() && !thread.parker().is_parked()
}

/// How long a thread may stay in one poll before others take over its timers and sockets.
///
/// Far above any poll of a well-behaved task, far below what a user notices.
pub(crate) const STUCK_AFTER: Duration = Duration::from_millis(2);

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // A thread that waits for another one is what is tested.
mod tests {
    use std::task::Poll;

    use super::*;

    #[test]
    fn moment_between_two_readings_is_told_by_their_rate() {
        let now = trill_world::now();
        let ms = Duration::from_millis;
        let last = Reading {
            now,
            ticks: 1_000_000,
        };
        let reading = Reading {
            now: now + ms(4),
            ticks: 9_000_000,
        };
        assert_eq!(reading.at(9_000_000, last), Some(now + ms(4)));
        assert_eq!(reading.at(7_000_000, last), Some(now + ms(3)));
        // A turn that was counted after the last look did not begin before it, whatever another processor's counter says.
        assert_eq!(reading.at(3, last), Some(now));
        assert_eq!(reading.at(u64::MAX, last), Some(now + ms(4)));
    }

    #[test]
    fn begin_of_a_poll_is_known_from_when_its_thread_has_something_outside_until_it_parks() {
        struct Nothing;
        impl crate::Due for Nothing {
            fn fire(&self, _now: Instant) -> Option<Instant> {
                None
            }
        }
        static NOTHING: Nothing = Nothing;
        let (tell, told) = std::sync::mpsc::channel();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            let mut polls = 0;
            crate::block_on(std::future::poll_fn(|_| {
                let here = crate::thread();
                assert!(here.serve(&NOTHING).is_ok());
                assert!(here.began().is_some());
                polls += 1;
                tell.send(here).map_or(Poll::Ready(()), |()| match polls {
                    1 => Poll::Pending,
                    _ => Poll::Ready(()),
                })
            }));
            // The record is somebody else's when this thread ends.
            ended.recv().ok();
        });
        let here: &'static Thread = told.recv().expect("the thread tells of its first poll");
        // Nothing orders what another thread reads of the two words, so it may see the old beginning for a while.
        while !here.parker().is_parked() || here.began().is_some() {
            std::thread::yield_now();
        }
        here.unpark();
        assert!(told.recv().is_ok());
        here.dismiss(&NOTHING);
        drop(end);
        assert!(thread.join().is_ok());
    }

    #[test]
    fn clock_that_went_back_tells_nothing() {
        let now = trill_world::now();
        let last = Reading { now, ticks: 9 };
        let reading = Reading { now, ticks: 8 };
        assert_eq!(reading.at(8, last), None);
        let same = Reading { now, ticks: 9 };
        assert_eq!(same.at(9, last), Some(now));
    }
}
