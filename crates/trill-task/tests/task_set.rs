//! `TaskSet`: ends collected as they come.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod help;

use std::future::{Future, pending};
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use futures_lite::StreamExt;
use help::{Alive, Gate, OnDrop, in_task, in_world, poll_once, text_of, turns};
use trill_cell::{Header, Kind, Spawned};
use trill_task::{CancelToken, Group, TaskSet, WhyRefused, group};
use trill_timer::sleep;

const MS: Duration = Duration::from_millis(1);

#[test]
fn ends_come_in_the_order_in_which_tasks_end() {
    in_world(1, async {
        let mut set = TaskSet::new();
        for ms in [30, 10, 20] {
            let task = async move {
                sleep(MS * ms).await;
                ms
            };
            set.spawn(task).unwrap();
        }
        assert_eq!((set.len(), set.is_empty()), (3, false));
        assert!(set.try_join_next().is_none());
        assert_eq!(set.join_next().await.unwrap().unwrap(), 10);
        // While others run new ones may come.
        let task = set.spawn(async { 1 }).unwrap();
        let (id, end) = set.join_next_with_id().await.unwrap();
        assert_eq!((id, end.unwrap()), (task.id(), 1));
        let rest: Vec<_> = (&mut set).map(Result::unwrap).collect().await;
        assert_eq!(rest, [20, 30]);
        assert!(set.join_next().await.is_none());
        assert!(set.next().await.is_none());
    });
}

#[test]
fn failure_of_one_leaves_the_others_alone() {
    in_world(1, async {
        let mut set = TaskSet::new();
        let panics = async {
            if true {
                panic!("no luck");
            }
            0
        };
        set.spawn(panics).unwrap();
        let error = set.join_next().await.unwrap().unwrap_err();
        assert!(error.is_panic() && error.to_string().contains("panicked: no luck"));
        assert_eq!(text_of(&*error.into_panic().unwrap()), "no luck");
        // A panic in the drop of a task that is aborted, too.
        let bomb = OnDrop(|| panic!("drop"));
        let task = set.spawn(async move {
            let _bomb = bomb;
            pending().await
        });
        set.spawn(async {
            sleep(MS).await;
            5
        })
        .unwrap();
        turns(5).await;
        task.unwrap().abort("too slow");
        assert!(set.join_next().await.unwrap().unwrap_err().is_panic());
        assert_eq!(set.join_next().await.unwrap().unwrap(), 5);
    });
}

#[test]
fn aborted_tasks_are_collected_as_cancelled() {
    for seed in 0..50 {
        let alive = Alive::new();
        in_task(seed, async {
            let mut set = TaskSet::new();
            let mut tasks = Vec::new();
            for _ in 0..4 {
                let one = alive.one();
                let task = async move {
                    let _one = one;
                    pending::<u8>().await
                };
                tasks.push(set.spawn(task).unwrap());
            }
            turns(seed as usize % 3).await;
            assert!(tasks[2].abort("too slow") && !tasks[2].abort("again"));
            let (id, end) = set.join_next_with_id().await.unwrap();
            assert_eq!(id, tasks[2].id());
            assert_eq!(end.unwrap_err().cancelled().unwrap().reason(), "too slow");
            assert_eq!(alive.count(), 3);
            set.abort_all();
            // Not touched: it came later.
            set.spawn(async { 7 }).unwrap();
            let mut values = Vec::new();
            let mut cancelled = 0;
            while let Some(end) = set.join_next().await {
                match end {
                    Ok(value) => values.push(value),
                    Err(error) => cancelled += usize::from(error.is_cancelled()),
                }
            }
            assert_eq!((values, cancelled, alive.count()), (vec![7], 3, 0));
        });
    }
}

#[test]
fn shutdown_waits_for_all_ends_and_a_drop_only_cancels() {
    for seed in 0..50 {
        let alive = Alive::new();
        let fill = |set: &mut TaskSet<()>| {
            for _ in 0..3 {
                let one = alive.one();
                let task = async move {
                    let _one = one;
                    pending().await
                };
                set.spawn(task).unwrap();
            }
        };
        in_task(seed, async {
            let mut set = TaskSet::new();
            fill(&mut set);
            turns(1).await;
            set.shutdown().await;
            assert_eq!((alive.count(), set.len()), (0, 0));
            fill(&mut set);
            turns(1).await;
            drop(set);
        });
        assert_eq!(alive.count(), 0);
    }
}

#[test]
fn dropped_join_loses_no_end() {
    in_world(1, async {
        let gate = Gate::new();
        let mut set = TaskSet::new();
        set.spawn(gate.wait()).unwrap();
        assert!(poll_once(pin!(set.join_next())).is_pending());
        gate.open();
        turns(5).await;
        drop(set.join_next());
        drop(set.shutdown());
        assert!(set.join_next().await.unwrap().is_ok());
    });
}

#[test]
fn detached_tasks_run_on_without_the_set() {
    let gate = Gate::new();
    let ended = Gate::new();
    in_world(1, async {
        let mut set = TaskSet::new();
        let (wait, end) = (gate.wait(), ended.clone());
        let task = async move {
            wait.await;
            end.open();
        };
        set.spawn(task).unwrap();
        turns(3).await;
        set.detach_all();
        assert!(set.is_empty());
        drop(set);
        turns(3).await;
        gate.open();
        ended.wait().await;
    });
}

#[test]
fn request_from_around_reaches_the_tasks() {
    in_world(1, async {
        let token = CancelToken::new();
        let mut set = token.scope(async { TaskSet::<()>::new() }).await;
        set.spawn(pending()).unwrap();
        turns(2).await;
        token.cancel("enough");
        let error = set.join_next().await.unwrap().unwrap_err();
        assert_eq!(error.cancelled().unwrap().reason(), "enough");
    });
}

#[test]
fn group_around_ends_after_the_tasks_of_a_set_in_it() {
    for seed in 0..100 {
        let alive = Alive::new();
        in_task(seed, async {
            let run = group(async |g: Group<&'static str>| {
                let counter = alive.clone();
                let child = async move {
                    let mut set = TaskSet::new();
                    for _ in 0..3 {
                        let one = counter.one();
                        let task = async move {
                            let _one = one;
                            pending::<()>().await;
                        };
                        set.spawn(task).unwrap();
                    }
                    set.join_next().await;
                    Ok(())
                };
                g.spawn(child).unwrap();
                turns(3).await;
                Err::<(), _>("no luck")
            });
            run.await.unwrap_err();
            assert_eq!(alive.count(), 0, "seed {seed}");
        });
    }
}

#[test]
fn without_an_executor_the_future_comes_back() {
    let mut set = TaskSet::new();
    let refused = set.spawn(async { 5 }).unwrap_err();
    assert_eq!(refused.why(), WhyRefused::NoExecutor);
    assert!(set.is_empty());
    assert_eq!(trill_park::block_on(refused.into_inner()), 5);
}

#[test]
fn awaits_are_located() {
    let ex = trill_executor::Executor::new();
    trill_park::block_on(ex.run(async {
        let mut set = TaskSet::new();
        set.spawn(pending::<()>()).unwrap();
        let check = |future: std::pin::Pin<&mut dyn Future<Output = ()>>, line: u32| {
            let header = Header::new(Spawned::here());
            let mut cx = Context::from_waker(Waker::noop());
            assert!(header.poll(|| future.poll(&mut cx)).is_pending());
            let wait = header.wait().unwrap();
            let at = wait.location.unwrap();
            assert_eq!(
                (at.file(), at.line(), wait.kind),
                (file!(), line, Kind::Other)
            );
        };
        check(pin!(async { drop(set.join_next().await) }), line!());
        check(pin!(async { drop(set.join_next_with_id().await) }), line!());
        check(pin!(async { set.shutdown().await }), line!());
    }));
}
