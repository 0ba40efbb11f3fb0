//! Deadlines of callbacks: never early, equal ones in the order of their making, and nothing is left of cancelled ones.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::sync::Arc;
use std::time::Duration;

use support::{Log, in_world, ms, run, turn};
use trill_callback::Callbacks;

fn stop_after(callbacks: &Callbacks, delay: Duration) {
    let stop = callbacks.clone();
    callbacks.call_later(delay, move || stop.stop());
}

// Behaviour 3: never early, equal deadlines in creation order, no real time under a virtual clock.
#[test]
fn equal_deadlines_run_in_the_order_of_their_making_and_never_early() {
    in_world(|world| {
        let callbacks = Callbacks::new();
        let log = Log::new();
        let begin = trill_world::now();
        // Made in an order that is not that of the deadlines, and by both functions.
        for (index, delay) in [30, 10, 20, 10, 30, 10, 20].into_iter().enumerate() {
            let (log, delay) = (log.clone_log(), Duration::from_secs(delay));
            let callback = move || log.add((trill_world::now() - begin, index));
            match index % 2 {
                0 => callbacks.call_later(delay, callback),
                _ => callbacks.call_at(begin + delay, callback),
            };
        }
        stop_after(&callbacks, Duration::from_secs(40));
        run(&callbacks);
        let secs = [10, 10, 10, 20, 20, 30, 30].map(Duration::from_secs);
        let expected: Vec<_> = secs.into_iter().zip([1, 3, 5, 2, 6, 0, 4]).collect();
        assert_eq!(log.take(), expected);
        assert_eq!(world.elapsed(), Duration::from_secs(40));
    });
}

#[test]
fn a_past_deadline_runs_in_the_next_turn_behind_what_is_queued() {
    in_world(|world| {
        let callbacks = Callbacks::new();
        let log = Log::new();
        let begin = trill_world::now();
        world.advance(ms(100));
        let past = callbacks.call_at(begin, log.adds("past"));
        callbacks.call_later(Duration::ZERO, log.adds("now"));
        callbacks.call_soon(log.adds("soon"));
        assert_eq!(past.when(), Some(begin));
        turn(&callbacks);
        assert_eq!(log.take(), ["soon", "past", "now"]);
    });
}

#[test]
fn a_deadline_that_comes_first_is_not_slept_through() {
    in_world(|world| {
        let callbacks = Callbacks::new();
        let log = Log::new();
        let begin = trill_world::now();
        let ex = trill_executor::Executor::new();
        let task = ex.spawn(callbacks.run());
        trill_park::block_on(ex.run(async {
            let logs = |entry| {
                let log = log.clone_log();
                move || log.add((entry, trill_world::now() - begin))
            };
            callbacks.call_later(ms(1000), logs("second"));
            trill_timer::sleep(ms(1)).await;
            // The loop sleeps until 1000 by now.
            callbacks.call_later(ms(9), logs("first"));
            let cancelled = callbacks.call_later(ms(1), logs("cancelled"));
            cancelled.cancel();
            stop_after(&callbacks, ms(2000));
            task.await;
        }));
        assert_eq!(log.take(), [("first", ms(10)), ("second", ms(1000))]);
        assert_eq!(world.elapsed(), ms(2001));
    });
}

// Behaviour 3: creating and cancelling 10^6 timers leaves memory bounded by the live count.
#[test]
fn a_million_cancelled_timers_leave_nothing_behind() {
    in_world(|_| {
        let callbacks = Callbacks::new();
        let data = Arc::new(());
        let mut live = Vec::new();
        for index in 0..1_000_000_u64 {
            let data = data.clone();
            let handle = callbacks.call_later(ms(index % 1000), move || drop(data));
            if index % 100_000 == 0 {
                live.push(handle);
            } else {
                assert!(handle.cancel());
            }
            if index % 50_000 == 0 {
                assert_eq!(callbacks.statistics().timers, live.len());
            }
        }
        assert_eq!(callbacks.statistics().timers, live.len());
        assert_eq!(Arc::strong_count(&data), 1 + live.len());
        turn(&callbacks);
        callbacks.clear();
        assert_eq!(Arc::strong_count(&data), 1);
    });
}

// Behaviour 3: deadlines years away neither overflow nor spin.
#[test]
fn deadlines_years_away_and_never_do_not_keep_the_loop_busy() {
    in_world(|world| {
        let callbacks = Callbacks::new();
        let log = Log::new();
        let years = Duration::from_secs(60 * 60 * 24 * 365 * 100);
        callbacks.call_later(years, log.adds("a century"));
        let never = callbacks.call_later(Duration::MAX, log.adds("never"));
        assert_eq!(never.when(), None);
        stop_after(&callbacks, years + ms(1));
        run(&callbacks);
        assert_eq!(log.take(), ["a century"]);
        assert_eq!(world.elapsed(), years + ms(1));
        assert_eq!(callbacks.statistics().timers, 1);
    });
}

#[test]
fn a_repeating_callback_keeps_its_pace() {
    fn tick(callbacks: &Callbacks, at: std::time::Instant, log: &Log<Duration>) {
        let (this, log) = (callbacks.clone(), log.clone_log());
        callbacks.call_at(at, move || {
            log.add(trill_world::now() - at);
            tick(&this, at + ms(10), &log);
        });
    }
    in_world(|_| {
        let callbacks = Callbacks::new();
        let log = Log::new();
        tick(&callbacks, trill_world::now() + ms(10), &log);
        stop_after(&callbacks, ms(1005));
        run(&callbacks);
        assert_eq!(log.take(), vec![Duration::ZERO; 100]);
        callbacks.clear();
    });
}

#[test]
fn many_due_at_once_run_in_order_over_several_turns() {
    in_world(|world| {
        let callbacks = Callbacks::new();
        let log = Log::new();
        for index in 0..10_000_u64 {
            callbacks.call_later(ms(index % 7), log.adds((index % 7, index)));
        }
        stop_after(&callbacks, ms(8));
        world.advance(ms(7));
        run(&callbacks);
        let ran = log.take();
        assert_eq!(ran.len(), 10_000);
        assert!(ran.is_sorted());
    });
}

#[test]
fn a_timer_that_is_due_can_be_cancelled_until_it_runs() {
    in_world(|world| {
        let callbacks = Callbacks::new();
        let log = Log::new();
        let data = Arc::new(());
        let (held, ran) = (data.clone(), log.clone_log());
        let second = Arc::new(std::sync::Mutex::new(None::<trill_callback::TimerHandle>));
        let victim = second.clone();
        callbacks.call_later(ms(5), move || {
            let handle = victim.lock().unwrap().take().unwrap();
            // It stands in the same turn already.
            assert!(handle.is_pending() && handle.cancel() && !handle.cancel());
        });
        let handle = callbacks.call_later(ms(5), move || ran.add(held.clone()));
        *second.lock().unwrap() = Some(handle);
        world.advance(ms(5));
        turn(&callbacks);
        assert!(log.take().is_empty());
        assert_eq!(Arc::strong_count(&data), 1);
    });
}
