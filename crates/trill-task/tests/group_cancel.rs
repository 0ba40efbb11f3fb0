//! Groups that are cancelled: from outside, from inside, nested, and children that are started.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod help;

use std::future::{Future, pending};
use std::time::Duration;

use help::{Alive, Gate, Log, in_task, in_world, poll_once, turns};
use trill_executor::{Executor, ambient};
use trill_task::{CancelToken, Group, Ready, StartError, TaskGroup, WhyRefused, checkpoint, group};
use trill_timer::sleep;

const MS: Duration = Duration::from_millis(1);

type Never = Result<(), &'static str>;

/// A child that never ends by itself.
fn forever(alive: &Alive) -> impl Future<Output = Never> + Send + use<> {
    let one = alive.one();
    async move {
        let _one = one;
        pending().await
    }
}

/// When the outer request comes, seen from the inner group's abort.
#[derive(Clone, Copy, Debug)]
enum When {
    Before,
    During,
    After,
}

// Behaviour 12, request: the outer scope is cancelled before, during and after an inner abort. The code after the inner
// group does not run past its next await, and the request stays one request.
#[test]
fn outer_cancel_is_seen_by_the_next_await_whenever_it_comes() {
    for (seed, when) in (0..60).zip(
        [When::Before, When::During, When::After]
            .into_iter()
            .cycle(),
    ) {
        let log = Log::new();
        let alive = Alive::new();
        let token = CancelToken::new();
        in_world(seed, async {
            let request = token.clone();
            let run = async {
                let inner = TaskGroup::new().grace(Duration::from_secs(1)).run(
                    async |g: Group<&'static str>| {
                        let (alive, request) = (alive.clone(), request.clone());
                        let cleans = async move {
                            let _one = alive.one();
                            CancelToken::current().unwrap().cancelled().await;
                            if let When::During = when {
                                assert!(request.cancel("outer"));
                            }
                            sleep(10 * MS).await;
                            Ok(())
                        };
                        g.spawn(cleans).unwrap();
                        turns(2).await;
                        if let When::Before = when {
                            assert!(token.cancel("outer"));
                        }
                        g.spawn(async { Err::<(), _>("inner") })
                            .map_err(|_| "refused")?;
                        pending::<Never>().await
                    },
                );
                let error = inner.await.unwrap_err();
                assert_eq!(alive.count(), 0);
                // The inner error is handled here.
                log.add(format!("{} failures", error.failures().len()));
                if let When::After = when {
                    assert!(error.cancelled().is_none());
                    assert!(token.cancel("outer"));
                } else {
                    assert_eq!(error.cancelled().unwrap().reason(), "outer");
                }
                // Not counted twice: the request can only be made once, and each await sees the same one.
                assert!(!token.cancel("again"));
                let first = checkpoint().await.unwrap_err();
                assert_eq!(checkpoint().await.unwrap_err(), first);
                let ended: Result<(), _> = CancelToken::current().unwrap().run(pending()).await;
                assert_eq!(ended.unwrap_err(), first);
                log.add(first.reason());
            };
            token.scope(run).await;
        });
        assert_eq!(log.all(), ["1 failures", "outer"], "{when:?}");
    }
}

// Behaviour 12, drop: an outer group that aborts drops the inner group's future, and what stands after it never runs.
#[test]
fn outer_abort_drops_the_inner_group_and_all_below_before_it_returns() {
    for seed in 0..100 {
        let (alive, log) = (Alive::new(), Log::new());
        in_task(seed, async {
            let error = group(async |outer: Group<&'static str>| {
                let (counter, seen) = (alive.clone(), log.clone());
                let nested = async move {
                    let _one = counter.one();
                    let inner = group(async |g: Group<&'static str>| {
                        for _ in 0..3 {
                            g.spawn(forever(&counter)).unwrap();
                        }
                        pending::<Never>().await
                    });
                    let _ = inner.await;
                    seen.add("after the inner group");
                    checkpoint().await.map_err(|_| "cancelled")?;
                    seen.add("past the next await");
                    Ok(())
                };
                outer.spawn(nested).unwrap();
                turns(1 + seed as usize % 7).await;
                outer.spawn(async { Err::<(), _>("outer") }).unwrap();
                pending::<Never>().await
            })
            .await
            .unwrap_err();
            // Also the inner group's children are gone, though their group's future was dropped and could not wait.
            assert_eq!(alive.count(), 0, "seed {seed}");
            assert_eq!(error.failures()[0].error(), Some(&"outer"));
            assert!(!log.all().contains(&"past the next await".to_string()));
        });
    }
}

#[test]
fn group_in_a_body_that_is_dropped_is_waited_for_too() {
    for seed in 0..100 {
        let alive = Alive::new();
        in_task(seed, async {
            let outer = group(async |outer: Group<&'static str>| {
                let fails = async {
                    turns(3).await;
                    Err::<(), _>("outer")
                };
                outer.spawn(fails).unwrap();
                let inner = trill_task::scope(async |s: trill_task::Scope<'_>| {
                    let alive = &alive;
                    let child = async move {
                        let inner = group(async |g: Group<&'static str>| {
                            g.spawn(forever(alive)).unwrap();
                            pending::<Never>().await
                        });
                        let _ = inner.await;
                    };
                    s.spawn(child).await;
                });
                inner.await;
                Ok(())
            });
            outer.await.unwrap_err();
            assert_eq!(alive.count(), 0, "seed {seed}");
        });
    }
}

#[test]
fn cancel_from_outside_without_failures_is_its_own_error() {
    in_world(1, async {
        let token = CancelToken::new();
        let run = group(async |g: Group<&'static str>| {
            g.spawn(pending::<Never>()).unwrap();
            turns(1).await;
            token.cancel("outer");
            assert_eq!(
                g.spawn(async { Ok(()) }).unwrap_err().why(),
                WhyRefused::Aborting
            );
            pending::<Never>().await
        });
        let error = token.scope(run).await.unwrap_err();
        assert!(error.is_cancelled());
        assert!(error.to_string().contains("outer"));
        // A body that ends all the same keeps its value.
        let token = CancelToken::new();
        let run = group(async |_: Group<&'static str>| {
            token.cancel("outer");
            Ok(5)
        });
        assert_eq!(token.scope(run).await.unwrap(), Some(5));
    });
}

// Behaviour 13: before entry.
#[test]
fn cancel_before_entry_takes_effect_at_entry() {
    let alive = Alive::new();
    in_world(1, async {
        let (handle, run) = TaskGroup::new().split(async |g: Group<&'static str>| {
            let refused = g.spawn(forever(&alive)).unwrap_err();
            assert_eq!(refused.why(), WhyRefused::Aborting);
            drop(refused);
            pending::<Never>().await
        });
        assert!(handle.cancel("early"));
        assert!(!handle.cancel("twice"));
        assert_eq!(run.await.unwrap(), None);
        assert_eq!(alive.count(), 0);
    });
}

// Behaviour 13: from the body, twice, and after exit; from a child; from outside.
#[test]
fn cancel_ends_the_group_without_an_error_from_anywhere() {
    for (seed, from_body) in (0..100).zip([true, false].into_iter().cycle()) {
        let alive = Alive::new();
        in_task(seed, async {
            let (handle, run) = TaskGroup::new().split(async |g: Group<&'static str>| {
                for _ in 0..3 {
                    g.spawn(forever(&alive)).unwrap();
                }
                if from_body {
                    turns(seed as usize % 3).await;
                    assert!(g.cancel("enough"));
                    assert!(!g.cancel("twice"));
                } else {
                    let inner = g.clone();
                    let child = async move {
                        assert!(inner.cancel("enough"));
                        assert!(!inner.cancel("twice"));
                        pending::<Never>().await
                    };
                    g.spawn(child).unwrap();
                }
                pending::<Never>().await
            });
            assert_eq!(run.await.unwrap(), None);
            assert_eq!(alive.count(), 0);
            assert!(!handle.cancel("after exit"));
        });
    }
    // From a task outside, while the group waits for its children only.
    let alive = Alive::new();
    in_world(1, async {
        let (handle, run) = TaskGroup::new().split(async |g: Group<&'static str>| {
            g.spawn(forever(&alive)).unwrap();
            Ok(5)
        });
        let outside = async {
            turns(5).await;
            handle.cancel("enough");
        };
        let (end, ()) = futures_lite::future::zip(run, outside).await;
        assert_eq!((end.unwrap(), alive.count()), (Some(5), 0));
    });
}

// Behaviour 13: from a child in its very first poll, on an executor whose other thread polls it while it is spawned.
#[test]
fn no_child_slips_through_a_cancel_in_a_first_poll() {
    let ex = std::sync::Arc::new(Executor::new());
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let runner = ex.clone();
    let (done, worker_done) = std::sync::mpsc::channel();
    trill_world::start_thread("worker", move || {
        while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
            if !runner.try_tick() {
                std::thread::yield_now();
            }
        }
        let _ = done.send(());
    })
    .unwrap();
    let alive = Alive::new();
    trill_park::block_on(ex.run(async {
        for _ in 0..500 {
            let end = group(async |g: Group<&'static str>| {
                for n in 0..8 {
                    let (inner, one) = (g.clone(), alive.one());
                    let child = async move {
                        let _one = one;
                        if n == 3 {
                            inner.cancel("first poll");
                        }
                        pending::<Never>().await
                    };
                    if g.spawn(child).is_err() {
                        break;
                    }
                }
                pending::<Never>().await
            });
            assert_eq!(end.await.unwrap(), None);
            assert_eq!(alive.count(), 0);
        }
    }));
    drop(stop);
    worker_done.recv().unwrap();
}

#[test]
fn start_waits_until_the_child_is_ready() {
    in_world(1, async {
        let log = Log::new();
        let run = group(async |g: Group<&'static str>| {
            let seen = log.clone();
            let start = g.start(|ready: Ready<u16>| async move {
                sleep(5 * MS).await;
                seen.add("ready");
                ready.send(80).unwrap();
                sleep(5 * MS).await;
                seen.add("ended");
                Ok("value")
            });
            let (port, child) = start.await.unwrap();
            log.add("started");
            assert_eq!((port, child.is_finished()), (80, false));
            assert_eq!(child.await.unwrap(), "value");
            Ok(())
        });
        run.await.unwrap();
        assert_eq!(log.all(), ["ready", "started", "ended"]);
    });
}

#[test]
fn child_that_ends_before_it_is_ready_is_an_error() {
    in_world(1, async {
        // Well: its value is still there.
        let run = group(async |g: Group<&'static str>| {
            let start = g.start(|ready: Ready<()>| async move {
                drop(ready);
                Ok(5)
            });
            let StartError::NotReady(child) = start.await.unwrap_err() else {
                panic!("spawned")
            };
            Ok(child.await.unwrap())
        });
        assert_eq!(run.await.unwrap(), Some(5));
        // With an error or a panic: that is the group's.
        for panics in [false, true] {
            let run = TaskGroup::new()
                .grace(Duration::MAX)
                .run(async |g: Group<&'static str>| {
                    let start = g.start(|ready: Ready<()>| async move {
                        let _ready = ready;
                        turns(1).await;
                        if panics {
                            panic!("child");
                        }
                        Err::<(), _>("no luck")
                    });
                    let error = start.await.unwrap_err();
                    assert!(error.to_string().contains("before it was ready"));
                    Ok(())
                });
            assert_eq!(run.await.unwrap_err().failures()[0].is_panic(), panics);
        }
        // Refused: the future comes back.
        let run = group(async |g: Group<&'static str>| {
            g.cancel("enough");
            let error = g
                .start(|ready: Ready<()>| async {
                    drop(ready);
                    Ok(7)
                })
                .await
                .unwrap_err();
            let StartError::Refused(refused) = error else {
                panic!("it was not spawned")
            };
            assert_eq!(refused.into_inner().await, Ok(7));
            Ok(())
        });
        run.await.unwrap();
    });
}

#[test]
fn dropped_start_cancels_the_child_unless_it_was_ready() {
    let alive = Alive::new();
    in_world(1, async {
        let run = group(async |g: Group<&'static str>| {
            let one = alive.one();
            let mut start = Box::pin(g.start(|ready: Ready<u8>| async move {
                let _one = one;
                let _ready = ready;
                pending::<Never>().await
            }));
            assert!(poll_once(start.as_mut()).is_pending());
            turns(2).await;
            assert_eq!(g.len(), 1);
            drop(start);
            turns(5).await;
            assert_eq!((g.len(), alive.count()), (0, 0));
            // Never polled: never spawned.
            drop(g.start(|ready: Ready<u8>| async move {
                drop(ready);
                Ok(())
            }));
            assert_eq!(g.len(), 0);
            // Nobody waits any more when the child would be ready: it has one poll to see that.
            let (log, gate) = (Log::new(), Gate::new());
            let (seen, opens) = (log.clone(), gate.wait());
            let mut start = Box::pin(g.start(|ready: Ready<u8>| async move {
                opens.await;
                seen.add(format!("{:?}", ready.send(5).map_err(|error| error.0)));
                Ok(())
            }));
            assert!(poll_once(start.as_mut()).is_pending());
            turns(9).await;
            gate.open();
            drop(start);
            turns(9).await;
            assert_eq!(log.all(), ["Err(5)"]);
            Ok(())
        });
        run.await.unwrap();
    });
}

#[test]
fn group_in_a_scope_of_a_local_executor_spawns_on_the_shared_one() {
    let ex = Executor::new();
    let local = trill_executor::LocalExecutor::new();
    let end = trill_park::block_on(ex.run(local.run(async {
        let on_local = local.spawn(async {
            let end = group(async |g: Group<&'static str>| {
                Ok(g.spawn(async { Ok(5) }).unwrap().await.unwrap())
            });
            end.await.unwrap()
        });
        on_local.await
    })));
    assert_eq!(end, Some(5));
}

#[test]
fn detached_tasks_of_a_child_do_not_keep_the_group_open() {
    in_world(1, async {
        let run = group(async |g: Group<&'static str>| {
            let child = async {
                ambient::spawn(async {
                    // A group of its own in a task of its own.
                    let _ = group(async |_: Group<()>| pending::<Result<(), ()>>().await).await;
                })
                .ok()
                .unwrap()
                .detach();
                Ok(())
            };
            g.spawn(child).unwrap().await.unwrap();
            turns(5).await;
            Ok(())
        });
        run.await.unwrap();
    });
}
