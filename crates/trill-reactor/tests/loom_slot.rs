//! Models of the readiness word and the list of waiters.
#![cfg(loom)]

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::task::{Wake, Waker};

use loom::sync::{Arc, Mutex};
use loom::thread;
use trill_reactor::{Direction, Interest, Listed, Ready, Slot, Ticket, Who};

const READABLE: Ready = Ready {
    read: true,
    write: false,
    read_stays: false,
    write_stays: false,
};

/// Counts wakes; apart from what loom explores.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn counting() -> (std::sync::Arc<Count>, Waker) {
    let count = std::sync::Arc::new(Count::default());
    (count.clone(), count.into())
}

/// An open slot whose first readiness was found to be wrong, and its generation.
fn blocked() -> (Arc<Slot>, u32) {
    let slot = Slot::new();
    let generation = slot.open(3, Interest::BOTH);
    let seen = slot.ready(Direction::Read).unwrap();
    assert!(slot.clear(Direction::Read, seen));
    (Arc::new(slot), generation)
}

fn is_ready(listed: Listed) -> bool {
    matches!(listed, Listed::Ready(_))
}

fn deliver(slot: &Slot, generation: u32) {
    let mut woken = Vec::new();
    slot.deliver(generation, READABLE, &mut woken);
    woken.into_iter().for_each(Waker::wake);
}

/// Runs both at once, each in a thread of its own: of the thread that begins a model loom reorders less.
fn at_once<A, B>(
    first: impl FnOnce() -> A + Send + 'static,
    second: impl FnOnce() -> B + Send + 'static,
) -> (A, B)
where
    A: 'static,
    B: 'static,
{
    let first = thread::spawn(first);
    let second = thread::spawn(second);
    (first.join().unwrap(), second.join().unwrap())
}

fn model(check: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(check);
}

#[test]
fn a_waiter_sees_the_event_or_is_woken() {
    model(|| {
        let (slot, generation) = blocked();
        let waiting = slot.clone();
        let leading = slot.clone();
        let ((seen, count), ()) = at_once(
            move || {
                let (count, waker) = counting();
                let mut ticket = Ticket::default();
                let listed = waiting.wait(Direction::Read, Who::Own(&mut ticket), &waker);
                (is_ready(listed), count)
            },
            move || deliver(&leading, generation),
        );
        assert!(seen || count.0.load(SeqCst) == 1);
        assert!(slot.ready(Direction::Read).is_some());
    });
}

#[test]
fn two_waiters_see_the_event_or_are_woken() {
    model(|| {
        let (slot, generation) = blocked();
        let wait = |slot: Arc<Slot>| {
            move || {
                let (count, waker) = counting();
                let seen = slot.wait(Direction::Read, Who::Shared, &waker);
                (is_ready(seen), count)
            }
        };
        let third = thread::spawn(wait(slot.clone()));
        let leading = slot.clone();
        let (waited, ()) = at_once(wait(slot), move || deliver(&leading, generation));
        // All first: one may be about to wake the other, whose place it looks at.
        for (seen, count) in [waited, third.join().unwrap()] {
            assert!(seen || count.0.load(SeqCst) == 1);
        }
    });
}

#[test]
fn clearing_does_not_lose_an_event_that_came_after_the_call() {
    model(|| {
        let slot = Arc::new(Slot::new());
        let generation = slot.open(3, Interest::BOTH);
        let fresh = slot.ready(Direction::Read).unwrap();
        let operating = slot.clone();
        let leading = slot.clone();
        let ((before, seen, count), ()) = at_once(
            move || {
                let before = operating.ready(Direction::Read).unwrap();
                // Here is the system call that finds nothing.
                operating.clear(Direction::Read, before);
                let (count, waker) = counting();
                let listed = operating.wait(Direction::Read, Who::Shared, &waker);
                (before, is_ready(listed), count)
            },
            move || deliver(&leading, generation),
        );
        if before == fresh {
            assert!(slot.ready(Direction::Read).is_some());
            assert!(seen || count.0.load(SeqCst) == 1);
        } else {
            // The event was before the call, which found that somebody else had taken what it brought.
            assert!(slot.ready(Direction::Read).is_none());
        }
    });
}

// Fault 12c
#[test]
fn a_short_transfer_does_not_clear_an_end_that_was_seen() {
    model(|| {
        let slot = Arc::new(Slot::new());
        let generation = slot.open(3, Interest::BOTH);
        let ended = Ready {
            read_stays: true,
            ..READABLE
        };
        let operating = slot.clone();
        let leading = slot.clone();
        at_once(
            move || {
                let seen = operating.ready(Direction::Read).unwrap();
                operating.clear_short(Direction::Read, seen)
            },
            move || leading.deliver(generation, ended, &mut Vec::new()),
        );
        assert!(slot.ready(Direction::Read).is_some());
    });
}

// Fault 7a
#[test]
fn a_late_event_of_the_old_source_does_not_reach_the_new_one() {
    model(|| {
        let (slot, old) = blocked();
        let opening = slot.clone();
        let leading = slot.clone();
        at_once(
            move || {
                opening.close(&mut Vec::new());
                let new = opening.open(3, Interest::BOTH);
                assert_ne!(new, old);
                // The new source has nothing to read: whatever makes it look ready again would be the old event.
                let seen = opening.ready(Direction::Read).unwrap();
                assert!(opening.clear(Direction::Read, seen));
                assert!(opening.ready(Direction::Read).is_none());
            },
            move || deliver(&leading, old),
        );
        assert!(slot.ready(Direction::Read).is_none());
    });
}

#[test]
fn closing_wakes_whoever_the_event_does_not() {
    model(|| {
        let (slot, generation) = blocked();
        let (count, waker) = counting();
        let listed = slot.wait(Direction::Read, Who::Shared, &waker);
        assert_eq!(listed, Listed::Waits);
        let leading = slot.clone();
        at_once(
            move || {
                let mut woken = Vec::new();
                slot.close(&mut woken);
                woken.into_iter().for_each(Waker::wake);
            },
            move || deliver(&leading, generation),
        );
        assert_eq!(count.0.load(SeqCst), 1);
    });
}

// Fault 7a
#[test]
fn the_waiter_of_a_new_source_survives_a_late_event_of_the_old() {
    model(|| {
        let (slot, old) = blocked();
        let (_, old_waker) = counting();
        slot.wait(Direction::Read, Who::Shared, &old_waker);
        let opening = slot.clone();
        let leading = slot.clone();
        let ((new, seen, count), ()) = at_once(
            move || {
                opening.close(&mut Vec::new());
                let new = opening.open(3, Interest::BOTH);
                let seen = opening.ready(Direction::Read).unwrap();
                opening.clear(Direction::Read, seen);
                let (count, waker) = counting();
                let listed = opening.wait(Direction::Read, Who::Shared, &waker);
                (new, is_ready(listed), count)
            },
            move || deliver(&leading, old),
        );
        deliver(&slot, new);
        // At least once: being woken by the late event as well is allowed, being forgotten is not.
        assert!(seen || count.0.load(SeqCst) >= 1);
    });
}

#[test]
fn a_future_that_is_dropped_takes_only_its_own_place() {
    model(|| {
        let (slot, generation) = blocked();
        let (stays, stays_waker) = counting();
        let (goes, goes_waker) = counting();
        let mut ticket = Ticket::default();
        slot.wait(Direction::Read, Who::Own(&mut ticket), &goes_waker);
        slot.wait(Direction::Read, Who::Shared, &stays_waker);
        let leading = slot.clone();
        at_once(
            move || slot.forget(Direction::Read, &mut ticket),
            move || deliver(&leading, generation),
        );
        assert_eq!(stays.0.load(SeqCst), 1);
        drop(goes_waker);
        // Nothing of it is left behind.
        assert_eq!(std::sync::Arc::strong_count(&goes), 1);
    });
}

#[test]
fn a_future_that_waits_again_keeps_its_place_or_sees_the_event() {
    model(|| {
        let (slot, generation) = blocked();
        let mut ticket = Ticket::default();
        let (_, old) = counting();
        slot.wait(Direction::Read, Who::Own(&mut ticket), &old);
        let waiting = slot.clone();
        let leading = slot.clone();
        let ((seen, count, mut ticket), ()) = at_once(
            move || {
                let (count, new) = counting();
                let mut wait = || {
                    let who = Who::Own(&mut ticket);
                    is_ready(waiting.wait(Direction::Read, who, &new))
                };
                let seen = [wait(), wait()];
                (seen.contains(&true), count, ticket)
            },
            move || deliver(&leading, generation),
        );
        assert!(seen || count.0.load(SeqCst) == 1);
        slot.forget(Direction::Read, &mut ticket);
        // Nothing of it is left behind.
        assert_eq!(std::sync::Arc::strong_count(&count), 1);
    });
}

#[test]
fn a_shared_place_that_another_looks_at_does_not_miss_the_event() {
    model(|| {
        let (slot, generation) = blocked();
        let (first, first_waker) = counting();
        slot.wait(Direction::Read, Who::Shared, &first_waker);
        let leading = slot.clone();
        let ((seen, second), ()) = at_once(
            move || {
                let (count, waker) = counting();
                let listed = slot.wait(Direction::Read, Who::Shared, &waker);
                (is_ready(listed), count)
            },
            move || deliver(&leading, generation),
        );
        assert_eq!(first.0.load(SeqCst), 1);
        assert!(seen || second.0.load(SeqCst) == 1);
    });
}

#[test]
fn a_future_that_leaves_a_place_does_not_take_the_next_ones() {
    model(|| {
        let (slot, generation) = blocked();
        let (_, goes) = counting();
        let mut ticket = Ticket::default();
        slot.wait(Direction::Read, Who::Own(&mut ticket), &goes);
        let leaving = slot.clone();
        let next = slot.clone();
        let ((), count) = at_once(
            move || leaving.forget(Direction::Read, &mut ticket),
            move || {
                deliver(&next, generation);
                let seen = next.ready(Direction::Read).unwrap();
                next.clear(Direction::Read, seen);
                let (count, waker) = counting();
                let mut ticket = Ticket::default();
                next.wait(Direction::Read, Who::Own(&mut ticket), &waker);
                count
            },
        );
        deliver(&slot, generation);
        assert_eq!(count.0.load(SeqCst), 1);
    });
}

#[test]
fn the_last_waiter_that_leaves_does_not_hide_the_next() {
    for listed in [false, true] {
        model(move || {
            let (slot, generation) = blocked();
            // In the place, or in the list behind one that has it.
            let (_, before) = counting();
            if listed {
                slot.wait(Direction::Read, Who::Shared, &before);
            }
            let (_, goes) = counting();
            let mut ticket = Ticket::default();
            slot.wait(Direction::Read, Who::Own(&mut ticket), &goes);
            let leaving = slot.clone();
            let waiting = slot.clone();
            let ((), (seen, count)) = at_once(
                move || leaving.forget(Direction::Read, &mut ticket),
                move || {
                    let (count, waker) = counting();
                    let listed = waiting.wait(Direction::Read, Who::Shared, &waker);
                    (is_ready(listed), count)
                },
            );
            deliver(&slot, generation);
            assert!(seen || count.0.load(SeqCst) == 1);
        });
    }
}

/// A system that tells of what becomes ready after it was asked, and of what is ready when it is.
#[derive(Default)]
struct System {
    asked: usize,
    ready: bool,
    /// Whether it holds an event that nobody has fetched.
    event: bool,
}

#[test]
fn the_first_to_wait_asks_once_and_nobody_misses_the_event() {
    model(|| {
        let slot = Arc::new(Slot::new());
        let generation = slot.open(3, Interest::NONE);
        let seen = slot.ready(Direction::Read).unwrap();
        assert!(slot.clear(Direction::Read, seen));
        let system = Arc::new(Mutex::new(System::default()));
        let wait = |slot: Arc<Slot>, system: Arc<Mutex<System>>| {
            thread::spawn(move || {
                let (count, waker) = counting();
                let listed = slot.wait(Direction::Read, Who::Shared, &waker);
                if listed == Listed::Unasked {
                    slot.ask(Direction::Read, |before, wanted| {
                        assert!(before == Interest::NONE && wanted.read && !wanted.write);
                        let mut system = system.lock().unwrap();
                        system.asked += 1;
                        system.event |= system.ready;
                        Ok(())
                    })
                    .unwrap();
                }
                (is_ready(listed), count)
            })
        };
        let waiters = [
            wait(slot.clone(), system.clone()),
            wait(slot.clone(), system.clone()),
        ];
        let leader = {
            let (slot, system) = (slot.clone(), system.clone());
            thread::spawn(move || {
                let happens = || {
                    let mut system = system.lock().unwrap();
                    system.ready = true;
                    system.event |= system.asked > 0;
                    std::mem::take(&mut system.event)
                };
                if happens() {
                    deliver(&slot, generation);
                }
            })
        };
        let waited = waiters.map(|waiter| waiter.join().unwrap());
        leader.join().unwrap();
        // The leader comes once more.
        let rest = std::mem::take(&mut system.lock().unwrap().event);
        if rest {
            deliver(&slot, generation);
        }
        assert_eq!(system.lock().unwrap().asked, 1);
        for (seen, count) in waited {
            assert!(seen || count.0.load(SeqCst) == 1);
        }
    });
}
