//! `block_on`: waking, nesting, panics and waiting in a virtual world.
#![allow(clippy::disallowed_methods)] // Wakes from other threads are what is tested.

use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::task::{Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use trill_park::{Due, block_on};
use trill_world::VirtualWorld;

#[test]
fn ready_future_is_polled_once() {
    let mut polls = 0;
    block_on(poll_fn(|_| {
        polls += 1;
        Poll::Ready(())
    }));
    assert_eq!(polls, 1);
}

#[test]
fn future_that_wakes_itself_is_polled_again() {
    let mut left = 1000;
    block_on(poll_fn(|cx| {
        left -= 1;
        if left == 0 {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }));
    assert_eq!(left, 0);
}

#[test]
fn wake_from_another_thread_ends_the_park() {
    let (send, recv) = mpsc::channel::<Waker>();
    let waking = thread::spawn(move || recv.iter().for_each(Waker::wake));
    for _ in 0..1000 {
        let mut polled = false;
        block_on(poll_fn(|cx| {
            if polled {
                return Poll::Ready(());
            }
            polled = true;
            send.send(cx.waker().clone()).unwrap();
            Poll::Pending
        }));
    }
    drop(send);
    waking.join().unwrap();
}

// Fault 34a
#[test]
fn nested_call_does_not_eat_the_wake_of_the_outer_one() {
    let mut polls = 0;
    block_on(poll_fn(|cx| {
        polls += 1;
        if polls == 2 {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        // The inner call waits until it is woken, and shares the thread's state with the outer one.
        let mut inner = 0;
        block_on(poll_fn(|cx| {
            inner += 1;
            if inner == 3 {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        }));
        Poll::Pending
    }));
    assert_eq!(polls, 2);
}

#[test]
fn wake_of_the_inner_call_does_not_poll_the_outer_one() {
    let (send, recv) = mpsc::channel::<Waker>();
    let waking = thread::spawn(move || recv.iter().for_each(Waker::wake));
    let mut polls = 0;
    let mut inner_waker = None;
    block_on(poll_fn(|cx| {
        polls += 1;
        if polls == 2 {
            return Poll::Ready(());
        }
        inner_waker = Some(block_on(poll_fn(|cx| {
            cx.waker().wake_by_ref();
            Poll::Ready(cx.waker().clone())
        })));
        assert!(
            !inner_waker
                .as_ref()
                .is_some_and(|inner| inner.will_wake(cx.waker()))
        );
        send.send(cx.waker().clone()).unwrap();
        Poll::Pending
    }));
    drop(send);
    waking.join().unwrap();
    assert_eq!(polls, 2);
}

#[test]
fn wake_of_the_outer_call_does_not_poll_the_inner_one_and_is_kept() {
    let (send, recv) = mpsc::channel::<Waker>();
    let waking = thread::spawn(move || recv.iter().for_each(Waker::wake));
    let mut polls = 0;
    block_on(poll_fn(|cx| {
        polls += 1;
        if polls == 2 {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        let mut inner = 0;
        block_on(poll_fn(|cx| {
            inner += 1;
            if inner == 2 {
                return Poll::Ready(());
            }
            send.send(cx.waker().clone()).unwrap();
            Poll::Pending
        }));
        assert_eq!(inner, 2);
        Poll::Pending
    }));
    drop(send);
    waking.join().unwrap();
    assert_eq!(polls, 2);
}

// Fault 34a
#[test]
fn twenty_nested_calls_wait_and_return() {
    fn nest(depth: u32) -> u32 {
        block_on(async {
            let mut first = true;
            poll_fn(|cx| match std::mem::take(&mut first) {
                true => {
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
                false => Poll::Ready(()),
            })
            .await;
            if depth == 0 { 0 } else { 1 + nest(depth - 1) }
        })
    }
    assert_eq!(nest(20), 20);
}

#[test]
fn panic_of_the_future_leaves_block_on() {
    let caught = catch_unwind(|| block_on(async { panic!("expected") }));
    assert!(caught.is_err());
    assert!(trill_park::thread().is_attendant());
    assert_eq!(block_on(async { 4 }), 4);
}

#[test]
fn waker_outlives_the_call_that_made_it() {
    let waker = block_on(poll_fn(|cx| Poll::Ready(cx.waker().clone())));
    waker.wake_by_ref();
    let remote = thread::spawn(move || waker.wake());
    remote.join().unwrap();
    assert_eq!(block_on(async { 5 }), 5);
}

#[test]
fn wakers_of_one_thread_are_equal() {
    block_on(poll_fn(|cx| {
        assert!(cx.waker().clone().will_wake(cx.waker()));
        Poll::Ready(())
    }));
}

/// A single deadline that wakes one waker.
struct Alarm(Instant, Waker);

impl Due for Alarm {
    fn fire(&self, now: Instant) -> Option<Instant> {
        if now < self.0 {
            return Some(self.0);
        }
        self.1.wake_by_ref();
        None
    }
}

/// Never has a deadline; counts how often it is fired all the same.
#[derive(Default)]
struct Timeless(AtomicUsize);

impl Due for Timeless {
    fn fire(&self, _now: Instant) -> Option<Instant> {
        self.0.fetch_add(1, Ordering::Relaxed);
        None
    }

    fn has_deadlines(&self) -> bool {
        false
    }
}

#[test]
fn what_never_has_a_deadline_is_not_fired_and_others_are() {
    let timeless: &'static Timeless = Box::leak(Box::default());
    let world = VirtualWorld::new(1);
    world.run(|| {
        let deadline = trill_world::now() + Duration::from_secs(1);
        block_on(async {
            trill_park::thread().serve(timeless).unwrap();
            poll_fn(|cx| {
                if trill_world::now() >= deadline {
                    return Poll::Ready(());
                }
                let alarm: &'static Alarm =
                    Box::leak(Box::new(Alarm(deadline, cx.waker().clone())));
                trill_park::thread().serve(alarm).unwrap();
                Poll::Pending
            })
            .await;
        });
    });
    assert_eq!(world.elapsed(), Duration::from_secs(1));
    assert_eq!(timeless.0.load(Ordering::Relaxed), 0);
}

#[test]
fn virtual_hour_takes_no_time() {
    let world = VirtualWorld::new(1);
    world.run(|| {
        let deadline = trill_world::now() + Duration::from_secs(3600);
        let mut alarm: Option<&'static Alarm> = None;
        block_on(poll_fn(|cx| {
            if trill_world::now() >= deadline {
                return Poll::Ready(());
            }
            if alarm.is_none() {
                let new: &'static Alarm = Box::leak(Box::new(Alarm(deadline, cx.waker().clone())));
                trill_park::thread().serve(new).unwrap();
                alarm = Some(new);
            }
            Poll::Pending
        }));
    });
    assert_eq!(world.elapsed(), Duration::from_secs(3600));
}

/// Serves a deadline an hour away, and polls once more; returns what is known of the clock in the first poll and in that.
fn recent_in_two_polls() -> (Option<Instant>, Option<Instant>) {
    let mut first = None;
    block_on(poll_fn(|cx| {
        let recent = trill_park::recent();
        if let Some(first) = first {
            return Poll::Ready((first, recent));
        }
        first = Some(recent);
        let far = trill_world::now() + Duration::from_secs(3600);
        let alarm = Box::leak(Box::new(Alarm(far, Waker::noop().clone())));
        trill_park::thread()
            .serve(alarm)
            .expect("this thread parks in the world that it is in");
        cx.waker().wake_by_ref();
        Poll::Pending
    }))
}

#[test]
fn clock_is_known_in_a_poll_before_which_the_thread_looked_outside() {
    let before = trill_world::now();
    let (first, second) = recent_in_two_polls();
    assert_eq!(first, None);
    let second = second.expect("the thread serves a deadline, so it looked");
    assert!(before <= second && second <= trill_world::now());
    assert_eq!(trill_park::recent(), None);
}

#[test]
fn clock_of_a_virtual_world_is_always_read() {
    let (first, second) = VirtualWorld::new(1).run(recent_in_two_polls);
    assert_eq!((first, second), (None, None));
}

#[test]
#[should_panic(expected = "nothing can wake them")]
fn waiting_for_ever_in_a_virtual_world_panics() {
    VirtualWorld::new(1).run(|| block_on(pending::<()>()));
}

#[test]
fn serving_outside_block_on_in_a_virtual_world_is_an_error() {
    let alarm: &'static Alarm =
        Box::leak(Box::new(Alarm(trill_world::now(), Waker::noop().clone())));
    VirtualWorld::new(1).run(|| {
        let error = trill_park::thread().serve(alarm).unwrap_err();
        assert!(
            error.to_string().contains("inside trill_park::block_on"),
            "{error}"
        );
    });
}

#[test]
fn budget_is_fresh_in_each_poll() {
    let mut polls = 0;
    let mut granted = 0;
    block_on(poll_fn(|cx| {
        polls += 1;
        while granted < 100_000 {
            if trill_cell::proceed(cx).is_pending() {
                return Poll::Pending;
            }
            granted += 1;
        }
        Poll::Ready(())
    }));
    assert_eq!(
        polls,
        100_000_usize.div_ceil(32 * trill_cell::BUDGET_POLLS as usize)
    );
}

// Fault 6a
#[test]
fn panicking_waker_is_contained() {
    struct Panics;
    impl std::task::Wake for Panics {
        fn wake(self: std::sync::Arc<Self>) {
            panic!("expected");
        }
    }
    trill_park::wake(Waker::from(std::sync::Arc::new(Panics)));
}

#[test]
fn threads_share_records_one_after_another() {
    static SEEN: AtomicUsize = AtomicUsize::new(0);
    for _ in 0..100 {
        thread::spawn(|| {
            let index = block_on(async { trill_park::thread().index() });
            SEEN.fetch_max(index, Ordering::Relaxed);
        })
        .join()
        .unwrap();
    }
    // Other tests of this process hold some, too.
    assert!(
        SEEN.load(Ordering::Relaxed) < 60,
        "records of ended threads are not reused"
    );
}

#[test]
fn catch_unwind_around_a_nested_call_keeps_the_outer_one_alive() {
    let value = block_on(async {
        let inner = catch_unwind(AssertUnwindSafe(|| block_on(async { panic!("expected") })));
        assert!(inner.is_err());
        assert!(!trill_park::thread().is_attendant());
        6
    });
    assert_eq!(value, 6);
}
