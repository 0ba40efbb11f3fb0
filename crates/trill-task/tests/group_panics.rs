//! Panics in groups, and failures that nobody receives.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod help;

use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::time::Duration;

use help::{Alive, OnDrop, in_world, panic_of, poll_once, text_of, turns};
use trill_cell::Spawned;
use trill_task::{Group, TaskGroup, group};

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
fn panics_of_children_are_failures_with_their_payload() {
    let alive = Alive::new();
    in_world(1, async {
        let error = group(async |g: Group<&'static str>| {
            g.spawn(forever(&alive).await).unwrap();
            let child = g.spawn::<(), _>(async { panic!("child {}", 7) }).unwrap();
            let ended = child.await;
            // Reached only if this is polled between the panic and its own drop.
            assert!(ended.unwrap_err().is_panic());
            pending::<Never>().await
        })
        .await
        .unwrap_err();
        assert_eq!(alive.count(), 0);
        assert!(error.to_string().contains("panicked: child 7"));
        assert_eq!(text_of(&*error.into_panic().unwrap()), "child 7");
    });
}

#[test]
fn panics_in_drops_of_children_are_failures() {
    let alive = Alive::new();
    in_world(1, async {
        let run = group(async |g: Group<&'static str>| {
            for n in 0..3 {
                let one = alive.one();
                let child = async move {
                    let _one = one;
                    let _bomb = OnDrop(move || panic!("drop {n}"));
                    pending::<Never>().await
                };
                g.spawn(child).unwrap();
            }
            let child = g.spawn(async { Ok(OnDrop(|| panic!("value"))) }).unwrap();
            drop(child);
            turns(3).await;
            g.cancel("enough");
            Ok(())
        });
        let error = run.await.unwrap_err();
        assert_eq!((error.failures().len(), alive.count()), (4, 0));
        assert!(error.failures().iter().all(trill_task::Failure::is_panic));
    });
}

#[test]
fn panic_of_the_body_goes_on_when_the_children_have_ended() {
    let alive = Alive::new();
    for at_once in [true, false] {
        let text = panic_of(|| {
            in_world(1, async {
                let mut run = pin!(group(async |g: Group<&'static str>| {
                    g.spawn(forever(&alive).await).unwrap();
                    if !at_once {
                        turns(3).await;
                    }
                    if alive.count() > 0 {
                        panic!("body");
                    }
                    Ok(())
                }));
                let polled = std::future::poll_fn(|cx| {
                    catch_unwind(AssertUnwindSafe(|| run.as_mut().poll(cx))).map_or_else(
                        |payload| std::task::Poll::Ready(Err(payload)),
                        |polled| polled.map(Ok),
                    )
                });
                let payload = polled.await.unwrap_err();
                assert_eq!(alive.count(), 0);
                std::panic::resume_unwind(payload);
            });
        });
        assert_eq!(text, "body");
    }
    let text = panic_of(|| {
        let body = |_: Group<()>| -> std::future::Ready<Result<(), ()>> { panic!("closure") };
        in_world(1, async { drop(group(body).await) });
    });
    assert_eq!(text, "closure");
}

#[test]
fn failures_that_nobody_receives_are_reported() {
    static LOST: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());
    trill_cell::on_unhandled(&|failure| {
        if failure.name == Some("lost") {
            LOST.lock().unwrap().push(failure.to_string());
        }
    });
    in_world(1, async {
        let run = TaskGroup::new()
            .grace(Duration::MAX)
            .run(async |g: Group<&'static str>| {
                let fails = async { Err::<(), _>("no") };
                g.spawn_as(fails, Spawned::here().named("lost")).unwrap();
                pending::<Never>().await
            });
        let mut run = Box::pin(run);
        for _ in 0..5 {
            assert!(poll_once(run.as_mut()).is_pending());
            turns(1).await;
        }
        drop(run);
    });
    let lost = LOST.lock().unwrap();
    assert_eq!(lost.len(), 1);
    assert!(
        lost[0].contains("failed") && lost[0].contains("group_panics.rs"),
        "{lost:?}"
    );
}
