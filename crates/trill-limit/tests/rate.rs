//! A rate limiter never lets through more than its rate, wastes none of it, and keeps the order.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::cell::RefCell;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_lite::FutureExt;
use support::{Count, below, in_world, ms, panicking_waker, poll_once, poll_with};
use trill_executor::LocalExecutor;
use trill_limit::{RateLimiter, TryAcquireRateError};
use trill_timer::sleep;
use trill_world::VirtualWorld;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn permits_come_evenly_spaced_after_the_burst() {
    let world = VirtualWorld::new(1);
    world.run(|| {
        trill_park::block_on(async {
            let limiter = RateLimiter::new(10, SECOND).burst(3);
            let mut times = Vec::new();
            for _ in 0..6 {
                limiter.acquire(1).await.unwrap();
                times.push(world.elapsed());
            }
            assert_eq!(times, [0, 0, 0, 100, 200, 300].map(ms));
            // A rest saves up no more than the burst.
            sleep(SECOND * 3600).await;
            limiter.acquire(3).await.unwrap();
            let before = world.elapsed();
            limiter.acquire(2).await.unwrap();
            assert_eq!(world.elapsed() - before, ms(200));
        });
    });
}

#[test]
fn more_than_the_burst_is_an_error_that_says_what_to_do() {
    in_world(async {
        let limiter = RateLimiter::new(10, SECOND).burst(3);
        let refused = limiter.acquire(4).await.unwrap_err();
        assert_eq!((refused.asked(), refused.burst()), (4, 3));
        assert_eq!(
            refused.to_string(),
            "4 permits were asked for at once, and the burst is 3: \
             acquire at most that many at a time, or make the limiter with `burst(4)`"
        );
        assert_eq!(
            limiter.try_acquire(4),
            Err(TryAcquireRateError::BurstExceeded(refused))
        );
        // It took nothing.
        assert_eq!(limiter.try_acquire(3), Ok(()));
    });
}

#[test]
fn zero_permits_cost_nothing_but_a_turn() {
    in_world(async {
        let limiter = RateLimiter::new(1, SECOND);
        limiter.acquire(0).await.unwrap();
        limiter.acquire(1).await.unwrap();
        assert_eq!(limiter.try_acquire(0), Ok(()));
        let mut first = limiter.acquire(1);
        assert!(poll_once(&mut first).is_pending());
        assert!(limiter.try_acquire(0).is_err());
    });
}

#[test]
fn try_acquire_names_the_moment_that_counts_those_in_line() {
    let world = VirtualWorld::new(1);
    world.run(|| {
        trill_park::block_on(async {
            let limiter = RateLimiter::new(10, SECOND).burst(2);
            assert_eq!(limiter.try_acquire(2), Ok(()));
            let mut waiting = [limiter.acquire(2), limiter.acquire(1)];
            waiting
                .iter_mut()
                .for_each(|it| assert!(poll_once(it).is_pending()));
            let Err(TryAcquireRateError::TooSoon { retry_after }) = limiter.try_acquire(1) else {
                panic!("two are in line");
            };
            assert_eq!(retry_after, ms(400));
            for future in waiting {
                future.await.unwrap();
            }
            assert_eq!(world.elapsed(), ms(300));
            sleep(ms(100)).await;
            assert_eq!(limiter.try_acquire(1), Ok(()));
        });
    });
}

#[test]
fn many_permits_at_the_front_hold_up_few_behind() {
    in_world(async {
        let limiter = RateLimiter::new(10, SECOND).burst(5);
        limiter.acquire(5).await.unwrap();
        let mut waiting: Vec<_> = [5, 1, 3, 1].map(|count| limiter.acquire(count)).into();
        for future in &mut waiting {
            assert!(poll_once(future).is_pending());
        }
        // Time enough for the small ones, and still they come after the large one.
        sleep(ms(300)).await;
        assert!(waiting[1..].iter_mut().all(|it| poll_once(it).is_pending()));
        sleep(ms(200)).await;
        assert!(poll_once(&mut waiting[2]).is_pending());
        for future in waiting {
            future.await.unwrap();
        }
        assert_eq!(limiter.waiting(), 0);
    });
}

#[test]
fn a_dropped_waiter_gives_back_its_place() {
    let world = VirtualWorld::new(1);
    world.run(|| {
        trill_park::block_on(async {
            let limiter = RateLimiter::new(10, SECOND);
            limiter.acquire(1).await.unwrap();
            let mut first = limiter.acquire(1);
            let mut second = limiter.acquire(1);
            let mut third = limiter.acquire(1);
            let (count, waker) = Count::new();
            assert!(poll_once(&mut first).is_pending());
            assert!(poll_once(&mut second).is_pending());
            assert!(poll_with(&mut third, &waker).is_pending());
            drop(second);
            assert_eq!(count.get(), 0);
            drop(first);
            assert_eq!(count.get(), 1);
            // It comes at the time that was the first one's.
            third.await.unwrap();
            assert_eq!(world.elapsed(), ms(100));
        });
    });
}

#[test]
fn the_first_in_line_that_panics_when_woken_holds_up_nobody() {
    in_world(async {
        let limiter = RateLimiter::new(10, SECOND);
        limiter.acquire(1).await.unwrap();
        let mut first = limiter.acquire(1);
        assert!(poll_once(&mut first).is_pending());
        let mut bad = limiter.acquire(1);
        assert!(poll_with(&mut bad, &panicking_waker()).is_pending());
        let mut good = limiter.acquire(1);
        assert!(poll_once(&mut good).is_pending());
        first.await.unwrap();
        drop(bad);
        good.await.unwrap();
    });
}

#[test]
fn a_static_limiter_counts_from_its_first_use() {
    static LIMITER: RateLimiter = RateLimiter::new(2, Duration::from_secs(1));
    let world = VirtualWorld::new(1);
    world.run(|| {
        trill_park::block_on(async {
            sleep(SECOND * 10).await;
            LIMITER.acquire(1).await.unwrap();
            LIMITER.acquire(1).await.unwrap();
        });
    });
    assert_eq!(world.elapsed(), SECOND * 10 + ms(500));
}

#[test]
fn a_period_that_no_instant_can_hold_is_waited_for_without_a_panic() {
    in_world(async {
        let limiter = RateLimiter::new(1, Duration::MAX);
        limiter.acquire(1).await.unwrap();
        let waited = async { limiter.acquire(1).await.is_ok() };
        let gave_up = async {
            sleep(SECOND * 3600 * 24 * 365).await;
            false
        };
        assert!(!waited.or(gave_up).await);
    });
}

#[test]
fn a_limiter_without_permits_or_period_says_where_it_was_made() {
    for make in [
        || RateLimiter::new(0, Duration::from_secs(1)),
        || RateLimiter::new(1, Duration::ZERO),
        || RateLimiter::new(1, Duration::from_secs(1)).burst(0),
    ] {
        assert!(std::panic::catch_unwind(make).is_err());
    }
}

/// When each of a run's requests was granted, and for how many permits.
type Grants = Vec<(Instant, u32)>;

/// Tasks of all kinds at one limiter, with drops at random moments.
fn run(seed: u64, permits: u32, period: Duration, burst: u32) -> Grants {
    VirtualWorld::new(seed).run(|| {
        let limiter = RateLimiter::new(permits, period).burst(burst);
        let grants = RefCell::new(Grants::new());
        let ex = LocalExecutor::new();
        let mut tasks = Vec::new();
        ex.spawn_many(
            (0..5).map(|_| async {
                for _ in 0..3 {
                    let count = below(burst as usize) as u32 + 1;
                    let wait = async {
                        limiter.acquire(count).await.unwrap();
                        grants.borrow_mut().push((trill_world::now(), count));
                    };
                    match below(3) {
                        // A pause, so that the line is empty at times.
                        0 => sleep(period * below(5) as u32 / 2).await,
                        // Drops the waiter at a random moment.
                        1 => {
                            wait.or(async { sleep(period * below(9) as u32 / 4).await })
                                .await
                        }
                        _ => wait.await,
                    }
                }
            }),
            &mut tasks,
        );
        trill_park::block_on(ex.run(async {
            for task in tasks {
                task.await;
            }
        }));
        drop(ex);
        assert_eq!(limiter.waiting(), 0);
        grants.into_inner()
    })
}

#[test]
fn no_window_has_more_than_its_burst_and_its_share() {
    for seed in 0..10_000 {
        let world = VirtualWorld::new(seed);
        let (permits, nanos, burst) = world.run(|| {
            (
                below(7) as u32 + 1,
                below(1_000_000_000) as u64 + 1,
                below(4) as u32 + 1,
            )
        });
        let grants = run(seed, permits, Duration::from_nanos(nanos), burst);
        for begin in 0..grants.len() {
            let mut count = 0;
            for &(end, more) in &grants[begin..] {
                count += u128::from(more);
                let window = end.duration_since(grants[begin].0).as_nanos();
                let allowed = u128::from(burst) + window * u128::from(permits) / u128::from(nanos);
                assert!(
                    count <= allowed,
                    "seed {seed}: {count} of {allowed} in {window} ns"
                );
            }
        }
    }
}

#[test]
fn a_seed_repeats_to_the_nanosecond() {
    let times = |seed| {
        let grants = run(seed, 3, SECOND, 2);
        let begin = grants[0].0;
        grants
            .iter()
            .map(|(at, count)| (*at - begin, *count))
            .collect::<Vec<_>>()
    };
    assert_eq!(times(5), times(5));
    assert_ne!(times(5), times(6));
}

#[test]
fn waiters_use_the_whole_rate_whatever_leaves_the_line() {
    for seed in 0..300 {
        let world = VirtualWorld::new(seed);
        world.run(|| {
            trill_park::block_on(async {
                let limiter = RateLimiter::new(10, SECOND).burst(2);
                limiter.acquire(2).await.unwrap();
                let mut waiting: Vec<_> = (0..10).map(|_| limiter.acquire(1)).collect();
                for future in &mut waiting {
                    assert!(matches!(poll_once(future), Poll::Pending));
                }
                let gone = below(9);
                for _ in 0..gone {
                    drop(waiting.remove(below(waiting.len())));
                }
                let left = waiting.len() as u64;
                for future in waiting {
                    future.await.unwrap();
                }
                // The last of them comes as if those who left had never been there.
                assert_eq!(world.elapsed(), ms(100 * left));
            });
        });
    }
}
