//! Groups with a limited number of places.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod help;

use std::future::{Future, pending};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use help::{Alive, Gate, in_world, poll_once, turns};
use trill_task::{Group, TaskGroup, WhyRefused};
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
fn width_bounds_how_many_live() {
    for width in 1..4_u32 {
        let (alive, most) = (Alive::new(), Arc::new(AtomicUsize::new(0)));
        in_world(u64::from(width), async {
            let run = TaskGroup::new().width(width).run(async |g: Group<()>| {
                for n in 0..20_u32 {
                    let (counter, most) = (alive.clone(), most.clone());
                    let child = async move {
                        let _one = counter.one();
                        let now = counter.count();
                        most.fetch_max(now, Ordering::SeqCst);
                        sleep(MS * (n % 3)).await;
                        Ok(())
                    };
                    g.spawn_when_free(child).await.unwrap();
                    assert!(g.len() <= width as usize);
                }
                Ok(())
            });
            run.await.unwrap();
        });
        assert_eq!(most.load(Ordering::SeqCst), width as usize);
    }
}

#[test]
fn full_group_refuses_and_a_waiter_is_let_in_by_an_end() {
    in_world(1, async {
        let run = TaskGroup::new()
            .width(1)
            .run(async |g: Group<&'static str>| {
                let gate = Gate::new();
                let wait = gate.wait();
                g.spawn(async move {
                    wait.await;
                    Ok(())
                })
                .unwrap();
                let refused = g.spawn(async { Ok(()) }).unwrap_err();
                assert_eq!(refused.why(), WhyRefused::Full);
                let mut second = Box::pin(g.spawn_when_free(async { Ok(2) }));
                assert!(poll_once(second.as_mut()).is_pending());
                // A waiter that is dropped gives its place in the row up.
                let mut dropped = Box::pin(g.spawn_when_free(async { Ok(3) }));
                assert!(poll_once(dropped.as_mut()).is_pending());
                drop(dropped);
                gate.open();
                assert_eq!(second.await.unwrap().await.unwrap(), 2);
                Ok(())
            });
        run.await.unwrap();
    });
}

#[test]
fn waiting_for_a_place_ends_with_the_group() {
    in_world(1, async {
        let alive = Alive::new();
        let (handle, run) = TaskGroup::new()
            .width(1)
            .split(async |g: Group<&'static str>| {
                g.spawn(forever(&alive).await).unwrap();
                sleep(MS).await;
                Err::<(), _>("no luck")
            });
        let waits = async {
            turns(2).await;
            handle
                .spawn_when_free(async { Ok(()) })
                .await
                .unwrap_err()
                .why()
        };
        let (error, why) = futures_lite::future::zip(run, waits).await;
        error.unwrap_err();
        assert!(matches!(why, WhyRefused::Aborting | WhyRefused::Finished));
    });
}

#[test]
#[should_panic(expected = "width of at least 1")]
fn width_of_zero_is_refused() {
    drop(TaskGroup::<()>::new().width(0));
}
