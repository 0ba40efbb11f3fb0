//! Deadlines far away, clocks that have come far, and worlds whose clock costs nothing.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};

use common::{Count, Log, ms, poll_once, poll_with};
use trill_park::block_on;
use trill_timer::{Sleep, interval, sleep, sleep_until, timeout};
use trill_world::{Body, Simulate, Spot, VirtualWorld, World};

const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// A virtual world that counts how often its threads park.
#[derive(Debug)]
struct CountsParks {
    inner: Arc<dyn Simulate>,
    parks: AtomicU64,
}

impl Simulate for CountsParks {
    fn origin(&self) -> Instant {
        self.inner.origin()
    }

    fn now(&self) -> Instant {
        self.inner.now()
    }

    fn system_time(&self) -> SystemTime {
        self.inner.system_time()
    }

    fn random(&self, stream: &'static str) -> u64 {
        self.inner.random(stream)
    }

    fn pick(&self, n: usize) -> usize {
        self.inner.pick(n)
    }

    fn start_thread(&self, name: String, body: Body) -> io::Result<()> {
        self.inner.start_thread(name, body)
    }

    fn thread_entered(&self) {
        self.inner.thread_entered();
    }

    fn thread_left(&self) {
        self.inner.thread_left();
    }

    fn park(&self, spot: Spot, until: Option<Instant>) {
        self.parks.fetch_add(1, Ordering::Relaxed);
        self.inner.park(spot, until);
    }

    fn unpark(&self, spot: Spot) {
        self.inner.unpark(spot);
    }
}

/// Runs `future` in a fresh virtual world; returns what it returns, and how often it parked.
fn counting_parks<T>(future: impl Future<Output = T>) -> (T, u64) {
    let inner = VirtualWorld::new(1).world().simulation().unwrap().clone();
    let world = Arc::new(CountsParks {
        inner,
        parks: AtomicU64::new(0),
    });
    let output = {
        let _entered = World::simulated(world.clone()).enter();
        block_on(future)
    };
    (output, world.parks.load(Ordering::Relaxed))
}

// Behaviour 3: deadlines years away neither overflow nor spin.
#[test]
fn a_wait_of_years_parks_a_handful_of_times() {
    for years in [1, 10, 100, 292, 293, 583] {
        let ((), parks) = counting_parks(async {
            let start = trill_world::now();
            sleep(YEAR * years).await;
            assert_eq!(trill_world::now(), start + YEAR * years);
        });
        // The wheel may look once for each of its levels.
        assert!(parks <= 12, "{parks} parks in {years} years");
    }
}

// Behaviour 3: nor does a far deadline cost anything while nearer ones are served.
#[test]
fn far_deadlines_cost_no_park_of_their_own() {
    let ((), parks) = counting_parks(async {
        let mut far: Vec<_> = (1..=1000).map(|n| sleep(YEAR * n)).collect();
        let mut never = sleep(Duration::MAX);
        assert!(far.iter_mut().all(|it| poll_once(it).is_pending()));
        assert!(poll_once(&mut never).is_pending());
        for _ in 0..100 {
            sleep(ms(10)).await;
        }
        assert!(far.iter_mut().all(|it| poll_once(it).is_pending()));
    });
    assert_eq!(parks, 100);
}

// Behaviour 3: clocks with huge values. The wheel is made at the origin and used there, or made late.
// Fault 37c
#[test]
fn timers_are_exact_however_far_the_clock_has_come() {
    for used_before in [false, true] {
        for jump in [
            YEAR,
            YEAR * 100,
            // Nanoseconds in 63 bits end after 292 years, in 64 after 584.
            YEAR * 292,
            YEAR * 293,
            YEAR * 580,
        ] {
            let world = VirtualWorld::new(1);
            world.run(|| {
                block_on(async {
                    if used_before {
                        sleep(ms(1)).await;
                    }
                    world.advance(jump);
                    for nanos in [1, 64, 4096, 999_999_999, 86_400_000_000_001] {
                        let deadline = trill_world::now() + Duration::from_nanos(nanos);
                        sleep_until(deadline).await;
                        assert_eq!(trill_world::now(), deadline, "after {jump:?}");
                    }
                    let log = Log::default();
                    let deadline = trill_world::now() + ms(5);
                    let mut equal: Vec<Sleep> = (0..10).map(|_| sleep_until(deadline)).collect();
                    for (id, sleep) in equal.iter_mut().enumerate() {
                        assert!(poll_with(sleep, &log.waker(id)).is_pending());
                    }
                    sleep(ms(6)).await;
                    assert_eq!(log.take_ids(), (0..10).collect::<Vec<_>>());
                    let late = timeout(ms(1), std::future::pending::<()>()).await;
                    assert!(late.is_err());
                    let mut ticks = interval(YEAR);
                    ticks.tick().await;
                    let first = trill_world::now();
                    ticks.tick().await;
                    assert_eq!(trill_world::now() - first, YEAR);
                });
            });
        }
    }
}

// Behaviour 3: a clock that jumps over everything fires everything once, and never early.
// Fault 37b
#[test]
fn a_clock_that_jumps_by_centuries_fires_what_it_passed_and_nothing_else() {
    let world = VirtualWorld::new(1);
    world.run(|| {
        block_on(async {
            let start = trill_world::now();
            let (count, waker) = Count::new();
            let mut sleeps: Vec<_> = (1..=500).map(|n| sleep_until(start + YEAR * n)).collect();
            for sleep in &mut sleeps {
                assert!(poll_with(sleep, &waker).is_pending());
            }
            for passed in [1, 100, 292, 293, 499, 500] {
                world.advance(start + YEAR * passed - trill_world::now());
                sleep(ms(1)).await;
                assert_eq!(count.get(), passed as usize);
            }
        });
    });
}

// What the crate's page says of its wheels: they count 584 years, and what lies beyond rings at their end. It neither
// overflows into the past, nor spins, nor waits for ever. Only a virtual clock gets there.
// Fault 36a
#[test]
fn deadlines_beyond_584_years_ring_at_the_end_of_the_wheel_and_spin_neither_before_nor_after() {
    let ((), parks) = counting_parks(async {
        let start = trill_world::now();
        sleep(YEAR * 10_000).await;
        let slept = trill_world::now() - start;
        assert!((YEAR * 580..YEAR * 585).contains(&slept), "{slept:?}");
        for delay in [ms(1), YEAR, YEAR * 10_000] {
            sleep(delay).await;
        }
    });
    assert!(parks <= 20, "{parks} parks");
}

// Behaviour 3: with a virtual clock no real time passes. A century of waiting takes a few polls, which are counted.
#[test]
fn a_century_of_ticks_takes_one_park_each() {
    let ((), parks) = counting_parks(async {
        let mut polls = 0;
        let mut ticks = interval(YEAR);
        for _ in 0..101 {
            let mut tick = ticks.tick();
            std::future::poll_fn(|cx| {
                polls += 1;
                match Pin::new(&mut tick).poll(cx) {
                    Poll::Ready(_) => Poll::Ready(()),
                    Poll::Pending => Poll::Pending,
                }
            })
            .await;
        }
        assert!(polls <= 202, "{polls} polls");
    });
    assert!((100..=300).contains(&parks), "{parks} parks");
}
