//! `TaskGroup`: children in parallel, first failure cancels, one error with all failures.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod help;

use std::error::Error;
use std::future::{Future, pending};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Waker};
use std::time::Duration;

use help::{Alive, Log, in_world, poll_once, text_of, turns};
use trill_cell::{Header, Kind, Spawned};
use trill_executor::Executor;
use trill_task::{
    CancelToken, Cancelled, Child, Group, TaskGroup, Until, WhyRefused, checkpoint, group,
    shielded, wait,
};
use trill_timer::sleep;

const MS: Duration = Duration::from_millis(1);

type Never = Result<(), &'static str>;

/// A child that never ends by itself.
async fn forever(alive: &Alive) -> impl Future<Output = Never> + Send + use<> {
    let one = alive.one();
    async move {
        let _one = one;
        pending().await
    }
}

#[test]
fn children_run_in_parallel_and_give_their_values() {
    let (sum, elapsed) = in_world(1, async {
        let start = trill_world::now();
        let sum = group(async |g: Group<()>| {
            let children: Vec<Child<u32>> = (0..10)
                .map(|n| {
                    let child = async move {
                        sleep(10 * MS).await;
                        Ok(n)
                    };
                    g.spawn(child).unwrap()
                })
                .collect();
            let mut sum = 0;
            for child in children {
                sum += child.await.unwrap();
            }
            Ok(sum)
        });
        (sum.await.unwrap(), trill_world::now() - start)
    });
    assert_eq!((sum, elapsed), (Some(45), 10 * MS));
}

#[test]
fn futures_of_groups_are_send() {
    fn check<T: Send>(_: &T) {}
    let run = group(async |g: Group<io::Error>| {
        let child = g.spawn(async { Ok(1) }).unwrap();
        turns(1).await;
        Ok(child.await.unwrap())
    });
    check(&run);
}

#[test]
fn children_that_nobody_awaits_are_waited_for() {
    let alive = Alive::new();
    in_world(1, async {
        let end = group(async |g: Group<()>| {
            for n in 0..3 {
                let one = alive.one();
                let child = async move {
                    let _one = one;
                    sleep(MS * n).await;
                    Ok(())
                };
                drop(g.spawn(child).unwrap());
            }
            Ok("body")
        });
        assert_eq!(end.await.unwrap(), Some("body"));
        assert_eq!(alive.count(), 0);
    });
}

#[test]
fn children_add_children_while_one_lives_even_after_the_body() {
    fn chain(
        g: Group<()>,
        log: Log,
        n: usize,
    ) -> Pin<Box<dyn Future<Output = Result<(), ()>> + Send>> {
        Box::pin(async move {
            turns(1).await;
            log.add(n.to_string());
            if n < 4 {
                g.spawn(chain(g.clone(), log, n + 1)).unwrap();
            }
            Ok(())
        })
    }
    let log = Log::new();
    in_world(1, async {
        let end = group(async |g: Group<()>| {
            g.spawn(chain(g.clone(), log.clone(), 0)).unwrap();
            Ok(())
        });
        end.await.unwrap();
    });
    assert_eq!(log.all(), ["0", "1", "2", "3", "4"]);
}

// Behaviour 11: the first failure cancels siblings and the body, drop reading: each is dropped where it waits.
#[test]
fn first_failure_drops_siblings_and_the_body() {
    for seed in 0..50 {
        let alive = Alive::new();
        in_world(seed, async {
            let start = trill_world::now();
            let error = group(async |g: Group<&'static str>| {
                let _one = alive.one();
                for _ in 0..5 {
                    g.spawn(forever(&alive).await).unwrap();
                }
                let fails = async {
                    sleep(MS).await;
                    Err::<(), _>("no luck")
                };
                g.spawn(fails).unwrap();
                pending::<Never>().await
            })
            .await
            .unwrap_err();
            assert_eq!(alive.count(), 0);
            assert_eq!(trill_world::now() - start, MS);
            assert_eq!(error.failures().len(), 1);
            assert_eq!(error.failures()[0].error(), Some(&"no luck"));
            assert!(!error.is_cancelled());
        });
    }
}

// Behaviour 11: request reading: all see the request and clean up, and the group returns only after that.
#[test]
fn group_returns_only_after_every_child_has_cleaned_up() {
    let log = Log::new();
    in_world(1, async {
        let run = TaskGroup::new().grace(Duration::from_secs(1));
        let error = run.run(async |g: Group<&'static str>| {
            for ms in [30, 10, 20] {
                let log = log.clone();
                let cleans = async move {
                    let token = CancelToken::current().unwrap();
                    let cancelled = token.cancelled().await;
                    assert!(cancelled.reason().contains("failed"));
                    sleep(MS * ms).await;
                    log.add(format!("cleaned after {ms}"));
                    Ok(())
                };
                g.spawn(cleans).unwrap();
            }
            g.spawn(async { Err::<(), _>("no luck") }).unwrap();
            while checkpoint().await.is_ok() {
                turns(1).await;
            }
            sleep(5 * MS).await;
            log.add("cleaned body");
            Ok(())
        });
        error.await.unwrap_err();
    });
    let expected = [
        "cleaned body",
        "cleaned after 10",
        "cleaned after 20",
        "cleaned after 30",
    ];
    assert_eq!(log.all(), expected);
}

#[test]
fn child_that_does_not_look_is_dropped_when_the_grace_ends() {
    let alive = Alive::new();
    in_world(1, async {
        let start = trill_world::now();
        let run = TaskGroup::new()
            .grace(10 * MS)
            .run(async |g: Group<&'static str>| {
                g.spawn(forever(&alive).await).unwrap();
                turns(1).await;
                g.cancel("enough");
                Ok(())
            });
        run.await.unwrap();
        assert_eq!((alive.count(), trill_world::now() - start), (0, 10 * MS));
    });
}

// Behaviour 11: the error holds every real failure, in the order in which they happen; cancellations are excluded.
#[test]
fn error_holds_every_failure_and_no_cancellation() {
    in_world(1, async {
        let run = TaskGroup::new()
            .name("readers")
            .grace(Duration::from_secs(1));
        let error = run
            .run(async |g: Group<Box<dyn Error + Send + Sync>>| {
                for ms in [20, 10] {
                    let fails_late = async move {
                        CancelToken::current().unwrap().cancelled().await;
                        sleep(MS * ms).await;
                        Err::<(), _>(format!("clean-up {ms}").into())
                    };
                    g.spawn_as(fails_late, Spawned::here().named(format!("late {ms}")))
                        .unwrap();
                }
                let panics_late = async {
                    CancelToken::current().unwrap().cancelled().await;
                    sleep(MS * 15).await;
                    std::panic::panic_any("panic 15");
                };
                g.spawn::<(), _>(panics_late).unwrap();
                let goes = async {
                    loop {
                        checkpoint().await.map_err(Cancelled::into_error)?;
                        sleep(MS).await;
                    }
                };
                g.spawn::<(), _>(goes).unwrap();
                let fails = async {
                    sleep(MS).await;
                    Err::<(), _>("first".into())
                };
                g.spawn(fails).unwrap();
                CancelToken::current().unwrap().cancelled().await;
                sleep(MS * 12).await;
                Err::<(), _>("body 12".into())
            })
            .await
            .unwrap_err();
        let all: Vec<String> = error.failures().iter().map(|one| one.to_string()).collect();
        assert_eq!(all.len(), 5, "{all:?}");
        for (one, end) in all.iter().zip([
            "first",
            "clean-up 10",
            "the body failed: body 12",
            "panic 15",
            "clean-up 20",
        ]) {
            assert!(one.ends_with(end), "{one}");
        }
        let failures = error.failures();
        assert_eq!(failures[1].name(), Some("late 10"));
        assert!(failures[1].site().unwrap().file().ends_with("group.rs"));
        assert!(failures[2].is_body() && failures[2].id().is_none());
        assert!(failures[0].id().is_some() && failures[3].is_panic());
        assert!(
            error
                .to_string()
                .starts_with("5 failures in the group \"readers\"")
        );
        assert_eq!(text_of(&*error.into_panic().unwrap()), "panic 15");
    });
}

// Behaviour 11: a child that merely ended cancelled fails nothing.
#[test]
fn cancelled_child_fails_nothing() {
    let alive = Alive::new();
    in_world(1, async {
        let end = group(async |g: Group<io::Error>| {
            // Cancelled by its handle.
            let one = alive.one();
            let child = g.spawn(async move {
                let _one = one;
                pending::<io::Result<()>>().await
            });
            let child = child.unwrap();
            turns(2).await;
            assert!(child.cancel("not needed") && !child.cancel("again"));
            let error = child.await.unwrap_err();
            assert_eq!(error.cancelled().unwrap().reason(), "not needed");
            // It says by itself that it was cancelled.
            let child = g.spawn(async {
                let cancelled = Cancelled::new("by myself").into_error();
                Err::<(), _>(io::Error::other(cancelled))
            });
            assert!(child.unwrap().await.unwrap_err().is_cancelled());
            // Cancelled before its first poll: it is never polled.
            let polled = Log::new();
            let log = polled.clone();
            let child = g.spawn(async move {
                log.add("polled");
                Ok(())
            });
            let child = child.unwrap();
            child.cancel("at once");
            assert!(child.await.unwrap_err().is_cancelled());
            assert!(polled.all().is_empty());
            // And the group goes on.
            Ok(g.spawn(async { Ok(5) }).unwrap().await.unwrap())
        });
        assert_eq!(end.await.unwrap(), Some(5));
    });
}

#[test]
fn errors_that_mean_a_cancel_are_told_by_their_type() {
    async fn is_failure<E: Send + 'static>(error: E) -> bool {
        let run = group(async |g: Group<E>| {
            g.spawn(async { Err::<(), _>(error) }).unwrap();
            Ok(())
        });
        run.await.is_err()
    }
    #[derive(Debug)]
    struct Wrapped(Box<dyn Error + Send + Sync>);
    impl std::fmt::Display for Wrapped {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("wrapped")
        }
    }
    impl Error for Wrapped {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&*self.0)
        }
    }
    in_world(1, async {
        let cancelled = || Cancelled::new("enough");
        let error = || cancelled().into_error();
        assert!(!is_failure(cancelled()).await);
        assert!(!is_failure(error()).await);
        assert!(!is_failure(io::Error::other(error())).await);
        assert!(!is_failure::<Box<dyn Error + Send + Sync>>(error().into()).await);
        assert!(!is_failure::<Box<dyn Error + Send>>(Box::new(error())).await);
        let deep = Wrapped(Box::new(io::Error::other(error())));
        assert!(!is_failure::<Box<dyn Error + Send + Sync>>(Box::new(deep)).await);
        assert!(is_failure::<Box<dyn Error + Send + Sync>>("other".into()).await);
        assert!(is_failure(io::Error::other("other")).await);
        assert!(is_failure("cancelled").await);
    });
}

/// A future that says when it was polled, and counts as alive until dropped.
fn watched(alive: &Alive, log: &Log) -> impl Future<Output = Never> + Send + use<> {
    let (one, log) = (alive.one(), log.clone());
    async move {
        let _one = one;
        log.add("polled");
        Ok(())
    }
}

// Behaviour 11: spawning into an aborting or finished group returns an error and drops the future unpolled.
#[test]
fn ending_groups_refuse_children_and_give_the_future_back() {
    let (alive, log) = (Alive::new(), Log::new());
    in_world(1, async {
        let (handle, run) = TaskGroup::<&'static str>::new().split(async |g| {
            // Aborting after a failure, seen from a child that takes its time to end.
            let (alive, log, inner) = (alive.clone(), log.clone(), g.clone());
            let late = shielded(async move {
                while inner.spawn(async { Ok(()) }).is_ok() {
                    turns(1).await;
                }
                let refused = inner.spawn(watched(&alive, &log)).unwrap_err();
                assert_eq!(refused.why(), WhyRefused::Aborting);
                assert!(refused.to_string().contains("about to end"));
                drop(refused);
                assert_eq!(alive.count(), 0);
                let waiting = inner
                    .spawn_when_free(watched(&alive, &log))
                    .await
                    .unwrap_err();
                assert_eq!(waiting.why(), WhyRefused::Aborting);
                log.add("refused");
                Ok(())
            });
            g.spawn(late).unwrap();
            turns(1).await;
            Err::<(), _>("no luck")
        });
        let refused = handle.spawn(watched(&alive, &log)).unwrap_err();
        assert_eq!(refused.why(), WhyRefused::NotRunning);
        drop(refused);
        run.await.unwrap_err();
        let refused = handle.spawn(watched(&alive, &log)).unwrap_err();
        assert_eq!(refused.why(), WhyRefused::Finished);
        let future = refused.into_inner();
        assert_eq!(alive.count(), 1);
        assert_eq!(log.all(), ["refused"]);
        future.await.unwrap();
        assert_eq!(alive.count(), 0);
        assert_eq!(log.all(), ["refused", "polled"]);
    });
}

#[test]
fn without_an_executor_the_future_comes_back() {
    let (alive, log) = (Alive::new(), Log::new());
    let end = trill_park::block_on(group(async |g: Group<&'static str>| {
        let refused = g.spawn(watched(&alive, &log)).unwrap_err();
        assert_eq!(refused.why(), WhyRefused::NoExecutor);
        assert_eq!(g.len(), 0);
        drop(refused);
        Ok(alive.count())
    }));
    assert_eq!(end.unwrap(), Some(0));
    assert!(log.all().is_empty());
}

#[test]
fn dropping_the_group_at_each_await_cancels_all_children() {
    for polls in 0..8 {
        for grace in [Duration::ZERO, Duration::MAX] {
            let alive = Alive::new();
            in_world(polls, async {
                let mut run = Box::pin(TaskGroup::new().grace(grace).run(
                    async |g: Group<&'static str>| {
                        let _one = alive.one();
                        for _ in 0..3 {
                            g.spawn(forever(&alive).await).unwrap();
                            turns(1).await;
                        }
                        g.cancel("enough");
                        Ok(())
                    },
                ));
                for _ in 0..polls {
                    if poll_once(run.as_mut()).is_ready() {
                        break;
                    }
                    turns(1).await;
                }
                drop(run);
                turns(20).await;
                assert_eq!(alive.count(), 0, "after {polls} polls");
            });
        }
    }
}

#[test]
fn handles_are_waited_for_without_owning() {
    in_world(1, async {
        let run = group(async |g: Group<&'static str>| {
            let mut children = [20, 10, 30].map(|ms| {
                let child = async move {
                    sleep(MS * ms).await;
                    Ok(ms)
                };
                g.spawn(child).unwrap()
            });
            let waited = wait(&mut children, Until::FirstCompleted, None).await;
            assert_eq!((waited.done, waited.pending), (vec![1], vec![0, 2]));
            let waited = wait(&mut children, Until::All, Some(15 * MS)).await;
            assert_eq!(waited.done, [0, 1]);
            let mut values = Vec::new();
            for child in children {
                values.push(child.await.unwrap());
            }
            assert_eq!(values, [20, 10, 30]);
            Ok(())
        });
        run.await.unwrap();
    });
}

#[test]
fn executor_that_goes_away_ends_the_children() {
    let alive = Alive::new();
    let ex = Executor::new();
    let mut run = Box::pin(group(async |g: Group<&'static str>| {
        let child = g.spawn(forever(&alive).await).unwrap();
        assert!(child.await.unwrap_err().is_cancelled());
        Ok(5)
    }));
    trill_park::block_on(ex.run(async {
        assert!(poll_once(run.as_mut()).is_pending());
    }));
    drop(ex);
    assert_eq!(alive.count(), 0);
    assert_eq!(trill_park::block_on(run).unwrap(), Some(5));
}

#[test]
fn awaits_are_located() {
    fn check(future: impl Future, kind: Kind, line: u32) {
        let header = Header::new(Spawned::here());
        let mut future = pin!(future);
        let mut cx = Context::from_waker(Waker::noop());
        assert!(header.poll(|| future.as_mut().poll(&mut cx)).is_pending());
        let wait = header.wait().unwrap();
        let at = wait.location.unwrap();
        assert_eq!((at.file(), at.line(), wait.kind), (file!(), line, kind));
    }
    let ex = Executor::new();
    trill_park::block_on(ex.run(async {
        let run = TaskGroup::new()
            .width(1)
            .run(async |g: Group<&'static str>| {
                let mut child = g.spawn(pending::<Never>()).unwrap();
                check(async { child.ended().await }, Kind::Task, line!());
                check(async { drop(child.await) }, Kind::Task, line!());
                let spawns = g.spawn_when_free(pending::<Never>());
                check(async { drop(spawns.await) }, Kind::Permit, line!());
                g.cancel("enough");
                Ok(())
            });
        run.await.unwrap();
        let run = group(async |g: Group<&'static str>| {
            let start = g.start(async |ready: trill_task::Ready<()>| {
                let _ready = ready;
                pending::<Never>().await
            });
            check(async { drop(start.await) }, Kind::Task, line!());
            g.cancel("enough");
            Ok(())
        });
        run.await.unwrap();
        let run = group(async |g: Group<&'static str>| {
            g.spawn(pending::<Never>()).unwrap();
            Ok(())
        });
        check(async { drop(run.await) }, Kind::Other, line!());
    }));
}
