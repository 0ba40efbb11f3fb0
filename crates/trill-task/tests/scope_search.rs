//! `scope` under ten thousand schedules.

mod help;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;

use help::{Alive, below, in_world, turns};
use trill_task::{Scope, scope};

type Boxed<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// A tree of children with random turns, cancels and panics.
fn random_child<'a>(s: Scope<'a>, alive: Alive, depth: u64) -> Boxed<'a> {
    Box::pin(async move {
        let _one = alive.one();
        let mut handles = Vec::new();
        for _ in 0..below(4) {
            match below(6) {
                0 if depth < 3 => {
                    handles.push(s.spawn(random_child(s.clone(), alive.clone(), depth + 1)));
                }
                1 => handles.iter().for_each(trill_task::Scoped::cancel),
                2 if below(8) == 0 => panic!("expected"),
                3 if below(8) == 0 => s.cancel(),
                4 => {
                    if let Some(handle) = handles.pop() {
                        let _ = handle.join().await;
                    }
                }
                _ => turns(below(3) as usize).await,
            }
        }
    })
}

// Seeded search: whatever children do and wherever the scope is dropped, none lives after it.
#[test]
fn no_schedule_leaves_a_child_behind() {
    help::hush_panics();
    for seed in 0..10_000 {
        let alive = Alive::new();
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            in_world(seed, async {
                let whole = scope(async |s: Scope<'_>| {
                    let _one = alive.one();
                    for _ in 0..=below(4) {
                        s.spawn(random_child(s.clone(), alive.clone(), 0));
                        turns(below(2) as usize).await;
                    }
                });
                let limit = turns(below(12) as usize);
                if below(2) == 0 {
                    futures_lite::future::or(whole, limit).await;
                } else {
                    whole.await;
                }
                assert_eq!(alive.count(), 0, "seed {seed}");
            });
        }));
        if let Err(payload) = outcome {
            assert_eq!(help::text_of(&*payload), "expected", "seed {seed}");
        }
        assert_eq!(alive.count(), 0, "seed {seed}");
    }
}
