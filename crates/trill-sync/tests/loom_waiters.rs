//! Every interleaving of waiters and notifiers.
#![cfg(loom)]

mod model;

use std::sync::Arc;
use std::task::Waker;

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use model::{Thread, model};
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
        let taker = {
            let things = things.clone();
            thread::spawn(move || things.take())
        };
        things.put();
        taker.join().unwrap();
        assert_eq!(things.waiters.len(), 0);
    });
}

#[test]
fn a_waiter_that_comes_again_with_the_same_waker_is_never_forgotten() {
    model(3, || {
        let things = Things::new(0);
        let taker = {
            let things = things.clone();
            thread::spawn(move || {
                let thread = Thread::new();
                things.take_on(&thread);
                things.take_on(&thread);
            })
        };
        things.put();
        things.put();
        taker.join().unwrap();
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
        let other = {
            let things = things.clone();
            thread::spawn(move || {
                let two = Thread::new();
                if !things.waiters.register(&mut second, &two.waker()) {
                    two.park();
                    assert!(things.waiters.remove(&mut second));
                }
            })
        };
        let waker = one.waker();
        assert!(!things.waiters.register(&mut first, &waker));
        let mut notified = 0;
        while notified < 2 {
            notified += things.waiters.notify_one();
            thread::yield_now();
        }
        one.park();
        assert!(things.waiters.remove(&mut first));
        other.join().unwrap();
        assert!(things.waiters.is_empty());
        drop(waker);
        assert_eq!(one.references(), 1);
    });
}

#[test]
fn a_second_waiter_is_never_forgotten() {
    model(3, || {
        let things = Things::new(0);
        let takers: Vec<_> = (0..2)
            .map(|_| {
                let things = things.clone();
                thread::spawn(move || things.take())
            })
            .collect();
        things.put();
        things.put();
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
        let other = {
            let things = things.clone();
            thread::spawn(move || things.waiters.notify_one())
        };
        let notified = things.waiters.notify_one();
        one.park();
        two.park();
        assert_eq!(notified + other.join().unwrap(), 2);
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
        let notifier = {
            let things = things.clone();
            thread::spawn(move || things.waiters.notify_one())
        };
        // Gives up while it is being notified.
        things.leave(&mut first);
        assert_eq!(notifier.join().unwrap(), 1);
        waits.park();
        assert!(things.waiters.is_notified(&second));
        assert!(things.waiters.remove(&mut second));
    });
}

#[test]
fn a_listed_waiter_that_leaves_passes_its_turn_on() {
    model(3, || {
        let things = Things::new(0);
        let mut tickets: [Ticket; 3] = Default::default();
        let waits = Thread::new();
        assert!(!things.waiters.register(&mut tickets[0], Waker::noop()));
        assert!(!things.waiters.register(&mut tickets[1], Waker::noop()));
        assert!(!things.waiters.register(&mut tickets[2], &waits.waker()));
        assert_eq!(things.waiters.notify_one(), 1);
        let notifier = {
            let things = things.clone();
            thread::spawn(move || things.waiters.notify_one())
        };
        things.leave(&mut tickets[1]);
        assert_eq!(notifier.join().unwrap(), 1);
        waits.park();
        assert!(things.waiters.remove(&mut tickets[0]));
        assert!(things.waiters.remove(&mut tickets[2]));
    });
}

#[test]
fn a_new_waker_is_woken_or_the_waiter_sees_the_notification() {
    model(3, || {
        let things = Things::new(0);
        let mut ticket = Ticket::default();
        assert!(!things.waiters.register(&mut ticket, Waker::noop()));
        let notifier = {
            let things = things.clone();
            thread::spawn(move || things.waiters.notify_one())
        };
        let waits = Thread::new();
        if !things.waiters.register(&mut ticket, &waits.waker()) {
            waits.park();
            assert!(things.waiters.is_notified(&ticket));
            assert!(things.waiters.remove(&mut ticket));
        }
        assert_eq!(notifier.join().unwrap(), 1);
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
        let notifier = {
            let things = things.clone();
            thread::spawn(move || things.waiters.broadcast())
        };
        let again = things.waiters.register(&mut first, &one.waker());
        if !again {
            one.park();
        }
        two.park();
        assert_eq!(notifier.join().unwrap(), 2);
        assert!(!things.waiters.remove(&mut first));
        assert!(!things.waiters.remove(&mut second));
    });
}

#[test]
fn a_waiter_at_the_front_goes_before_the_list() {
    model(3, || {
        let things = Things::new(0);
        let mut tickets: [Ticket; 3] = Default::default();
        assert!(!things.waiters.register(&mut tickets[0], Waker::noop()));
        assert!(!things.waiters.register(&mut tickets[1], Waker::noop()));
        assert_eq!(things.waiters.notify_one(), 1);
        assert!(things.waiters.remove(&mut tickets[0]));
        let waits = Thread::new();
        let notifier = {
            let things = things.clone();
            thread::spawn(move || things.waiters.notify(2))
        };
        let now = things
            .waiters
            .register_front(&mut tickets[2], &waits.waker());
        let notified = notifier.join().unwrap();
        assert!(now || things.waiters.is_notified(&tickets[2]) == (notified == 2));
        assert!(things.waiters.is_notified(&tickets[1]));
        if now {
            assert_eq!(notified, 2);
        }
        things.waiters.remove(&mut tickets[1]);
        things.waiters.remove(&mut tickets[2]);
        assert!(things.waiters.is_empty());
    });
}
