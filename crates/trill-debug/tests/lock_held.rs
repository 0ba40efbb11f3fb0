//! Locks that are held across a long await are found, at their end or while somebody is polled.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use common::{LIMIT, NANO, found_of, listen, run_task};
use trill_debug::Finding;
use trill_executor::{Executor, yield_now};
use trill_park::block_on;
use trill_sync::{Condvar, FairMutex, Mutex, RwLock, Semaphore};
use trill_timer::sleep;
use trill_world::VirtualWorld;

/// The line of the lock, for how long it was held, and whether it still is.
fn holds(name: &str) -> Vec<(u32, Duration, bool)> {
    let found = found_of(name);
    let hold = |finding: &Finding| match finding {
        Finding::LockHeld {
            at, held, still, ..
        } => {
            assert_eq!(at.file(), file!());
            (at.line(), *held, *still)
        }
        other => panic!("{other:?}"),
    };
    found.iter().map(hold).collect()
}

#[test]
fn lock_held_across_a_long_await_is_found_where_it_was_taken() {
    listen();
    run_task("holds", |_| async {
        let mutex = Mutex::new(());
        let guard = mutex.lock().await;
        sleep(LIMIT).await;
        drop(guard);
    });
    assert_eq!(holds("holds"), [(line!() - 4, LIMIT, false)]);
    let text = found_of("holds")[0].to_string();
    for part in ["\"holds\"", "lock_held.rs", "held", "100.0ms"] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
}

#[test]
fn every_kind_of_lock_is_watched() {
    listen();
    run_task("holds all kinds", |_| async {
        let mutex = Arc::new(Mutex::new(()));
        let fair = Arc::new(FairMutex::new(()));
        let lock = Arc::new(RwLock::new(()));
        {
            let _guard = mutex.lock_arc().await;
            sleep(LIMIT).await;
        }
        {
            let _guard = fair.lock().await;
            sleep(LIMIT).await;
        }
        {
            let _guard = fair.lock_arc().await;
            sleep(LIMIT).await;
        }
        {
            let _guards = (lock.read().await, lock.read_arc().await);
            sleep(LIMIT).await;
        }
        {
            let _guard = lock.write().await;
            sleep(LIMIT).await;
        }
        {
            let _guard = lock.write_arc().await;
            sleep(LIMIT).await;
        }
    });
    let holds = holds("holds all kinds");
    assert_eq!(holds.len(), 7, "{holds:?}");
    assert!(holds.iter().all(|hold| (hold.1, hold.2) == (LIMIT, false)));
}

#[test]
fn lock_that_was_tried_for_is_watched() {
    listen();
    let first = line!() + 3;
    run_task("tries", |_| async {
        let (mutex, fair, lock) = (Mutex::new(()), FairMutex::new(()), RwLock::new(()));
        let guards = (mutex.try_lock(), fair.try_lock(), lock.try_read());
        // What was not taken is not held.
        assert!(mutex.try_lock().is_none() && lock.try_write().is_none());
        sleep(LIMIT).await;
        drop(guards);
    });
    let lines: Vec<_> = holds("tries").iter().map(|hold| hold.0 - first).collect();
    assert_eq!(lines, [0, 0, 0]);
}

#[test]
fn lock_that_is_still_held_is_found_when_another_task_is_polled() {
    listen();
    let world = VirtualWorld::new(7);
    world.run(|| {
        let ex = Executor::new();
        let holder = ex.builder().name("holds for ever").spawn(async {
            let mutex = Mutex::new(());
            let _guard = mutex.lock().await;
            pending::<()>().await;
        });
        block_on(ex.run(ex.spawn(async {
            for _ in 0..10 {
                sleep(LIMIT / 2).await;
            }
        })));
        // Once, however long it takes, and not again at the end.
        assert_eq!(holds("holds for ever"), [(line!() - 9, LIMIT, true)]);
        drop(holder);
        while ex.try_tick() {}
    });
    assert_eq!(holds("holds for ever").len(), 1);
}

#[test]
fn many_short_waits_with_a_lock_are_a_long_one() {
    listen();
    run_task("holds on", |_| async {
        let mutex = Mutex::new(());
        let _guard = mutex.lock().await;
        for _ in 0..3 {
            sleep(LIMIT / 2).await;
        }
    });
    assert_eq!(holds("holds on").len(), 1);
}

#[test]
fn guard_that_is_given_away_is_known_by_who_took_the_lock() {
    listen();
    let world = VirtualWorld::new(7);
    world.run(|| {
        let ex = Executor::new();
        let mutex = Arc::new(Mutex::new(()));
        let (send, receive) = trill_sync::channel::bounded(1);
        let taker = ex.builder().name("takes").spawn(async move {
            let guard = mutex.lock_arc().await;
            send.send(guard).await.ok();
        });
        let keeper = ex.builder().name("keeps").spawn(async move {
            let _guard = receive.recv().await.unwrap();
            sleep(LIMIT).await;
        });
        block_on(ex.run(async {
            taker.await;
            keeper.await;
        }));
    });
    assert_eq!(holds("takes").len(), 1);
    assert!(holds("keeps").is_empty());
}

#[test]
fn short_holds_and_long_waits_without_a_lock_are_not() {
    listen();
    run_task("is brief", |_| async {
        let (mutex, condvar) = (Mutex::new(0), Condvar::new());
        for _ in 0..100 {
            let guard = mutex.lock().await;
            sleep(LIMIT - NANO).await;
            drop(guard);
            sleep(LIMIT * 10).await;
        }
        // A condition unlocks while it waits.
        let wait = async {
            let guard = mutex.lock().await;
            drop(condvar.wait(guard).await);
        };
        let notify = async {
            sleep(LIMIT * 10).await;
            condvar.notify_one();
        };
        let (mut wait, mut notify) = (Box::pin(wait), Box::pin(notify));
        std::future::poll_fn(|cx| {
            let notified = notify.as_mut().poll(cx);
            wait.as_mut().poll(cx).map(|()| notified.is_ready())
        })
        .await;
        // Permits are there to be held.
        let semaphore = Semaphore::new(1);
        let _permit = semaphore.acquire().await;
        sleep(LIMIT * 10).await;
    });
    let found = found_of("is brief");
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn lock_held_in_a_long_poll_without_an_await_is_a_slow_poll_only() {
    listen();
    run_task("computes", |world| async move {
        let mutex = Mutex::new(());
        let guard = mutex.lock().await;
        world.advance(LIMIT);
        drop(guard);
        yield_now().await;
    });
    let found = found_of("computes");
    assert!(matches!(found[..], [Finding::SlowPoll { .. }]), "{found:?}");
}
