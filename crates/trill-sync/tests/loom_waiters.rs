//! Every interleaving of waiters and notifiers.
#![cfg(loom)]

mod model;

use std::sync::Arc;
use std::task::{Wake, Waker};

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use model::{Thread, at_once, model};
use trill_sync::model::{Ticket, Waiters};

/// A count of things, and those who wait for one.
struct Things {
    count: AtomicUsize,
    waiters: Waiters,
}

impl Things {
    fn new(count: usize) -> Arc<Things> {
        Arc::new(Things {
            count: AtomicUsize::new(count),
            waiters: Waiters::new(),
        })
    }

    fn try_take(&self) -> bool {
        self.count
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| {
                count.checked_sub(1)
            })
            .is_ok()
    }

    fn put(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
        self.waiters.notify_one();
    }

    /// Takes a thing, waiting until there is one.
    fn take(&self) {
        self.take_on(&Thread::new());
    }

    /// As `take`, with the waker of this thread.
    fn take_on(&self, thread: &Thread) {
        let waker = thread.waker();
        let mut ticket = Ticket::default();
        loop {
            if self.try_take() {
                break;
            }
            if self.waiters.register(&mut ticket, &waker) {
                continue;
            }
            if self.try_take() {
                break;
            }
            thread.park();
        }
        self.leave(&mut ticket);
    }

    /// Gives up a place, passing on a turn.
    fn leave(&self, ticket: &mut Ticket) {
        if self.waiters.remove(ticket) {
            self.waiters.notify_one();
        }
    }
}

#[test]
fn a_waiter_in_the_slot_is_never_forgotten() {
    model(3, || {
        let things = Things::new(0);
        let (takes, puts) = (things.clone(), things.clone());
        at_once(move || takes.take(), move || puts.put());
        assert_eq!(things.waiters.len(), 0);
    });
}

#[test]
fn a_waiter_that_comes_again_with_the_same_waker_is_never_forgotten() {
    model(3, || {
        let things = Things::new(0);
        let (takes, puts) = (things.clone(), things.clone());
        at_once(
            move || {
                let thread = Thread::new();
                takes.take_on(&thread);
                takes.take_on(&thread);
            },
            move || {
                puts.put();
                puts.put();
            },
        );
        assert_eq!(things.waiters.len(), 0);
    });
}

#[test]
fn a_waker_that_is_still_in_the_slot_is_woken_once_and_only_for_its_waiter() {
    // The first comes back to the slot that holds its waker's words, while another one may write its own there.
    model(3, || {
        let things = Things::new(0);
        let (mut first, mut second) = (Ticket::default(), Ticket::default());
        let one = Thread::new();
        assert!(!things.waiters.register(&mut first, &one.waker()));
        assert_eq!(things.waiters.notify_one(), 1);
        one.park();
        assert!(things.waiters.remove(&mut first));
        let (comes, again) = (things.clone(), things.clone());
        let ((), one) = at_once(
            move || {
                let two = Thread::new();
                if !comes.waiters.register(&mut second, &two.waker()) {
                    two.park();
                    assert!(comes.waiters.remove(&mut second));
                }
            },
            move || {
                assert!(!again.waiters.register(&mut first, &one.waker()));
                let mut notified = 0;
                while notified < 2 {
                    notified += again.waiters.notify_one();
                    thread::yield_now();
                }
                one.park();
                assert!(again.waiters.remove(&mut first));
                one
            },
        );
        assert!(things.waiters.is_empty());
        assert_eq!(one.references(), 1);
    });
}

#[test]
fn a_waker_that_another_one_wrote_over_is_not_taken_for_the_one_in_the_slot() {
    model(3, || {
        let things = Things::new(0);
        let (mut first, mut second) = (Ticket::default(), Ticket::default());
        let (one, two) = (Thread::new(), Thread::new());
        assert!(!things.waiters.register(&mut first, &one.waker()));
        assert!(!things.waiters.remove(&mut first));
        let (comes, again, waker) = (things.clone(), things.clone(), one.waker());
        let ((), mut first) = at_once(
            move || {
                assert!(!comes.waiters.register(&mut second, &two.waker()));
                comes.leave(&mut second);
            },
            move || {
                assert!(!again.waiters.register(&mut first, &waker));
                first
            },
        );
        assert_eq!(things.waiters.notify_one(), 1);
        one.park();
        assert!(things.waiters.remove(&mut first));
        assert_eq!(one.references(), 1);
    });
}

/// Looks, when it is woken, for what its waiter did before it came.
struct Looks {
    done: AtomicUsize,
    woken: AtomicUsize,
}

impl Wake for Looks {
    fn wake(self: Arc<Self>) {
        assert_eq!(self.done.load(Ordering::Relaxed), 1);
        self.woken.store(1, Ordering::Relaxed);
    }
}

#[test]
fn what_a_waiter_did_before_it_came_is_seen_by_who_wakes_it() {
    // Once with a waker that is written into the slot, and once with one that is still there.
    for is_there in [false, true] {
        model(3, move || {
            let things = Things::new(0);
            let mut ticket = Ticket::default();
            let looks = Arc::new(Looks {
                done: AtomicUsize::new(0),
                woken: AtomicUsize::new(0),
            });
            let waker = Waker::from(looks.clone());
            if is_there {
                assert!(!things.waiters.register(&mut ticket, &waker));
                assert!(!things.waiters.remove(&mut ticket));
            }
            let (comes, does) = (things.clone(), looks.clone());
            let notifies = things.clone();
            let ((mut ticket, _waker), notified) = at_once(
                move || {
                    does.done.store(1, Ordering::Relaxed);
                    comes.waiters.register(&mut ticket, &waker);
                    (ticket, waker)
                },
                move || notifies.waiters.notify_one(),
            );
            things.waiters.remove(&mut ticket);
            assert!(looks.woken.load(Ordering::Relaxed) <= notified);
        });
    }
}

#[test]
fn a_second_waiter_is_never_forgotten() {
    model(2, || {
        let things = Things::new(0);
        let takers =
            [things.clone(), things.clone()].map(|things| thread::spawn(move || things.take()));
        let putter = {
            let things = things.clone();
            thread::spawn(move || {
                things.put();
                things.put();
            })
        };
        putter.join().unwrap();
        for taker in takers {
            taker.join().unwrap();
        }
        assert_eq!(things.waiters.len(), 0);
    });
}

#[test]
fn two_notifiers_notify_two_waiters() {
    model(3, || {
        let things = Things::new(0);
        let (mut first, mut second) = (Ticket::default(), Ticket::default());
        let (one, two) = (Thread::new(), Thread::new());
        assert!(!things.waiters.register(&mut first, &one.waker()));
        assert!(!things.waiters.register(&mut second, &two.waker()));
        let notify = |things: Arc<Things>| move || things.waiters.notify_one();
        let (here, there) = at_once(notify(things.clone()), notify(things.clone()));
        one.park();
        two.park();
        assert_eq!(here + there, 2);
        assert!(things.waiters.remove(&mut first));
        assert!(things.waiters.remove(&mut second));
        assert!(things.waiters.is_empty());
    });
}

#[test]
fn a_waiter_that_leaves_passes_its_turn_on() {
    model(3, || {
        let things = Things::new(0);
        let (mut first, mut second) = (Ticket::default(), Ticket::default());
        let waits = Thread::new();
        assert!(!things.waiters.register(&mut first, Waker::noop()));
        assert!(!things.waiters.register(&mut second, &waits.waker()));
        let (notifies, leaves) = (things.clone(), things.clone());
        let (notified, ()) = at_once(
            move || notifies.waiters.notify_one(),
            // Gives up while it is being notified.
            move || leaves.leave(&mut first),
        );
        assert_eq!(notified, 1);
        waits.park();
        assert!(things.waiters.is_notified(&second));
        assert!(things.waiters.remove(&mut second));
    });
}

#[test]
fn a_listed_waiter_that_leaves_passes_its_turn_on() {
    model(3, || {
        let things = Things::new(0);
        let [mut first, mut listed, mut last]: [Ticket; 3] = Default::default();
        let waits = Thread::new();
        assert!(!things.waiters.register(&mut first, Waker::noop()));
        assert!(!things.waiters.register(&mut listed, Waker::noop()));
        assert!(!things.waiters.register(&mut last, &waits.waker()));
        assert_eq!(things.waiters.notify_one(), 1);
        let (notifies, leaves) = (things.clone(), things.clone());
        let (notified, ()) = at_once(
            move || notifies.waiters.notify_one(),
            move || leaves.leave(&mut listed),
        );
        assert_eq!(notified, 1);
        waits.park();
        assert!(things.waiters.remove(&mut first));
        assert!(things.waiters.remove(&mut last));
    });
}

#[test]
fn a_new_waker_is_woken_or_the_waiter_sees_the_notification() {
    model(3, || {
        let things = Things::new(0);
        let mut ticket = Ticket::default();
        assert!(!things.waiters.register(&mut ticket, Waker::noop()));
        let (notifies, waits) = (things.clone(), things.clone());
        let (notified, ()) = at_once(
            move || notifies.waiters.notify_one(),
            move || {
                let thread = Thread::new();
                if !waits.waiters.register(&mut ticket, &thread.waker()) {
                    thread.park();
                    assert!(waits.waiters.is_notified(&ticket));
                    assert!(waits.waiters.remove(&mut ticket));
                }
            },
        );
        assert_eq!(notified, 1);
        assert!(things.waiters.is_empty());
    });
}

#[test]
fn the_slot_is_handed_from_owner_to_owner() {
    // The second owner may claim the slot while the first one's notifier is still in it.
    model(3, || {
        let things = Things::new(1);
        let takers: Vec<_> = (0..2)
            .map(|_| {
                let things = things.clone();
                thread::spawn(move || {
                    things.take();
                    things.put();
                })
            })
            .collect();
        for taker in takers {
            taker.join().unwrap();
        }
        assert!(things.try_take());
    });
}

#[test]
fn a_broadcast_reaches_everybody() {
    model(3, || {
        let things = Things::new(0);
        let (mut first, mut second) = (Ticket::default(), Ticket::default());
        let (one, two) = (Thread::new(), Thread::new());
        assert!(!things.waiters.register(&mut first, &one.waker()));
        assert!(!things.waiters.register(&mut second, &two.waker()));
        let (notifies, again) = (things.clone(), things.clone());
        let (notified, mut first) = at_once(
            move || notifies.waiters.broadcast(),
            move || {
                if !again.waiters.register(&mut first, &one.waker()) {
                    one.park();
                }
                two.park();
                first
            },
        );
        assert_eq!(notified, 2);
        assert!(!things.waiters.remove(&mut first));
        assert!(!things.waiters.remove(&mut second));
    });
}

#[test]
fn a_waiter_at_the_front_goes_before_the_list() {
    model(3, || {
        let things = Things::new(0);
        let [mut first, mut listed, mut front]: [Ticket; 3] = Default::default();
        assert!(!things.waiters.register(&mut first, Waker::noop()));
        assert!(!things.waiters.register(&mut listed, Waker::noop()));
        assert_eq!(things.waiters.notify_one(), 1);
        assert!(things.waiters.remove(&mut first));
        let (notifies, comes) = (things.clone(), things.clone());
        let (notified, (now, mut front)) = at_once(
            move || notifies.waiters.notify(2),
            move || {
                let now = comes.waiters.register_front(&mut front, Waker::noop());
                (now, front)
            },
        );
        assert!(now || things.waiters.is_notified(&front) == (notified == 2));
        assert!(things.waiters.is_notified(&listed));
        if now {
            assert_eq!(notified, 2);
        }
        things.waiters.remove(&mut listed);
        things.waiters.remove(&mut front);
        assert!(things.waiters.is_empty());
    });
}
