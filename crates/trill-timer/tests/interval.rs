//! Intervals and what they do about missed ticks.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::panic::{Location, RefUnwindSafe, UnwindSafe, catch_unwind};
use std::time::Duration;

use common::{in_world, ms, poll_once};
use futures_lite::StreamExt;
use trill_timer::{Interval, MissedTick, interval, interval_at, sleep};

/// When ticks come, in milliseconds from the start: the second one is taken at 34, the others at once.
fn ticks(missed_tick: MissedTick) -> Vec<(u128, u128)> {
    in_world(async {
        let start = trill_world::now();
        let mut ticks = interval(ms(10));
        ticks.set_missed_tick(missed_tick);
        let mut seen = Vec::new();
        for n in 0..6 {
            if n == 1 {
                sleep(ms(34)).await;
            }
            let due = ticks.tick().await;
            let now = trill_world::now();
            seen.push(((due - start).as_millis(), (now - start).as_millis()));
        }
        seen
    })
}

// Fault 37b
#[test]
fn burst_makes_up_for_missed_ticks() {
    let expected = [(0, 0), (10, 34), (20, 34), (30, 34), (40, 40), (50, 50)];
    assert_eq!(ticks(MissedTick::Burst), expected);
}

// Fault 37b
#[test]
fn delay_counts_from_when_the_tick_was_taken() {
    let expected = [(0, 0), (10, 34), (44, 44), (54, 54), (64, 64), (74, 74)];
    assert_eq!(ticks(MissedTick::Delay), expected);
}

// Fault 37b
#[test]
fn skip_keeps_to_the_planned_instants() {
    let expected = [(0, 0), (10, 34), (40, 40), (50, 50), (60, 60), (70, 70)];
    assert_eq!(ticks(MissedTick::Skip), expected);
}

#[test]
fn skip_at_a_planned_instant_takes_the_next() {
    in_world(async {
        let start = trill_world::now();
        let mut ticks = interval(ms(10));
        ticks.set_missed_tick(MissedTick::Skip);
        sleep(ms(30)).await;
        assert_eq!(ticks.tick().await, start);
        assert_eq!(ticks.tick().await, start + ms(40));
        assert_eq!(ticks.missed_tick(), MissedTick::Skip);
    });
}

#[test]
fn first_tick_is_due_at_the_start() {
    in_world(async {
        let start = trill_world::now();
        assert_eq!(interval(ms(10)).tick().await, start);
        let mut later = interval_at(start + ms(3), ms(10));
        assert_eq!(later.deadline(), Some(start + ms(3)));
        assert_eq!(later.tick().await, start + ms(3));
        assert_eq!(later.tick().await, start + ms(13));
        assert_eq!(later.period(), ms(10));
    });
}

#[test]
fn dropped_tick_is_not_lost() {
    in_world(async {
        let start = trill_world::now();
        let mut ticks = interval_at(start + ms(5), ms(5));
        assert!(poll_once(&mut ticks.tick()).is_pending());
        sleep(ms(6)).await;
        drop(ticks.tick());
        assert_eq!(ticks.tick().await, start + ms(5));
    });
}

#[test]
fn reset_starts_a_period_anew() {
    in_world(async {
        let start = trill_world::now();
        let mut ticks = interval(ms(10));
        ticks.tick().await;
        sleep(ms(7)).await;
        ticks.reset();
        assert_eq!(ticks.tick().await, start + ms(17));
        ticks.reset_at(start + ms(20));
        assert_eq!(ticks.tick().await, start + ms(20));
        assert_eq!(ticks.tick().await, start + ms(30));
    });
}

#[test]
fn interval_is_a_stream_of_its_ticks() {
    in_world(async {
        let start = trill_world::now();
        let seen: Vec<_> = interval(ms(10)).take(3).collect().await;
        assert_eq!(seen, [start, start + ms(10), start + ms(20)]);
    });
}

// Fault 36b
#[test]
fn periods_that_overflow_tick_once() {
    for missed_tick in [MissedTick::Burst, MissedTick::Delay, MissedTick::Skip] {
        in_world(async {
            let mut ticks = interval(Duration::MAX);
            ticks.set_missed_tick(missed_tick);
            ticks.tick().await;
            assert_eq!(ticks.deadline(), None);
            assert!(poll_once(&mut ticks.tick()).is_pending());
            ticks.reset();
            assert_eq!(ticks.deadline(), None);
        });
    }
}

// Fault 36b
#[test]
fn period_of_zero_panics_where_the_interval_is_made() {
    use std::sync::{Arc, Mutex};

    let seen = Arc::new(Mutex::new(None));
    let hook_seen = seen.clone();
    let thread = std::thread::current().id();
    let outer: Arc<dyn Fn(&std::panic::PanicHookInfo<'_>) + Send + Sync> =
        Arc::from(std::panic::take_hook());
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == thread {
            *hook_seen.lock().unwrap() = info.location().map(Location::line);
        } else {
            outer(info);
        }
    }));
    let line = line!() + 1;
    let panic = catch_unwind(|| interval(Duration::ZERO)).unwrap_err();
    let _ = std::panic::take_hook();
    assert_eq!(*seen.lock().unwrap(), Some(line));
    let text = panic.downcast_ref::<&str>().unwrap();
    assert!(text.contains("a period above zero"), "{text}");
}

#[test]
fn interval_can_be_sent_shared_and_moved() {
    fn check<T>(_: &T)
    where
        T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + std::fmt::Debug + 'static,
    {
    }
    let mut ticks: Interval = interval(ms(1));
    check(&ticks);
    assert!(format!("{ticks:?}").contains("Burst"));
    assert!(format!("{:?}", ticks.tick()).contains("Tick"));
}
