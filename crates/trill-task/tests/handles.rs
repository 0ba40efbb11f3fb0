//! `join_all`, `try_join_all`, `wait`: tasks' handles, owned and not.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod help;

use std::future::pending;
use std::panic::Location;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use help::{Alive, Gate, in_world, poll_once, text_of, turns};
use trill_cell::{Header, Kind, Spawned};
use trill_executor::{Executor, Task, ambient};
use trill_task::{
    TaskHandle, Until, as_completed, gather, join_all, map_concurrent, race, try_gather,
    try_join_all, wait,
};
use trill_timer::{sleep, timeout};

const MS: Duration = Duration::from_millis(1);

/// Spawns on the executor that polls here.
fn spawn<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> Task<T> {
    ambient::spawn(future).ok().unwrap()
}

// Behaviour 18: results in argument order.
#[test]
fn joined_ends_come_in_the_order_of_the_handles() {
    let ends = in_world(1, async {
        join_all([20, 5, 10].map(|ms| {
            spawn(async move {
                sleep(MS * ms).await;
                if ms == 5 {
                    panic!("five");
                }
                ms
            })
        }))
        .await
    });
    assert_eq!(ends[0].as_ref().unwrap(), &20);
    assert!(ends[1].as_ref().unwrap_err().is_panic());
    assert_eq!(ends[2].as_ref().unwrap(), &10);
}

// Behaviour 18: empty input is ready at once.
#[test]
fn no_handles_are_ready_in_the_first_poll() {
    assert!(poll_once(pin!(join_all::<u8>([]))).is_ready());
    assert!(poll_once(pin!(try_join_all::<u8, u8>([]))).is_ready());
    for until in [Until::FirstCompleted, Until::FirstFailed, Until::All] {
        let mut none: [TaskHandle<u8>; 0] = [];
        assert!(poll_once(pin!(wait(&mut none, until, None))).is_ready());
    }
}

// Behaviour 18: dropping the combined future cancels all.
#[test]
fn dropping_the_joined_cancels_all_tasks() {
    let alive = Alive::new();
    in_world(1, async {
        let tasks = || {
            let alive = alive.clone();
            (0..3).map(move |_| {
                let one = alive.one();
                spawn(async move {
                    let _one = one;
                    pending::<Result<(), ()>>().await
                })
            })
        };
        let mut all = Box::pin(join_all(tasks()));
        assert!(poll_once(all.as_mut()).is_pending());
        drop(all);
        turns(10).await;
        assert_eq!(alive.count(), 0);
        let mut all = Box::pin(try_join_all(tasks()));
        assert!(poll_once(all.as_mut()).is_pending());
        drop(all);
        turns(10).await;
        assert_eq!(alive.count(), 0);
    });
}

// Behaviour 18: the owning form cancels the siblings and awaits them.
#[test]
fn first_failure_cancels_the_others_and_awaits_their_end() {
    for seed in 0..50 {
        let alive = Alive::new();
        in_world(seed, async {
            let mut tasks: Vec<_> = (0..4)
                .map(|_| {
                    let one = alive.one();
                    spawn(async move {
                        let _one = one;
                        pending::<Result<u8, &str>>().await
                    })
                })
                .collect();
            tasks.push(spawn(async {
                sleep(MS).await;
                Err("no")
            }));
            let failure = try_join_all(tasks).await.unwrap_err();
            assert_eq!(alive.count(), 0);
            assert_eq!(failure.into_error().unwrap(), "no");
        });
    }
}

#[test]
fn panics_and_cancellations_are_failures_of_the_owning_form() {
    in_world(1, async {
        let panics = spawn(async {
            if true {
                panic!("no luck");
            }
            Ok::<u8, u8>(1)
        });
        let failure = try_join_all([panics, spawn(pending())]).await.unwrap_err();
        assert!(!failure.is_cancelled());
        assert_eq!(text_of(&*failure.into_panic().unwrap()), "no luck");
    });
    let ex = Executor::new();
    let gone = ex.spawn(pending::<Result<u8, u8>>());
    drop(ex);
    let failure = trill_park::block_on(try_join_all([gone])).unwrap_err();
    assert!(failure.is_cancelled());
    assert!(failure.into_error().unwrap_err().into_panic().is_err());
}

// Behaviour 18: the non-owning form returns at the first error, the siblings run on, and a later error is not lost.
#[test]
fn non_owning_form_leaves_the_siblings_running_and_keeps_their_errors() {
    in_world(1, async {
        let mut handles = [10, 5, 20, 15].map(|ms| {
            TaskHandle::of_result(spawn(async move {
                sleep(MS * ms).await;
                if ms % 2 == 1 { Err(ms) } else { Ok(ms) }
            }))
        });
        let waited = wait(&mut handles, Until::FirstFailed, None).await;
        assert_eq!((waited.done, waited.pending), (vec![1], vec![0, 2, 3]));
        let waited = wait(&mut handles, Until::All, None).await;
        assert_eq!((waited.done, waited.pending), (vec![0, 1, 2, 3], vec![]));
        let mut ends = Vec::new();
        for handle in handles {
            ends.push(handle.await.unwrap());
        }
        assert_eq!(ends, [Ok(10), Err(5), Ok(20), Err(15)]);
    });
}

#[test]
fn wait_returns_at_the_first_end_the_first_failure_or_the_last_end() {
    for (until, ms) in [
        (Until::FirstCompleted, 5),
        (Until::FirstFailed, 10),
        (Until::All, 20),
    ] {
        in_world(1, async {
            let start = trill_world::now();
            let mut handles = [20, 10, 5].map(|ms| {
                TaskHandle::new(spawn(async move {
                    sleep(MS * ms).await;
                    assert_ne!(ms, 10, "ten");
                }))
            });
            let waited = wait(&mut handles, until, None).await;
            assert_eq!(trill_world::now() - start, MS * ms);
            assert_eq!(waited.done.len() + waited.pending.len(), 3);
        });
    }
}

#[test]
fn cancelled_task_has_ended_and_not_failed() {
    let ex = Executor::new();
    let mut handles = [TaskHandle::new(ex.spawn(pending::<()>()))];
    drop(ex);
    let waited = trill_park::block_on(wait(&mut handles, Until::FirstFailed, None));
    // All have ended, which is why it returned.
    assert_eq!(waited.done, [0]);
    assert!(
        handles[0]
            .result()
            .unwrap()
            .as_ref()
            .unwrap_err()
            .is_cancelled()
    );
}

#[test]
fn timeout_and_drop_of_wait_cancel_nothing() {
    in_world(1, async {
        let start = trill_world::now();
        let mut handles = [10, 20].map(|ms| {
            TaskHandle::new(spawn(async move {
                sleep(MS * ms).await;
                ms
            }))
        });
        {
            let mut dropped = pin!(wait(&mut handles, Until::All, None));
            assert!(poll_once(dropped.as_mut()).is_pending());
        }
        let waited = wait(&mut handles, Until::All, Some(MS)).await;
        assert_eq!((waited.done, waited.pending), (vec![], vec![0, 1]));
        assert_eq!(trill_world::now() - start, MS);
        let waited = wait(&mut handles, Until::All, Some(14 * MS)).await;
        assert_eq!((waited.done, waited.pending), (vec![0], vec![1]));
        let [first, second] = handles;
        assert_eq!((first.await.unwrap(), second.await.unwrap()), (10, 20));
        assert_eq!(trill_world::now() - start, 20 * MS);
    });
}

#[test]
fn no_time_at_all_still_finds_those_that_have_ended() {
    in_world(1, async {
        let mut handles = [TaskHandle::new(spawn(async { 5 }))];
        turns(5).await;
        let waited = wait(&mut handles, Until::All, Some(Duration::ZERO)).await;
        assert_eq!(waited.done, [0]);
    });
}

#[test]
fn wait_dropped_after_an_end_keeps_the_value() {
    in_world(1, async {
        let gate = Gate::new();
        let mut handles = [
            TaskHandle::new(spawn(gate.wait())),
            TaskHandle::new(spawn(pending())),
        ];
        {
            let mut waiting = pin!(wait(&mut handles, Until::All, None));
            assert!(poll_once(waiting.as_mut()).is_pending());
            gate.open();
            turns(5).await;
            assert!(poll_once(waiting.as_mut()).is_pending());
        }
        assert!(handles[0].result().is_some());
        let [first, _] = handles;
        first.await.unwrap();
    });
}

#[test]
fn ended_is_waited_for_without_taking_the_value() {
    in_world(1, async {
        let mut handle = TaskHandle::new(spawn(async { 5 }));
        assert!(handle.result().is_none());
        handle.ended().await;
        handle.ended().await;
        assert_eq!(handle.result().unwrap().as_ref().unwrap(), &5);
        assert_eq!((&mut handle).await.unwrap(), 5);
        assert!(handle.result().is_none());
        let text = help::panic_of(|| drop(poll_once(pin!(&mut handle))));
        assert!(text.contains("already gave its value"));
    });
}

/// Polls a future once as a task, and checks where it says that it waits.
#[track_caller]
fn check_location(future: impl Future, kind: Kind, line: u32) {
    let header = Header::new(Spawned::here());
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(header.poll(|| future.as_mut().poll(&mut cx)).is_pending());
    let wait = header.wait().unwrap();
    let location: &Location<'_> = wait.location.unwrap();
    assert_eq!(
        (location.file(), location.line(), wait.kind),
        (file!(), line, kind)
    );
}

#[test]
fn awaits_are_located() {
    let ex = Executor::new();
    let never = || ex.spawn(pending::<Result<(), ()>>());
    let all = join_all([never()]);
    check_location(async { drop(all.await) }, Kind::Other, line!());
    let all = try_join_all([never()]);
    check_location(async { drop(all.await) }, Kind::Other, line!());
    let mut handles = [TaskHandle::new(never())];
    let waited = wait(&mut handles, Until::All, None);
    check_location(async { drop(waited.await) }, Kind::Other, line!());
    let [mut handle] = handles;
    check_location(async { handle.ended().await }, Kind::Task, line!());
    check_location(async { drop(handle.await) }, Kind::Task, line!());
    let nobody: [std::future::Ready<()>; 0] = [];
    check_location(async { race(nobody).await }, Kind::Other, line!());
}

#[test]
fn leaf_that_is_a_member_is_located_where_the_whole_is_awaited() {
    let leaf = || sleep(MS);
    let all = gather((leaf(), leaf()));
    check_location(async { never(all.await) }, Kind::Timer, line!());
    let all = gather([leaf()]);
    check_location(async { never(all.await) }, Kind::Timer, line!());
    let all = race((timeout(MS, pending::<()>()),));
    check_location(async { never(all.await) }, Kind::Timer, line!());
    let all = try_gather((timeout(MS, pending::<()>()),));
    check_location(async { never(all.await) }, Kind::Timer, line!());
    let mut all = as_completed([leaf()]);
    check_location(async { never(all.next().await) }, Kind::Timer, line!());
    let all = map_concurrent([()], 1, |()| leaf());
    check_location(async { never(all.await) }, Kind::Timer, line!());
    // One that lies deeper is located there.
    let inner = line!() + 1;
    let all = gather((async { leaf().await },));
    check_location(async { never(all.await) }, Kind::Timer, inner);
}

/// Takes what a future that is only polled once would return.
fn never<T>(_: T) {
    unreachable!("it was pending");
}
