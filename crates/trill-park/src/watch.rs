//! Which threads run, and which are stuck in a poll.

use std::time::{Duration, Instant};

use crate::registry;
use crate::thread::Thread;

/// What the attendant knows of each thread, by index.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    seen: Vec<Seen>,
}

/// What one look at all threads has found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Look {
    /// Some thread runs, or has run since the look before.
    pub(crate) any_active: bool,
    /// Some thread runs now.
    pub(crate) any_running: bool,
    /// Some thread runs in the turn in which the look before found it.
    pub(crate) any_suspect: bool,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    turns: u64,
    /// When the count of turns was first seen at this value.
    since: Instant,
}

impl Watch {
    /// Looks at all threads.
    pub(crate) fn look(&mut self, now: Instant) -> Look {
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
            found.any_active |= is_running || has_turned;
            found.any_running |= is_running;
            found.any_suspect |= is_running && !has_turned;
            if has_turned || !is_running {
                *seen = Seen { turns, since: now };
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

fn is_running(thread: &Thread) -> bool {
    thread.is_entered() && !thread.parker().is_parked()
}

/// How long a thread may stay in one poll before others take over its timers and sockets.
///
/// Far above any poll of a well-behaved task, far below what a user notices.
pub(crate) const STUCK_AFTER: Duration = Duration::from_millis(2);
