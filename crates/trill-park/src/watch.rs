//! Which threads run, and which are stuck in a poll.

use std::time::{Duration, Instant};

use crate::registry;
use crate::thread::Thread;

/// What the attendant knows of each thread, by index.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    seen: Vec<Seen>,
    /// When the last look was.
    last: Option<Instant>,
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

impl Watch {
    /// Looks at all threads.
    pub(crate) fn look(&mut self, now: Instant) -> Look {
        let ticks = trill_world::ticks();
        let last = self.last.replace(now);
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
                let ago = thread.polls_for(ticks);
                let since = ago.and_then(|ago| now.checked_sub(ago));
                // A turn that was counted after the last look did not begin before it, whatever a counter says.
                let since = since.map_or(now, |since| last.map_or(since, |last| since.max(last)));
                *seen = Seen { turns, since };
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

/// Says whether any thread is inside `block_on` and not parked.
pub(crate) fn any_running() -> bool {
    for thread in registry::threads() {
        if thread.is_attended() && is_running(thread) {
            return true;
        }
    }
    false
}

pub(crate) fn is_running(thread: &Thread) -> bool {
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
}
