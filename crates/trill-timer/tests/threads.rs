//! Timers of several threads: moved, reset and dropped elsewhere, and served by the attendant.
#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![allow(clippy::disallowed_methods)] // Threads outside any world are what is tested.

mod common;

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use common::{ATTENDANT, Count, caller, in_world, ms, poll_once, poll_with};
use trill_timer::{Sleep, Timer, sleep, timeout};
use trill_world::{VirtualWorld, start_thread};

#[test]
fn timer_of_a_thread_that_left_block_on_fires_in_the_attendant() {
    let (waker, calls) = caller();
    let mut sleeping = sleep(ms(2));
    trill_park::block_on(async { assert!(poll_with(&mut sleeping, &waker).is_pending()) });
    assert_eq!(calls.recv().unwrap().as_deref(), Some(ATTENDANT));
    assert!(sleeping.is_elapsed());
}

#[test]
fn timer_of_a_stuck_thread_fires_in_the_attendant() {
    trill_park::block_on(async {
        let (waker, calls) = caller();
        let mut sleeping = sleep(ms(2));
        assert!(poll_with(&mut sleeping, &waker).is_pending());
        // Stuck in this poll until the timer fires, which only another thread can do.
        assert_eq!(calls.recv().unwrap().as_deref(), Some(ATTENDANT));
        assert!(poll_once(&mut sleeping).is_ready());
    });
}

#[test]
fn timer_follows_the_thread_that_polls_it() {
    // Were it left where it was first polled, nobody would fire it: the world panics when all wait for nothing.
    let world = VirtualWorld::new(1);
    let (done, wait) = mpsc::channel();
    world.run(|| {
        let start = trill_world::now();
        let mut sleeping = sleep(ms(5));
        let mut limited = timeout(ms(9), std::future::pending::<()>());
        trill_park::block_on(async {
            assert!(poll_once(&mut sleeping).is_pending());
            assert!(poll_once(&mut limited).is_pending());
        });
        start_thread("other", move || {
            trill_park::block_on(async {
                sleeping.await;
                assert_eq!(trill_world::now(), start + ms(5));
                assert!(limited.await.is_err());
                assert_eq!(trill_world::now(), start + ms(9));
            });
            done.send(()).unwrap();
        })
        .unwrap();
    });
    wait.recv().unwrap();
}

#[test]
fn timer_dropped_by_another_thread_is_gone() {
    let (count, waker) = Count::new();
    let dropped = in_world(async {
        let mut sleeping = sleep(ms(1));
        assert!(poll_with(&mut sleeping, &waker).is_pending());
        let dropping = thread::spawn(move || drop(sleeping));
        let dropped = dropping.join().is_ok();
        sleep(ms(5)).await;
        dropped
    });
    assert!(dropped);
    assert_eq!((count.get(), Arc::strong_count(&count)), (0, 2));
}

#[test]
fn task_is_woken_by_what_another_thread_sets() {
    for foreign in [false, true] {
        let timer = Arc::new(Mutex::new(Timer::never()));
        let polled = Arc::new(Barrier::new(2));
        let waiting = {
            let (timer, polled) = (timer.clone(), polled.clone());
            thread::spawn(move || {
                let mut first = true;
                let fired = poll_fn(|cx| {
                    let mut timer = timer.lock().unwrap();
                    let poll = Pin::new(&mut *timer).poll(cx);
                    drop(timer);
                    if std::mem::take(&mut first) {
                        polled.wait();
                    }
                    poll
                });
                match foreign {
                    true => futures_lite::future::block_on(fired),
                    false => trill_park::block_on(fired),
                }
            })
        };
        polled.wait();
        let deadline = trill_world::now() + ms(2);
        // Two steps: from never to far, and from far to near.
        timer.lock().unwrap().set_after(Duration::from_secs(3600));
        timer.lock().unwrap().set_at(deadline);
        assert_eq!(waiting.join().unwrap(), deadline);
    }
}

// Fault 34a
#[test]
fn nested_block_on_serves_the_same_timers() {
    in_world(async {
        let (count, waker) = Count::new();
        let mut outer = sleep(ms(1));
        assert!(poll_with(&mut outer, &waker).is_pending());
        trill_park::block_on(sleep(ms(2)));
        assert_eq!(count.get(), 1);
        outer.await;
    });
}

#[test]
fn timers_thrown_between_threads_are_neither_lost_nor_early() {
    const THREADS: usize = 4;
    const TURNS: usize = 2000;

    let table: Arc<Vec<Mutex<Option<Sleep>>>> =
        Arc::new((0..16).map(|_| Mutex::default()).collect());
    let ended = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let (table, ended) = (table.clone(), ended.clone());
            thread::spawn(move || {
                trill_park::block_on(async {
                    for turn in 0..TURNS {
                        let random = turn.wrapping_mul(0x9E37_79B9).wrapping_add(thread * 7919);
                        let mut sleeping = sleep(Duration::from_nanos((random % 200_000) as u64));
                        if random & 1 == 0 {
                            let _ = poll_once(&mut sleeping);
                        }
                        let other = table[random / 7 % 16].lock().unwrap().replace(sleeping);
                        // What another thread has armed is waited for, reset or dropped here.
                        let Some(mut other) = other else { continue };
                        match random / 64 % 3 {
                            0 => {
                                let deadline = other.deadline().unwrap();
                                other.await;
                                assert!(trill_world::now() >= deadline);
                                ended.fetch_add(1, Ordering::Relaxed);
                            }
                            1 => other.reset(trill_world::now()),
                            _ => drop(other),
                        }
                    }
                });
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert!(ended.load(Ordering::Relaxed) > TURNS);
}
