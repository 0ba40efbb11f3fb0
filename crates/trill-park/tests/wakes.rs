//! Behaviour 2: a wake from another thread is never lost, and a million of them cost one notification.
//!
//! That no interleaving of a wake with falling asleep loses it is what `loom_parker.rs` tries out; this counts.
#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![allow(clippy::disallowed_methods)] // Tests start threads of their own.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, mpsc};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Instant;

use trill_park::{Driver, Thread, block_on};

const WAKES: usize = 1_000_000;

/// A driver that stays inside until the test lets it go, and counts who interrupts it.
struct Counting {
    interrupts: AtomicUsize,
    is_inside: AtomicBool,
    may_leave: Mutex<bool>,
    changed: Condvar,
}

impl Counting {
    fn let_go(&self) {
        *self.may_leave.lock().unwrap() = true;
        self.changed.notify_all();
    }
}

impl Driver for Counting {
    fn wait(&self, thread: &Thread, now: Instant, until: Option<Instant>) -> bool {
        // The attendant may look after a thread that the machine keeps waiting; it does not stay.
        if until == Some(now) || thread.is_notified() || thread.is_attendant() {
            return true;
        }
        self.is_inside.store(true, Ordering::SeqCst);
        let may_leave = self.may_leave.lock().unwrap();
        drop(self.changed.wait_while(may_leave, |may| !*may).unwrap());
        true
    }

    fn interrupt(&self) {
        self.interrupts.fetch_add(1, Ordering::SeqCst);
    }

    fn is_idle(&self) -> bool {
        *self.may_leave.lock().unwrap()
    }
}

/// A future that counts its polls, hands out its waker in the first one, and is ready once it may be.
async fn counted(polls: &AtomicUsize, may_end: &AtomicBool, wakers: mpsc::Sender<Waker>) {
    poll_fn(|cx| {
        if polls.fetch_add(1, Ordering::SeqCst) == 0 {
            wakers.send(cx.waker().clone()).unwrap();
        }
        match may_end.load(Ordering::SeqCst) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
}

#[test]
fn million_wakes_of_a_thread_in_its_driver_interrupt_it_once_and_cost_one_poll() {
    static DRIVER: Counting = Counting {
        interrupts: AtomicUsize::new(0),
        is_inside: AtomicBool::new(false),
        may_leave: Mutex::new(false),
        changed: Condvar::new(),
    };
    let (polls, may_end) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (send, receive) = mpsc::channel();
    thread::scope(|scope| {
        let (polls, may_end) = (&polls, &may_end);
        scope.spawn(move || {
            block_on(async {
                trill_park::thread().drive(&DRIVER).unwrap();
                counted(polls, may_end, send).await;
            });
        });
        let waker = receive.recv().unwrap();
        while !DRIVER.is_inside.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        let interrupts = DRIVER.interrupts.load(Ordering::SeqCst);
        let polled = polls.load(Ordering::SeqCst);
        for _ in 0..WAKES {
            waker.wake_by_ref();
        }
        // None if the attendant was faster, which looks after threads that the machine keeps waiting.
        assert!(DRIVER.interrupts.load(Ordering::SeqCst) <= interrupts + 1);
        assert!(DRIVER.interrupts.load(Ordering::SeqCst) >= 1);
        may_end.store(true, Ordering::SeqCst);
        DRIVER.let_go();
        while polls.load(Ordering::SeqCst) == polled {
            thread::yield_now();
        }
        assert_eq!(polls.load(Ordering::SeqCst), polled + 1);
    });
}

#[test]
fn million_wakes_of_a_running_thread_cost_one_poll() {
    let (polls, may_end) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (send, receive) = mpsc::channel();
    let (hold, held) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let (polls, may_end) = (&polls, &may_end);
        scope.spawn(move || {
            let mut first = true;
            let mut inner = Box::pin(counted(polls, may_end, send));
            block_on(poll_fn(|cx| {
                let polled = inner.as_mut().poll(cx);
                if std::mem::take(&mut first) {
                    // The thread stays in this poll while it is woken.
                    held.recv().unwrap_err();
                }
                polled
            }));
        });
        let waker = receive.recv().unwrap();
        for _ in 0..WAKES {
            waker.wake_by_ref();
        }
        may_end.store(true, Ordering::SeqCst);
        drop(hold);
    });
    assert_eq!(polls.load(Ordering::SeqCst), 2);
}

#[test]
fn no_wake_from_another_thread_is_lost() {
    const ROUNDS: usize = 20_000;
    let (send, receive) = mpsc::channel::<Waker>();
    let turn = AtomicUsize::new(0);
    thread::scope(|scope| {
        let turn = &turn;
        scope.spawn(move || {
            for waker in receive {
                turn.fetch_add(1, Ordering::SeqCst);
                waker.wake();
            }
        });
        block_on(async {
            for round in 1..=ROUNDS {
                let mut asked = false;
                poll_fn(|cx| {
                    if turn.load(Ordering::SeqCst) == round {
                        return Poll::Ready(());
                    }
                    if !std::mem::replace(&mut asked, true) {
                        send.send(cx.waker().clone()).unwrap();
                    }
                    Poll::Pending
                })
                .await;
            }
        });
        drop(send);
    });
    assert_eq!(turn.load(Ordering::SeqCst), ROUNDS);
}
