//! A retry tries as often, as long and as far apart as its policy says, and repeats under a virtual clock.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::cell::{Cell, RefCell};
use std::future::{pending, ready};
use std::rc::Rc;
use std::time::Duration;

use support::{in_world, ms, poll_once};
use trill_limit::{GaveUp, Jitter, Retry};
use trill_timer::sleep;
use trill_world::VirtualWorld;

/// A policy without chance: 100, 200, 400 … ms.
fn steady() -> Retry {
    Retry::new(ms(100)).jitter(Jitter::None)
}

/// Runs a future in a virtual world; returns its output and how long it took.
fn timed<T>(future: impl Future<Output = T>) -> (T, Duration) {
    let world = VirtualWorld::new(1);
    let output = world.run(|| trill_park::block_on(future));
    (output, world.elapsed())
}

#[test]
fn success_after_failures_returns_the_value_after_the_delays() {
    let attempts = Cell::new(0);
    let policy = steady();
    let (output, elapsed) = timed(policy.run(async || {
        attempts.set(attempts.get() + 1);
        if attempts.get() < 4 {
            Err("busy")
        } else {
            Ok(5)
        }
    }));
    assert_eq!(output, Ok(5));
    assert_eq!((attempts.get(), elapsed), (4, ms(100 + 200 + 400)));
}

#[test]
fn first_success_waits_for_nothing() {
    let (output, elapsed) = timed(steady().run(async || Ok::<_, ()>(5)));
    assert_eq!((output.unwrap(), elapsed), (5, Duration::ZERO));
}

#[test]
fn last_error_comes_back_with_the_number_of_attempts() {
    let mut attempt = 0;
    let policy = steady().attempts_max(3);
    let (output, elapsed) = timed(policy.run(|| {
        attempt += 1;
        ready(Err::<(), _>(attempt))
    }));
    let error = output.unwrap_err();
    assert_eq!((error.attempts(), error.gave_up()), (3, GaveUp::Attempts));
    assert_eq!((error.last(), error.is_timed_out()), (Some(&3), false));
    // There is no delay after the last attempt.
    assert_eq!(elapsed, ms(300));
}

#[test]
fn an_error_that_is_not_worth_it_ends_at_once() {
    let mut errors = ["busy", "forbidden", "busy"].into_iter();
    let (output, elapsed) = timed(
        steady()
            .run(|| ready(Err::<(), _>(errors.next().unwrap())))
            .retry_if(|error| *error == "busy"),
    );
    let error = output.unwrap_err();
    assert_eq!(
        error.to_string(),
        "failed after 2 attempts, another attempt would not help: forbidden"
    );
    assert_eq!(elapsed, ms(100));
}

#[test]
fn an_attempt_that_takes_too_long_is_dropped_and_tried_again() {
    let alive = Rc::new(());
    let policy = steady().attempts_max(3).attempt_timeout(ms(1000));
    let (output, elapsed) = timed(policy.run(|| {
        // The one before is gone when the next begins.
        assert_eq!(Rc::strong_count(&alive), 1);
        let alive = alive.clone();
        async move {
            pending::<()>().await;
            drop(alive);
            Ok::<(), &str>(())
        }
    }));
    let error = output.unwrap_err();
    assert!(error.is_timed_out());
    assert_eq!(
        (error.attempts(), error.gave_up(), error.last()),
        (3, GaveUp::Attempts, None)
    );
    assert_eq!(
        error.to_string(),
        "failed after 3 attempts, no attempt is left: the last attempt ran out of time"
    );
    assert_eq!(elapsed, ms(3 * 1000 + 100 + 200));
    assert_eq!(Rc::strong_count(&alive), 1);
}

#[test]
fn an_attempt_that_is_ready_when_its_time_is_over_wins() {
    let policy = steady().attempt_timeout(ms(50));
    let (output, elapsed) = timed(policy.run(async || {
        sleep(ms(50)).await;
        Ok::<_, ()>(5)
    }));
    assert_eq!((output.unwrap(), elapsed), (5, ms(50)));
}

#[test]
fn an_error_before_a_timeout_is_kept() {
    let mut attempt = 0;
    let policy = steady().attempts_max(2).attempt_timeout(ms(10));
    let (output, _) = timed(policy.run(|| {
        attempt += 1;
        let is_first = attempt == 1;
        async move {
            if is_first {
                return Err::<(), _>("busy");
            }
            pending().await
        }
    }));
    let error = output.unwrap_err();
    assert_eq!(
        error.to_string(),
        "failed after 2 attempts, no attempt is left: the last attempt ran out of time, \
         one before it failed: busy"
    );
    assert_eq!(error.into_last(), Some("busy"));
}

#[test]
fn all_time_together_cuts_an_attempt_short() {
    let policy = steady().total(ms(250)).attempts_max(u32::MAX);
    let (output, elapsed) = timed(policy.run(async || {
        sleep(ms(100)).await;
        Err::<(), _>("busy")
    }));
    let error = output.unwrap_err();
    // 100 attempt, 100 delay, 50 of the second attempt.
    assert_eq!(elapsed, ms(250));
    assert_eq!((error.attempts(), error.gave_up()), (2, GaveUp::Time));
    assert!(error.is_timed_out());
    assert_eq!(error.last(), Some(&"busy"));
}

#[test]
fn a_delay_beyond_all_time_is_not_begun() {
    let policy = steady().total(ms(300)).attempts_max(u32::MAX);
    let (output, elapsed) = timed(policy.run(async || Err::<(), _>("busy")));
    // At 0 and 100 ms; the delay of 200 would end with the time, when no attempt can begin.
    assert_eq!(output.unwrap_err().attempts(), 2);
    assert_eq!(elapsed, ms(100));
}

#[test]
fn the_time_counts_from_the_first_poll() {
    let (output, elapsed) = timed(async {
        let policy = steady().total(ms(150)).attempts_max(2);
        let run = policy.run(async || Err::<(), _>("busy"));
        sleep(ms(1000)).await;
        run.await
    });
    assert_eq!(output.unwrap_err().gave_up(), GaveUp::Attempts);
    assert_eq!(elapsed, ms(1100));
}

#[test]
fn a_hint_of_the_other_side_is_waited_for_and_never_shortens_the_back_off() {
    let mut hints = [Some(5000), Some(1), None]
        .map(|hint| hint.map(ms))
        .into_iter();
    let delays = RefCell::new(Vec::new());
    let policy = steady().attempts_max(4).longest(ms(300));
    let (output, elapsed) = timed(
        policy
            .run(|| ready(Err::<(), _>(hints.next().flatten())))
            .retry_after(|hint| *hint)
            .on_retry(|retried| delays.borrow_mut().push(retried.delay)),
    );
    assert_eq!(output.unwrap_err().attempts(), 4);
    // The first is longer than the longest delay, which limits the back-off alone.
    assert_eq!(*delays.borrow(), [5000, 200, 300].map(ms));
    assert_eq!(elapsed, ms(5500));
}

#[test]
fn a_hint_that_is_too_long_ends_the_attempts() {
    let policy = steady().retry_after_max(ms(1000));
    let failed = |asked| {
        let run = policy.run(|| ready(Err::<(), _>(asked)));
        timed(run.retry_after(|asked| Some(ms(*asked))))
            .0
            .unwrap_err()
    };
    assert_eq!(failed(1000).gave_up(), GaveUp::Attempts);
    assert_eq!(
        (failed(1001).gave_up(), failed(1001).attempts()),
        (GaveUp::RetryAfter, 1)
    );
}

#[test]
fn the_hook_hears_each_failure_that_is_followed_by_an_attempt() {
    let heard = RefCell::new(Vec::new());
    let policy = steady().attempts_max(3).attempt_timeout(ms(10));
    let mut attempt = 0;
    let (output, _) = timed(
        policy
            .run(|| {
                attempt += 1;
                let is_second = attempt == 2;
                async move {
                    if is_second {
                        pending::<()>().await;
                    }
                    Err::<(), _>("busy")
                }
            })
            .on_retry(|retried| {
                let error = retried.error.copied();
                heard
                    .borrow_mut()
                    .push((retried.attempt, retried.delay, error));
            }),
    );
    assert_eq!(output.unwrap_err().attempts(), 3);
    assert_eq!(
        *heard.borrow(),
        [(1, ms(100), Some("busy")), (2, ms(200), None)]
    );
}

#[test]
fn a_drop_drops_the_attempt_that_runs_and_the_delay_in_between() {
    in_world(async {
        let alive = Rc::new(());
        let policy = steady();
        let begun = Cell::new(0);
        let mut run = policy.run(|| {
            begun.set(begun.get() + 1);
            let alive = alive.clone();
            async move {
                sleep(ms(10)).await;
                drop(alive);
                Err::<(), _>("busy")
            }
        });
        // Nothing begins before the first poll.
        assert_eq!(begun.get(), 0);
        assert!(poll_once(&mut run).is_pending());
        assert_eq!(Rc::strong_count(&alive), 2);
        sleep(ms(10)).await;
        assert!(poll_once(&mut run).is_pending());
        assert_eq!((begun.get(), Rc::strong_count(&alive)), (1, 1));
        sleep(ms(100)).await;
        assert!(poll_once(&mut run).is_pending());
        assert_eq!((begun.get(), Rc::strong_count(&alive)), (2, 2));
        drop(run);
        assert_eq!(Rc::strong_count(&alive), 1);
    });
}

#[test]
fn a_panic_in_an_attempt_is_not_retried() {
    let caught = std::panic::catch_unwind(|| {
        timed(steady().run(async || {
            assert_eq!(1, 2, "expected");
            Ok::<(), ()>(())
        }))
    });
    assert!(caught.is_err());
}

#[test]
fn a_run_can_be_sent_to_another_task_if_its_parts_can() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let policy = steady();
    let run = is_send(policy.run(|| ready(Ok::<_, ()>(5))).retry_if(|()| true));
    assert_eq!(timed(run).0, Ok(5));
}

/// The first delays of a policy in a world of its own.
fn delays(seed: u64, policy: &Retry, count: usize) -> Vec<Duration> {
    VirtualWorld::new(seed).run(|| policy.delays().take(count).collect())
}

#[test]
fn chance_stays_in_the_range_of_its_kind_and_fills_it() {
    let step = |index: u32| ms(100 * 2_u64.pow(index)).min(ms(5000));
    let (mut full, mut equal) = ((ms(100), Duration::ZERO), (ms(100), Duration::ZERO));
    for seed in 0..1000 {
        let policy = Retry::new(ms(100)).longest(ms(5000));
        for (index, delay) in delays(seed, &policy, 10).into_iter().enumerate() {
            assert!(delay <= step(index as u32));
            if index == 0 {
                full = (full.0.min(delay), full.1.max(delay));
            }
        }
        let policy = policy.jitter(Jitter::Equal);
        for (index, delay) in delays(seed, &policy, 10).into_iter().enumerate() {
            assert!(delay <= step(index as u32) && delay >= step(index as u32) / 2);
            if index == 0 {
                equal = (equal.0.min(delay), equal.1.max(delay));
            }
        }
        let policy = policy.jitter(Jitter::Decorrelated);
        let mut before = ms(100);
        for delay in delays(seed, &policy, 10) {
            assert!(delay >= ms(100) && delay <= (before * 3).min(ms(5000)));
            before = delay;
        }
    }
    assert!(full.0 < ms(1) && full.1 > ms(99));
    assert!(equal.0 < ms(51) && equal.1 > ms(99));
}

#[test]
fn delays_without_chance_grow_to_the_longest_and_never_overflow() {
    let policy = steady().longest(Duration::MAX).factor(f64::MAX);
    let longest = Duration::from_nanos(u64::MAX);
    assert_eq!(delays(1, &policy, 3), [ms(100), longest, longest]);
    let policy = Retry::new(Duration::ZERO).longest(Duration::MAX);
    assert_eq!(delays(1, &policy, 2), [Duration::ZERO; 2]);
    let policy = Retry::new(Duration::MAX).longest(ms(7));
    for jitter in [Jitter::Full, Jitter::Equal, Jitter::Decorrelated] {
        let policy = policy.clone().jitter(jitter);
        assert!(delays(1, &policy, 100).iter().all(|delay| *delay <= ms(7)));
    }
}

#[test]
fn a_seed_repeats_every_delay_and_another_gives_others() {
    let run = |seed| {
        let world = VirtualWorld::new(seed);
        let policy = Retry::new(ms(100)).attempts_max(8);
        let failed = world.run(|| trill_park::block_on(policy.run(async || Err::<(), _>("busy"))));
        assert_eq!(failed.unwrap_err().attempts(), 8);
        world.elapsed()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn policies_that_make_no_sense_say_so() {
    assert!(std::panic::catch_unwind(|| steady().factor(0.5)).is_err());
    assert!(std::panic::catch_unwind(|| steady().factor(f64::NAN)).is_err());
    assert!(std::panic::catch_unwind(|| steady().attempts_max(0)).is_err());
}
