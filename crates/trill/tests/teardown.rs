//! How a runtime ends: in order, with limits, whatever tasks do meanwhile.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::mpsc;
use std::time::Duration;

use trill::world::VirtualWorld;
use trill::{Builder, Runtime, task};

use support::Log;

/// A builder whose failures are noted in the log.
fn logged(log: &Log) -> Builder {
    let log = log.clone();
    Runtime::builder().unhandled_hook(move |failure| log.add(failure.to_string()))
}

/// Spawns a task that notes its drop, and waits until it waits.
async fn waiting(log: &Log, what: &str) {
    let noted = log.on_drop(what);
    let (started, wait) = trill::channel::bounded(1);
    trill::spawn(async move {
        let _noted = noted;
        started.send(()).await.unwrap();
        pending::<()>().await;
    })
    .detach();
    wait.recv().await.unwrap();
}

/// Spawns another one every four seconds.
fn again(log: Log) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        trill::time::sleep(Duration::from_secs(4)).await;
        log.add("spawns one more");
        trill::spawn(again(log)).detach();
    })
}

/// Spawns a new task whenever it is dropped, `left` times, and notes each drop.
struct Hydra(Log, u32);

impl Drop for Hydra {
    fn drop(&mut self) {
        self.0.add(format!("head {}", self.1));
        if self.1 > 0 {
            let next = Hydra(self.0.clone(), self.1 - 1);
            trill::spawn(async move {
                let _next = next;
                unreachable!("tasks are not polled once their runtime ends");
            })
            .detach();
        }
    }
}

// Behaviour 21: main returns, then tasks, then async drops, then the blocking pool.
#[test]
fn a_runtime_ends_in_order() {
    let log = Log::default();
    let runtime_log = log.clone();
    logged(&log)
        .run(async {
            let log = runtime_log;
            let (finish, finished) = mpsc::channel::<()>();
            let job_log = log.clone();
            trill::unblock(move || {
                // Ends only once the last of the async drops lets it.
                let _ = finished.recv();
                job_log.add("blocking work ended");
            })
            .detach();
            let first = log.clone();
            trill::at_exit(move || async move {
                trill::time::sleep(Duration::from_millis(1)).await;
                first.add("exit registered first");
                drop(finish);
            });
            let second = log.clone();
            trill::at_exit(move || async move {
                let inner = second.clone();
                trill::spawn(async move { inner.add("task of an exit") }).await;
                let inner = second.clone();
                trill::unblock(move || inner.add("blocking work of an exit")).await;
                second.add("exit registered last");
            });
            let removed = trill::at_exit(|| async { unreachable!("it was removed") });
            assert!(removed.clone().remove());
            assert!(!removed.remove());
            waiting(&log, "task dropped").await;
            log.add("main returns");
        })
        .unwrap();
    let expected = [
        "main returns",
        "task dropped",
        "task of an exit",
        "blocking work of an exit",
        "exit registered last",
        "exit registered first",
        "blocking work ended",
    ];
    assert_eq!(log.all(), expected);
}

// Behaviour 21: all holds if main panics.
#[test]
fn a_main_that_panics_is_followed_by_the_same_end() {
    let log = Log::default();
    let caught = catch_unwind(AssertUnwindSafe(|| {
        trill::run(async {
            let exit = log.clone();
            trill::at_exit(move || async move {
                task::yield_now().await;
                exit.add("exit ran");
            });
            waiting(&log, "task dropped").await;
            let _noted = log.on_drop("main dropped");
            panic!("expected");
        })
    }));
    assert!(caught.is_err());
    assert_eq!(log.all(), ["main dropped", "task dropped", "exit ran"]);
}

// Behaviour 21: all holds if a task spawns more tasks while shutting down.
// Fault 35b
#[test]
fn tasks_spawned_by_destructors_are_dropped_too() {
    for workers in [1, 2] {
        let log = Log::default();
        let heads = Hydra(log.clone(), 5);
        Runtime::builder()
            .workers(workers)
            .run(async {
                let (started, wait) = trill::channel::bounded(1);
                trill::spawn(async move {
                    let _heads = heads;
                    started.send(()).await.unwrap();
                    pending::<()>().await;
                })
                .detach();
                wait.recv().await.unwrap();
            })
            .unwrap();
        let expected: Vec<_> = (0..=5).rev().map(|left| format!("head {left}")).collect();
        assert_eq!(log.all(), expected);
    }
}

// Behaviour 21, the reading of cancel as a request: tasks clean up, one ignores it, one spawns more and more.
#[test]
fn tasks_have_their_grace_and_are_dropped_when_it_is_over() {
    let world = VirtualWorld::new(1);
    world.run(|| {
        let log = Log::default();
        let begin = trill::time::now();
        logged(&log)
            .workers(1)
            .shutdown_grace(Duration::from_secs(10))
            .run(async {
                let cleaning = log.clone();
                trill::spawn(async move {
                    let why = trill::shutdown_token().cancelled().await;
                    assert_eq!(why.reason(), "the runtime ends");
                    trill::time::sleep(Duration::from_secs(3)).await;
                    cleaning.add("cleaned up");
                })
                .detach();
                waiting(&log, "ignored it, and dropped").await;
                trill::spawn(again(log.clone())).detach();
                log.add("main returns");
            })
            .unwrap();
        let expected = [
            "main returns",
            "cleaned up",
            "spawns one more",
            "spawns one more",
            "ignored it, and dropped",
        ];
        assert_eq!(log.all(), expected);
        let took = trill::time::now() - begin;
        assert!(took >= Duration::from_secs(10), "{took:?}");
        assert!(took < Duration::from_secs(11), "{took:?}");
    });
}

#[test]
fn a_grace_ends_early_when_the_last_task_has_ended() {
    VirtualWorld::new(1).run(|| {
        let begin = trill::time::now();
        Runtime::builder()
            .workers(1)
            .shutdown_grace(Duration::from_secs(3600))
            .run(async {
                trill::spawn(async {
                    trill::shutdown_token().cancelled().await;
                    trill::time::sleep(Duration::from_secs(1)).await;
                })
                .detach();
            })
            .unwrap();
        let took = trill::time::now() - begin;
        assert!(took < Duration::from_millis(1100), "{took:?}");
    });
}

// Behaviour 21: the joined pool has a limit.
#[test]
fn blocking_work_beyond_the_limit_is_named_and_left_alone() {
    let log = Log::default();
    let (finish, finished) = mpsc::channel::<()>();
    logged(&log)
        .name("limited")
        .blocking_max(Duration::from_millis(20))
        .run(async {
            let (started, wait) = trill::channel::bounded(1);
            trill::unblock(move || {
                started.send_blocking(()).unwrap();
                let _ = finished.recv();
            })
            .detach();
            wait.recv().await.unwrap();
        })
        .unwrap();
    drop(finish);
    let all = log.all();
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(all[0].contains("1 jobs of the blocking pool (classes [\"default\"])"));
    assert!(all[0].contains("limited"));
}

// Fault 35c
#[test]
fn a_stuck_poll_beyond_the_limit_is_told_and_left_alone() {
    let log = Log::default();
    let (finish, finished) = mpsc::channel::<()>();
    logged(&log)
        .workers(2)
        .shutdown_max(Duration::from_millis(20))
        .run(async {
            let (started, wait) = mpsc::channel();
            trill::spawn(async move {
                started.send(()).unwrap();
                let _ = finished.recv();
            })
            .detach();
            // Main's thread blocks, so the task gets stuck on the other one.
            wait.recv().unwrap();
        })
        .unwrap();
    drop(finish);
    let all = log.all();
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(all[0].contains("1 threads are still in the middle of a poll"));
}

#[test]
fn exits_that_fail_or_take_too_long_are_told_and_the_others_run() {
    VirtualWorld::new(1).run(|| {
        let log = Log::default();
        let mut lines = Vec::new();
        logged(&log)
            .workers(1)
            .exits_max(Duration::from_secs(5))
            .run(async {
                let unrun = log.on_drop("dropped unrun");
                lines.push(line!() + 1);
                trill::at_exit(move || async move { drop(unrun) });
                let late = log.on_drop("dropped late");
                lines.push(line!() + 1);
                trill::at_exit(move || async move {
                    let _late = late;
                    pending::<()>().await;
                });
                let good = log.clone();
                trill::at_exit(move || async move {
                    trill::time::sleep(Duration::from_secs(4)).await;
                    good.add("in time");
                });
                lines.push(line!() + 1);
                trill::at_exit(|| async { panic!("expected") });
            })
            .unwrap();
        let all = log.all();
        assert!(all[0].contains("an async drop panicked"), "{all:?}");
        assert!(all[0].contains(&format!("teardown.rs:{}", lines[2])));
        assert_eq!(all[1], "in time");
        assert_eq!(all[2], "dropped late");
        assert!(all[3].contains("took longer than 5s"));
        assert!(all[3].contains(&format!("teardown.rs:{}", lines[1])));
        assert_eq!(all[4], "dropped unrun");
        assert!(all[5].contains(&format!("teardown.rs:{}", lines[0])));
        assert_eq!(all.len(), 6);
    });
}

#[test]
fn an_exit_may_register_another_one() {
    let log = Log::default();
    trill::run(async {
        let outer = log.clone();
        trill::at_exit(move || async move {
            let inner = outer.clone();
            trill::at_exit(move || async move { inner.add("second") });
            outer.add("first");
        });
    });
    assert_eq!(log.all(), ["first", "second"]);
}

// Behaviour 20: dropping the runtime with pending tasks names them in debug builds.
#[test]
fn a_dropped_runtime_names_the_tasks_that_had_not_ended() {
    let log = Log::default();
    let begin = |log: &Log| {
        let runtime = logged(log).workers(1).build().unwrap();
        runtime.run(async {
            for number in 0..12 {
                task::Builder::new(format!("waiter {number}"))
                    .spawn(pending::<()>())
                    .detach();
            }
            task::yield_now().await;
        });
        runtime
    };
    begin(&log).shutdown();
    assert_eq!(log.all(), [""; 0]);
    drop(begin(&log));
    let all = log.all();
    if cfg!(debug_assertions) {
        assert_eq!(all.len(), 11, "{all:?}");
        assert!(all.iter().all(|line| line.contains("dropped unfinished")));
        assert!(all[10].contains("and 2 more tasks"));
        if cfg!(feature = "insight") {
            assert!(all.iter().any(|line| line.contains("waiter 0")));
            assert!(all[0].contains("teardown.rs"));
        }
    } else {
        assert_eq!(all, [""; 0]);
    }
}

#[test]
fn exits_of_a_runtime_run_when_it_is_dropped() {
    let log = Log::default();
    let runtime = Runtime::builder().workers(2).build().unwrap();
    let exit = log.clone();
    runtime.at_exit(move || async move {
        task::yield_now().await;
        exit.add("exit ran");
    });
    runtime.run(async {});
    assert_eq!(log.all(), [""; 0]);
    drop(runtime);
    assert_eq!(log.all(), ["exit ran"]);
}

#[test]
fn failures_without_a_hook_are_printed_once_somebody_elses_hook_listens() {
    let child = support::in_child(
        "failures_without_a_hook_are_printed_once_somebody_elses_hook_listens",
        || {
            logged(&Log::default()).run(async {}).unwrap();
            trill::run(async {
                trill::at_exit(|| async { panic!("expected") });
            });
            println!("ended");
        },
    );
    if let Some(mut child) = child {
        child.says("ended");
        assert_eq!(child.ended_by(), None);
        assert!(child.errors().contains("an async drop panicked"));
    }
}
