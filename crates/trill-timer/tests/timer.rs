//! `Timer`: fires once or each period, is set anew while somebody waits, and stays pending after it has fired.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::task::Poll;
use std::time::Duration;

use common::{Count, Log, in_world, ms, poll_once, poll_with};
use futures_lite::{FutureExt, StreamExt};
use trill_timer::{Timer, sleep};

#[test]
fn timer_yields_the_instant_it_was_set_for() {
    in_world(async {
        let start = trill_world::now();
        assert_eq!(Timer::at(start + ms(5)).await, start + ms(5));
        assert_eq!(Timer::after(ms(5)).await, start + ms(10));
        sleep(ms(5)).await;
        assert_eq!(Timer::at(start + ms(12)).await, start + ms(12));
        assert_eq!(trill_world::now(), start + ms(15));
    });
}

#[test]
fn fired_timer_stays_pending_until_it_is_set() {
    in_world(async {
        let mut timer = Timer::after(ms(1));
        (&mut timer).await;
        assert!(!timer.will_fire());
        let (count, waker) = Count::new();
        assert!(poll_with(&mut timer, &waker).is_pending());
        sleep(ms(10)).await;
        assert_eq!(count.get(), 0);
        assert!(poll_with(&mut timer, &waker).is_pending());
        timer.set_after(ms(1));
        assert!(timer.will_fire());
        sleep(ms(2)).await;
        assert_eq!(count.get(), 1);
        assert!(poll_with(&mut timer, &waker).is_ready());
    });
}

#[test]
fn never_fires_until_set_and_wakes_the_last_task_that_polled() {
    in_world(async {
        let log = Log::default();
        let mut timer = Timer::never();
        assert!(!timer.will_fire());
        for id in [0, 1] {
            assert!(poll_with(&mut timer, &log.waker(id)).is_pending());
        }
        sleep(Duration::from_secs(1 << 32)).await;
        assert_eq!(log.take_ids(), []);
        let deadline = trill_world::now() + ms(1);
        timer.set_at(deadline);
        sleep(ms(2)).await;
        assert_eq!(log.take(), [(1, deadline)]);
    });
}

#[test]
fn cleared_timer_keeps_its_task_for_the_next_setting() {
    in_world(async {
        let log = Log::default();
        let mut timer = Timer::after(ms(5));
        assert!(poll_with(&mut timer, &log.waker(0)).is_pending());
        timer.clear();
        assert!(!timer.will_fire());
        sleep(ms(10)).await;
        assert_eq!(log.take_ids(), []);
        timer.set_after(ms(5));
        timer.clear();
        timer.clear();
        timer.set_after(ms(7));
        let deadline = trill_world::now() + ms(7);
        sleep(ms(10)).await;
        assert_eq!(log.take(), [(0, deadline)]);
        assert_eq!(poll_once(&mut timer), Poll::Ready(deadline));
    });
}

// Fault 36a
#[test]
fn delays_that_overflow_mean_never() {
    in_world(async {
        assert!(!Timer::after(Duration::MAX).will_fire());
        assert!(!Timer::interval(Duration::MAX).will_fire());
        let mut timer = Timer::after(ms(1));
        timer.set_after(Duration::MAX);
        assert!(!timer.will_fire());
        timer.set_after(ms(1));
        timer.set_interval(Duration::MAX);
        assert!(!timer.will_fire());
        // A period that overflows fires once.
        let start = trill_world::now();
        let mut timer = Timer::interval_at(start, Duration::MAX);
        assert_eq!(timer.next().await, Some(start));
        assert!(!timer.will_fire());
    });
}

#[test]
fn interval_yields_one_instant_per_period_and_catches_up() {
    in_world(async {
        let start = trill_world::now();
        let mut timer = Timer::interval(ms(10));
        assert_eq!(timer.next().await, Some(start + ms(10)));
        assert_eq!(timer.next().await, Some(start + ms(20)));
        sleep(ms(35)).await;
        // Overdue ones come at once, with the instants for which they were planned.
        for planned in [30, 40, 50] {
            assert_eq!(timer.next().await, Some(start + ms(planned)));
            assert_eq!(trill_world::now(), start + ms(55));
        }
        assert_eq!(timer.next().await, Some(start + ms(60)));
        assert_eq!(trill_world::now(), start + ms(60));
        // As a future it is the same.
        assert_eq!((&mut timer).await, start + ms(70));
    });
}

#[test]
fn setting_the_deadline_keeps_the_period() {
    in_world(async {
        let start = trill_world::now();
        let mut timer = Timer::interval(ms(10));
        timer.set_after(ms(3));
        assert_eq!(timer.next().await, Some(start + ms(3)));
        assert_eq!(timer.next().await, Some(start + ms(13)));
        timer.set_interval(ms(5));
        assert_eq!(timer.next().await, Some(start + ms(18)));
        assert_eq!(timer.next().await, Some(start + ms(23)));
        timer.set_interval_at(start + ms(30), ms(1));
        assert_eq!(timer.next().await, Some(start + ms(30)));
        assert_eq!(timer.next().await, Some(start + ms(31)));
        timer.clear();
        assert!(timer.next().or(async { None }).await.is_none());
    });
}

#[test]
fn stream_keeps_its_schedule_when_a_wait_is_dropped() {
    in_world(async {
        let start = trill_world::now();
        let mut timer = Timer::interval(ms(10));
        for _ in 0..3 {
            assert_eq!(timer.next().or(async { None }).await, None);
        }
        assert_eq!(timer.next().await, Some(start + ms(10)));
    });
}

// Fault 36b
#[test]
fn period_of_zero_lets_others_run() {
    in_world(async {
        // Always ready, so only the budget of a task's poll makes it pause.
        let mut timer = Timer::interval(Duration::ZERO);
        let endless = async {
            loop {
                timer.next().await;
            }
        };
        endless
            .or(async { futures_lite::future::yield_now().await })
            .await;
    });
}

#[test]
fn timer_can_be_sent_shared_and_moved() {
    fn check<T>(_: &T)
    where
        T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + std::fmt::Debug + 'static,
    {
    }
    check(&Timer::never());
    assert_eq!(size_of::<Timer>(), 48);
    let debug = format!("{:?}", Timer::after(ms(1)));
    assert!(debug.contains("deadline") && debug.contains("period"));
}

#[test]
fn timer_may_be_dropped_in_every_state() {
    in_world(async {
        let (count, waker) = Count::new();
        let make = |armed: bool| {
            let mut timer = Timer::after(ms(1));
            if armed {
                assert!(poll_with(&mut timer, &waker).is_pending());
            }
            timer
        };
        drop(make(false));
        drop(make(true));
        let mut cleared = make(true);
        cleared.clear();
        drop(cleared);
        let mut set = make(true);
        set.clear();
        set.set_after(ms(1));
        drop(set);
        let (fired, mut ended) = (make(true), make(true));
        sleep(ms(2)).await;
        assert_eq!(count.get(), 2);
        assert!(poll_with(&mut ended, &waker).is_ready());
        assert!(poll_with(&mut ended, &waker).is_pending());
        drop((fired, ended));
        sleep(ms(2)).await;
        assert_eq!(count.get(), 2);
        drop(waker);
        assert_eq!(std::sync::Arc::strong_count(&count), 1);
    });
}
