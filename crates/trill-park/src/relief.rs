//! Busy threads serve the timers of one that is held up.
//!
//! A thread whose poll is long, or that waits for a processor, cannot look at its timers. The attendant finds it after 2 ms;
//! threads that run, and look at their own timers every now and then, find it sooner, at the price of a few loads for a
//! look: each examines one of the others.

use std::time::{Duration, Instant};

use crate::registry::{self, Threads};
use crate::thread::Thread;
use crate::watch;

/// Whom a thread examines next.
#[derive(Default)]
pub(crate) struct Relief {
    rest: Threads,
}

impl Relief {
    /// Examines the next thread that runs, and fires what is due there at `now` if it has not looked itself for
    /// [`HELD_UP_AFTER`].
    pub(crate) fn examine_next(&mut self, here: &'static Thread, now: Instant) {
        // A simulated world has a clock of its own, and threads that run one after the other.
        if !here.is_attended() {
            return;
        }
        for _ in 0..SKIPS_MAX {
            let Some(other) = self.rest.next() else {
                self.rest = registry::threads();
                return;
            };
            if std::ptr::eq(other, here) || !other.is_attended() || !watch::is_running(other) {
                continue;
            }
            if other.has_deadlines() && is_held_up(other) {
                other.fire(now);
            }
            return;
        }
    }
}

fn is_held_up(thread: &Thread) -> bool {
    thread
        .polls_for(trill_world::ticks())
        .is_some_and(|lasted| lasted >= HELD_UP_AFTER)
}

/// After how long a poll others serve the thread's timers: twice the time between its own looks at them.
///
/// Sooner they would take tasks from threads that are about to look themselves.
const HELD_UP_AFTER: Duration = Duration::from_micros(100);

/// How many threads that do not run are passed over in one look.
const SKIPS_MAX: u32 = 8;

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // A thread that waits for another one is what is tested.
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc;
    use std::task::Poll;
    use std::thread::{self, ThreadId};

    use super::*;
    use crate::registry::lock;
    use crate::{Due, block_on};

    /// Notes which threads fire it.
    #[derive(Default)]
    struct Fired(Mutex<Vec<ThreadId>>);

    impl Fired {
        fn by_this_thread(&self) -> bool {
            lock(&self.0).contains(&thread::current().id())
        }
    }

    impl Due for Fired {
        fn fire(&self, _now: Instant) -> Option<Instant> {
            let mut by = lock(&self.0);
            let me = thread::current().id();
            if !by.contains(&me) {
                by.push(me);
            }
            None
        }
    }

    fn served() -> &'static Fired {
        let fired: &'static Fired = Box::leak(Box::default());
        assert!(crate::thread().serve(fired).is_ok());
        fired
    }

    /// Runs `relieve` beside a thread that is in one poll meanwhile; gives it what that thread serves.
    fn beside_a_long_poll(relieve: impl FnOnce(&'static Fired)) {
        let (tell, told) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let held_up = thread::spawn(move || {
            block_on(async {
                let fired = served();
                tell.send(fired).ok();
                ended.recv().ok();
                crate::thread().dismiss(fired);
            });
        });
        relieve(told.recv().expect("the thread tells of its poll"));
        drop(end);
        assert!(held_up.join().is_ok());
    }

    #[test]
    fn timers_of_a_thread_in_a_long_poll_are_fired_by_a_busy_one() {
        beside_a_long_poll(|fired| {
            block_on(async {
                let mut relief = Relief::default();
                while !fired.by_this_thread() {
                    relief.examine_next(crate::thread(), trill_world::now());
                }
            });
        });
    }

    #[test]
    fn thread_that_yields_in_its_future_relieves_others() {
        beside_a_long_poll(|fired| {
            block_on(async {
                // It looks at the outside only if it has one.
                let own = served();
                std::future::poll_fn(|cx| match fired.by_this_thread() {
                    true => Poll::Ready(()),
                    false => {
                        cx.waker().wake_by_ref();
                        Poll::Pending
                    }
                })
                .await;
                crate::thread().dismiss(own);
            });
        });
    }

    #[test]
    fn thread_that_is_parked_is_left_alone() {
        let (tell, told) = mpsc::channel();
        let parked = thread::spawn(move || {
            let mut fired = None;
            block_on(std::future::poll_fn(|_| match fired.take() {
                Some(fired) => {
                    crate::thread().dismiss(fired);
                    Poll::Ready(())
                }
                None => {
                    let new = served();
                    fired = Some(new);
                    tell.send((new, crate::thread())).ok();
                    Poll::Pending
                }
            }));
        });
        let (fired, there): (&'static Fired, &'static Thread) =
            told.recv().expect("the thread tells of itself");
        while !there.parker().is_parked() {
            thread::yield_now();
        }
        block_on(async {
            let mut relief = Relief::default();
            for _ in 0..10_000 {
                relief.examine_next(crate::thread(), trill_world::now());
            }
        });
        assert!(!fired.by_this_thread());
        there.unpark();
        assert!(parked.join().is_ok());
    }
}
