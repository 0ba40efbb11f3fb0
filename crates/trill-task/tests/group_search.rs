//! `TaskGroup` under ten thousand schedules: spawns, failures, panics, cancels from inside and outside, drops.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod help;

use std::collections::BTreeMap;
use std::future::{Future, pending};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use help::{Alive, One, below, in_task, turns};
use trill_task::{CancelToken, Cancelled, CancelledError, Group, TaskGroup, checkpoint};
use trill_timer::{sleep, timeout};

const MS: Duration = Duration::from_millis(1);

type Boxed<T> = Pin<Box<dyn Future<Output = Result<T, Trouble>> + Send>>;

/// An error of a child.
#[derive(Debug)]
enum Trouble {
    Real,
    Cancelled,
}

impl From<CancelledError> for Trouble {
    fn from(_: CancelledError) -> Trouble {
        Trouble::Cancelled
    }
}

fn is_cancelled(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Cancelled)
}

/// What all children of a run share.
#[derive(Clone)]
struct Run {
    alive: Alive,
    errors: Arc<AtomicUsize>,
    panics: Arc<AtomicUsize>,
}

/// A child: random steps, then a random end.
fn child(g: Group<Trouble>, run: Run, depth: u64) -> Boxed<u64> {
    let one: One = run.alive.one();
    Box::pin(async move {
        let _one = one;
        for _ in 0..below(4) {
            match below(10) {
                0 | 1 if depth < 3 => {
                    if let Ok(child) = g.spawn(child(g.clone(), run.clone(), depth + 1)) {
                        if below(2) == 0 {
                            let _ = child.await;
                        } else if below(3) == 0 {
                            child.cancel("one");
                        }
                    }
                }
                2 if depth < 3 => {
                    let next = child(g.clone(), run.clone(), depth + 1);
                    drop(g.spawn_when_free(next).await);
                }
                3 => sleep(MS * below(3) as u32).await,
                4 => checkpoint().await.map_err(Cancelled::into_error)?,
                5 if depth < 2 => {
                    // A group in a child.
                    let told = TaskGroup::new().cancelled_if(is_cancelled);
                    let inner = told.run(async |g: Group<Trouble>| {
                        for _ in 0..below(3) {
                            let _ = g.spawn(child(g.clone(), run.clone(), depth + 2));
                        }
                        turns(below(3) as usize).await;
                        Ok(())
                    });
                    if let Err(error) = inner.await {
                        // Failures of the inner group end there.
                        count(&run, error.failures(), |run| (&run.errors, &run.panics));
                    }
                }
                _ => turns(below(3) as usize).await,
            }
        }
        match below(16) {
            0 => {
                run.errors.fetch_add(1, Ordering::SeqCst);
                Err(Trouble::Real)
            }
            1 => {
                run.panics.fetch_add(1, Ordering::SeqCst);
                panic!("expected")
            }
            2 => Err(Trouble::Cancelled),
            3 => {
                g.cancel("from a child");
                pending().await
            }
            4 => pending().await,
            _ => Ok(depth),
        }
    })
}

/// Takes failures that were received off the count of those that happened.
fn count(
    run: &Run,
    failures: &[trill_task::Failure<Trouble>],
    of: impl Fn(&Run) -> (&Arc<AtomicUsize>, &Arc<AtomicUsize>),
) {
    let (errors, panics) = of(run);
    for failure in failures {
        match failure.error() {
            Some(Trouble::Real) => errors.fetch_sub(1, Ordering::SeqCst),
            Some(Trouble::Cancelled) => panic!("a cancellation was counted as a failure"),
            None => panics.fetch_sub(1, Ordering::SeqCst),
        };
    }
}

/// One schedule.
async fn schedule(seed: u64) -> &'static str {
    let run = Run {
        alive: Alive::new(),
        errors: Arc::default(),
        panics: Arc::default(),
    };
    let mut settings = TaskGroup::new().cancelled_if(is_cancelled);
    if below(2) == 0 {
        settings = settings.grace(MS * below(4) as u32);
    }
    if below(3) == 0 {
        settings = settings.width(1 + below(3) as u32);
    }
    let token = CancelToken::new();
    let (handle, whole) = settings.split(async |g: Group<Trouble>| {
        for _ in 0..=below(4) {
            let _ = g.spawn(child(g.clone(), run.clone(), 0));
            turns(below(2) as usize).await;
        }
        match below(8) {
            0 => {
                run.errors.fetch_add(1, Ordering::SeqCst);
                Err(Trouble::Real)
            }
            1 => pending().await,
            2 => checkpoint()
                .await
                .map_err(|cancelled| cancelled.into_error().into()),
            _ => Ok(()),
        }
    });
    let mut whole = Some(Box::pin(token.scope(whole)));
    let disturb = async {
        match below(4) {
            0 => turns(below(20) as usize).await,
            1 => sleep(MS * below(8) as u32).await,
            _ => {}
        }
        match below(4) {
            0 => drop(token.cancel("from outside")),
            1 => drop(handle.cancel("by its handle")),
            _ => {}
        }
        // Whatever never ends by itself is ended here.
        sleep(50 * MS).await;
        handle.cancel("at last");
        pending::<()>().await;
    };
    let is_dropped = below(5) == 0;
    let limit = match is_dropped {
        true => MS * below(4) as u32,
        false => Duration::from_secs(3600),
    };
    let ended = {
        let running = whole.as_mut().unwrap().as_mut();
        let both = futures_lite::future::or(async { Some(running.await) }, async {
            disturb.await;
            None
        });
        timeout(limit, pin!(both)).await
    };
    match ended {
        Ok(Some(end)) => {
            // No child lives after the group, and nobody's failure is lost or told twice.
            assert_eq!(run.alive.count(), 0, "seed {seed}");
            assert!(handle.is_empty(), "seed {seed}");
            let how = match &end {
                Ok(Some(())) => "ended well",
                Ok(None) => "was cancelled by itself",
                Err(error) if error.is_cancelled() => "was cancelled from outside",
                Err(_) => "failed",
            };
            if let Err(error) = end {
                assert!(!error.is_cancelled() || token.is_cancelled(), "seed {seed}");
                count(&run, error.failures(), |run| (&run.errors, &run.panics));
            }
            // The rest are failures in inner groups whose futures were dropped: those were reported.
            let rest = run.errors.load(Ordering::SeqCst) + run.panics.load(Ordering::SeqCst);
            assert_eq!(rest, help::reported(), "seed {seed}");
            match rest {
                0 => how,
                _ => "left failures of inner groups behind",
            }
        }
        Ok(None) => unreachable!("the disturbance never ends"),
        Err(_elapsed) => {
            assert!(is_dropped, "seed {seed}: the group hangs");
            drop(whole.take());
            sleep(Duration::from_secs(1)).await;
            assert_eq!(run.alive.count(), 0, "seed {seed}");
            "was dropped"
        }
    }
}

#[test]
fn no_schedule_leaves_a_child_loses_a_failure_or_hangs() {
    help::hush_panics();
    help::count_reports();
    let mut ends = BTreeMap::new();
    for seed in 0..10_000 {
        help::forget_reports();
        *ends.entry(in_task(seed, schedule(seed))).or_insert(0) += 1;
    }
    // The search is worth nothing if it does not get everywhere.
    let often = ends.values().filter(|&&count| count > 100).count();
    assert!(often >= 5, "{ends:?}");
}
