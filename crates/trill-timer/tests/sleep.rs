//! Sleeps: exact, in order, reset, moved and dropped.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::future::poll_fn;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::task::{Poll, Wake, Waker};
use std::time::Duration;

use common::{Count, Log, in_world, ms, poll_once, poll_with};
use trill_timer::{Sleep, sleep, sleep_until};
use trill_world::VirtualWorld;

#[test]
fn sleep_ends_at_its_deadline_to_the_nanosecond() {
    in_world(async {
        for nanos in [1, 63, 64, 65, 4095, 4096, 999_999_999, 86_400_000_000_001] {
            let deadline = trill_world::now() + Duration::from_nanos(nanos);
            sleep(Duration::from_nanos(nanos)).await;
            assert_eq!(trill_world::now(), deadline);
        }
    });
}

// Fault 36c
#[test]
fn sleep_is_never_early_on_the_real_clock() {
    trill_park::block_on(async {
        for micros in [0, 1, 50, 300, 1000] {
            let deadline = trill_world::now() + Duration::from_micros(micros);
            sleep_until(deadline).await;
            assert!(trill_world::now() >= deadline);
        }
    });
}

// Fault 36a
#[test]
fn delay_of_zero_and_past_deadlines_are_ready_at_once() {
    in_world(async {
        assert!(poll_once(&mut sleep(Duration::ZERO)).is_ready());
        let past = trill_world::now();
        sleep(ms(5)).await;
        assert!(poll_once(&mut sleep_until(past)).is_ready());
    });
}

#[test]
fn equal_deadlines_fire_in_the_order_of_arming() {
    // The way of a timer through the wheel depends on how far off it is and on how many share its bucket. An order that is
    // turned round on each step of that way comes out right on every second one of them.
    for crowd in [2, 3, 64, 65, 300] {
        for exponent in 1..50 {
            in_world(async {
                let log = Log::default();
                let delay = Duration::from_nanos((1 << exponent) + 1);
                let deadline = trill_world::now() + delay;
                let mut sleeps: Vec<_> = (0..crowd).map(|_| sleep_until(deadline)).collect();
                // Armed in another order than made.
                let order: Vec<_> = (0..crowd).map(|n| n * 7 % crowd).collect();
                for &id in &order {
                    assert!(poll_with(&mut sleeps[id], &log.waker(id)).is_pending());
                }
                sleep(delay + ms(1)).await;
                assert_eq!(log.take_ids(), order, "{crowd} in {delay:?}");
            });
        }
    }
}

#[test]
fn reset_counts_as_arming_anew() {
    in_world(async {
        let log = Log::default();
        let deadline = trill_world::now() + ms(5);
        let mut sleeps: Vec<_> = (0..3).map(|_| sleep_until(deadline)).collect();
        for (id, sleep) in sleeps.iter_mut().enumerate() {
            assert!(poll_with(sleep, &log.waker(id)).is_pending());
        }
        sleeps[0].reset(deadline);
        sleep(ms(6)).await;
        assert_eq!(log.take_ids(), [1, 2, 0]);
    });
}

#[test]
fn different_deadlines_fire_in_their_order() {
    in_world(async {
        let log = Log::default();
        let start = trill_world::now();
        let nanos = |id: u64| 1 + id * 7_919_777 % 100_003 * 1009;
        let mut sleeps: Vec<_> = (0..2000)
            .map(|id| sleep_until(start + Duration::from_nanos(nanos(id))))
            .collect();
        for (id, sleep) in sleeps.iter_mut().enumerate() {
            assert!(poll_with(sleep, &log.waker(id)).is_pending());
        }
        sleep(Duration::from_secs(1)).await;
        let woken = log.take();
        assert_eq!(woken.len(), 2000);
        for (id, at) in &woken {
            assert_eq!(*at, start + Duration::from_nanos(nanos(*id as u64)));
        }
        assert!(woken.windows(2).all(|pair| pair[0].1 <= pair[1].1));
    });
}

// Fault 37b
#[test]
fn what_the_clock_jumped_over_fires_in_the_order_of_deadlines() {
    let world = VirtualWorld::new(1);
    world.run(|| {
        trill_park::block_on(async {
            let log = Log::default();
            let start = trill_world::now();
            // Few and many: sorted at once, or level by level.
            for count in [10, 1000] {
                let nanos = |id: usize| 1 + (id * 7919 % 503) as u64 * 1009;
                let mut sleeps: Vec<_> = (0..count)
                    .map(|id| sleep(Duration::from_nanos(nanos(id))))
                    .collect();
                for (id, sleep) in sleeps.iter_mut().enumerate() {
                    assert!(poll_with(sleep, &log.waker(id)).is_pending());
                }
                world.advance(ms(50));
                sleep(ms(1)).await;
                let mut expected: Vec<_> = (0..count).collect();
                expected.sort_by_key(|id| nanos(*id));
                assert_eq!(log.take_ids(), expected);
            }
            assert_eq!(trill_world::now(), start + ms(102));
        });
    });
}

#[test]
fn nobody_wakes_up_for_a_cancelled_deadline() {
    in_world(async {
        let start = trill_world::now();
        // Close together, so that they lie in one bucket.
        let mut sleeps: Vec<_> = (0..20)
            .map(|n| sleep(Duration::from_secs(3600) + ms(n)))
            .collect();
        for sleep in &mut sleeps {
            assert!(poll_once(sleep).is_pending());
        }
        let mut last = sleeps.split_off(19);
        drop(sleeps);
        let mut polled_at = Vec::new();
        poll_fn(|cx| {
            polled_at.push(trill_world::now() - start);
            poll_with(&mut last[0], cx.waker())
        })
        .await;
        polled_at.dedup();
        let end = Duration::from_secs(3600) + ms(19);
        assert_eq!(polled_at, [Duration::ZERO, end]);
    });
}

// Fault 36a
#[test]
fn longest_delay_means_never() {
    in_world(async {
        let mut never = sleep(Duration::MAX);
        assert_eq!(never.deadline(), None);
        let (count, waker) = Count::new();
        assert!(poll_with(&mut never, &waker).is_pending());
        assert!(poll_with(&mut never, &waker).is_pending());
        sleep(Duration::from_secs(1 << 32)).await;
        assert_eq!(count.get(), 0);
        assert!(!never.is_elapsed());
        // It can still be given a deadline.
        never.reset(trill_world::now() + ms(1));
        sleep(ms(2)).await;
        assert_eq!(count.get(), 1);
        assert!(poll_with(&mut never, &waker).is_ready());
    });
}

// Fault 36a
#[test]
fn thousand_years_are_not_soon() {
    let world = VirtualWorld::new(1);
    world.run(|| {
        trill_park::block_on(async {
            let mut far = sleep(Duration::from_secs(1000 * 365 * 86_400));
            assert!(far.deadline().is_some());
            assert!(poll_once(&mut far).is_pending());
            sleep(ms(1)).await;
            assert!(poll_once(&mut far).is_pending());
        });
    });
    assert_eq!(world.elapsed(), ms(1));
}

#[test]
fn reset_to_earlier_wakes_earlier() {
    in_world(async {
        let log = Log::default();
        let start = trill_world::now();
        let mut sleeping = sleep(Duration::from_secs(10));
        assert!(poll_with(&mut sleeping, &log.waker(0)).is_pending());
        sleeping.reset(start + ms(3));
        sleep(ms(5)).await;
        assert_eq!(log.take(), [(0, start + ms(3))]);
        assert!(poll_once(&mut sleeping).is_ready());
    });
}

#[test]
fn reset_to_later_wakes_later_and_only_once() {
    in_world(async {
        let log = Log::default();
        let start = trill_world::now();
        let mut sleeping = sleep(ms(3));
        assert!(poll_with(&mut sleeping, &log.waker(0)).is_pending());
        sleeping.reset(start + ms(8));
        sleep(ms(5)).await;
        assert!(poll_with(&mut sleeping, &log.waker(0)).is_pending());
        assert_eq!(log.take(), []);
        sleep(ms(5)).await;
        assert_eq!(log.take(), [(0, start + ms(8))]);
    });
}

#[test]
fn reset_to_the_past_wakes_at_once() {
    in_world(async {
        let past = trill_world::now();
        sleep(ms(5)).await;
        let (count, waker) = Count::new();
        let mut sleeping = sleep(ms(5));
        assert!(poll_with(&mut sleeping, &waker).is_pending());
        sleeping.reset(past);
        assert_eq!(count.get(), 1);
        assert!(poll_with(&mut sleeping, &waker).is_ready());
    });
}

#[test]
fn ended_sleep_stays_ready_until_reset() {
    in_world(async {
        let mut sleeping = sleep(ms(1));
        (&mut sleeping).await;
        assert!(poll_once(&mut sleeping).is_ready());
        assert!(sleeping.is_elapsed());
        let deadline = trill_world::now() + ms(1);
        sleeping.reset(deadline);
        assert!(!sleeping.is_elapsed());
        sleeping.await;
        assert_eq!(trill_world::now(), deadline);
    });
}

#[test]
fn last_task_that_polled_is_woken() {
    in_world(async {
        let log = Log::default();
        let mut sleeping = sleep(ms(1));
        for id in 0..3 {
            assert!(poll_with(&mut sleeping, &log.waker(id)).is_pending());
        }
        sleep(ms(2)).await;
        assert_eq!(log.take_ids(), [2]);
    });
}

#[test]
fn dropped_sleep_wakes_nobody_and_holds_no_waker() {
    in_world(async {
        let (count, waker) = Count::new();
        let armed = |delay| {
            let mut sleep = sleep(delay);
            assert!(poll_with(&mut sleep, &waker).is_pending());
            sleep
        };
        drop(sleep(ms(1)));
        drop(armed(ms(1)));
        drop(armed(Duration::MAX));
        let mut reset = armed(ms(1));
        reset.reset(trill_world::now() + ms(2));
        drop(reset);
        sleep(ms(5)).await;
        assert_eq!(count.get(), 0);
        // One for `count`, one for `waker`.
        assert_eq!(Arc::strong_count(&count), 2);

        let fired = armed(ms(1));
        let mut done = armed(ms(1));
        sleep(ms(5)).await;
        assert_eq!((count.get(), Arc::strong_count(&count)), (2, 2));
        assert!(poll_with(&mut done, &waker).is_ready());
        drop((fired, done));
        assert_eq!((count.get(), Arc::strong_count(&count)), (2, 2));
    });
}

#[test]
fn slot_of_a_fired_sleep_is_not_taken_from_its_next_owner() {
    in_world(async {
        let (count, waker) = Count::new();
        let mut first = sleep(ms(1));
        assert!(poll_with(&mut first, &waker).is_pending());
        sleep(ms(2)).await;
        let mut second = sleep(ms(1));
        assert!(poll_with(&mut second, &waker).is_pending());
        // Fired long ago: neither of these may touch the slot, which is the second one's now.
        first.reset(trill_world::now() + Duration::from_secs(60));
        drop(first);
        sleep(ms(2)).await;
        assert_eq!(count.get(), 2);
    });
}

// Fault 6a, 21c
#[test]
fn panicking_waker_keeps_no_other_asleep() {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("expected");
        }
    }
    in_world(async {
        let log = Log::default();
        let mut sleeps: Vec<_> = (0..9).map(|_| sleep(ms(1))).collect();
        for (id, sleep) in sleeps.iter_mut().enumerate() {
            let waker = match id % 3 {
                1 => Waker::from(Arc::new(Panics)),
                _ => log.waker(id),
            };
            assert!(poll_with(sleep, &waker).is_pending());
        }
        sleep(ms(2)).await;
        assert_eq!(log.take_ids(), [0, 2, 3, 5, 6, 8]);
    });
}

// Fault 26c
#[test]
fn timers_may_be_armed_and_dropped_inside_a_waker() {
    use std::sync::Mutex;

    /// Arms a new sleep for itself, and drops the one before, each time it is woken.
    struct Again {
        sleep: Mutex<Option<Sleep>>,
        wakes: Mutex<usize>,
    }
    impl Wake for Again {
        fn wake(self: Arc<Self>) {
            *self.wakes.lock().unwrap() += 1;
            let mut next = sleep(Duration::from_nanos(1));
            assert!(poll_with(&mut next, &Waker::from(self.clone())).is_pending());
            *self.sleep.lock().unwrap() = Some(next);
        }
    }
    in_world(async {
        let again = Arc::new(Again {
            sleep: Mutex::default(),
            wakes: Mutex::default(),
        });
        again.clone().wake();
        sleep(Duration::from_nanos(1000)).await;
        // The last two are due together, and the test's own was armed first.
        let wakes = *again.wakes.lock().unwrap();
        assert!((1000..=1001).contains(&wakes), "{wakes}");
        let last = again.sleep.lock().unwrap().take();
        drop(last);
    });
}

#[test]
fn sleep_can_be_sent_shared_and_moved() {
    fn check<T>(_: &T)
    where
        T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + std::fmt::Debug + 'static,
    {
    }
    let sleeping = sleep(ms(1));
    check(&sleeping);
    assert!(format!("{sleeping:?}").contains("deadline"));
    assert_eq!(size_of::<Sleep>(), 32);
}

#[test]
#[should_panic(expected = "must be polled inside a trill_park::block_on")]
fn polling_in_a_simulated_world_outside_block_on_panics_clearly() {
    VirtualWorld::new(1).run(|| {
        let _ = poll_once(&mut sleep(ms(1)));
    });
}

#[test]
fn setting_and_dropping_outside_block_on_work_in_a_simulated_world() {
    VirtualWorld::new(1).run(|| {
        let mut sleeping = sleep(ms(5));
        let (count, waker) = Count::new();
        trill_park::block_on(async { assert!(poll_with(&mut sleeping, &waker).is_pending()) });
        let deadline = trill_world::now() + ms(1);
        sleeping.reset(deadline);
        let dropped = sleep(Duration::MAX);
        drop(dropped);
        trill_park::block_on(async {
            sleep(ms(2)).await;
            assert_eq!(count.get(), 1);
            assert_eq!(poll_with(&mut sleeping, &waker), Poll::Ready(()));
        });
    });
}
