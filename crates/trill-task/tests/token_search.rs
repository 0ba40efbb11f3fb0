//! Random programs over a tree of tokens, against a model: cancel, child creation, waits, runs and drops in every order.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::future::Future;
use std::pin::Pin;
use std::task::Context;

use common::Count;
use trill_executor::{Executor, yield_now};
use trill_task::{CancelToken, WhenCancelled, checkpoint};
use trill_world::{VirtualWorld, pick};

/// What is known of a token: its parent, and the reason that it must have.
struct Known {
    /// `None` once dropped.
    token: Option<CancelToken>,
    parent: Option<usize>,
    reason: Option<String>,
}

/// A wait for a token, and how often it was woken.
struct Wait {
    of: usize,
    future: WhenCancelled,
    count: std::sync::Arc<Count>,
}

/// Cancels in the model: the whole subtree, where nothing was cancelled before.
fn cancel(all: &mut [Known], index: usize, reason: &str) {
    if all[index].reason.is_some() {
        return;
    }
    all[index].reason = Some(reason.to_string());
    for child in index + 1..all.len() {
        let mut above = all[child].parent;
        // A child of something that was cancelled before has its own reason already.
        while let Some(parent) = above.filter(|&parent| parent != index) {
            above = all[parent].parent;
        }
        if above.is_some() && all[child].reason.is_none() {
            all[child].reason = Some(reason.to_string());
        }
    }
}

#[test]
fn tree_behaves_as_its_model_for_random_programs() {
    for seed in 0..10_000 {
        VirtualWorld::new(seed).run(|| run_program(seed));
    }
}

fn run_program(seed: u64) {
    let mut all = vec![Known {
        token: Some(CancelToken::new()),
        parent: None,
        reason: None,
    }];
    let mut waits: Vec<Wait> = Vec::new();
    for step in 0..24 {
        let index = pick(all.len());
        let Some(token) = all[index].token.clone() else {
            continue;
        };
        match pick(6) {
            0 | 1 => {
                let reason = all[index].reason.clone();
                all.push(Known {
                    token: Some(token.child()),
                    parent: Some(index),
                    reason,
                });
            }
            2 => {
                let (count, waker) = Count::new();
                let mut future = token.cancelled();
                let polled = Pin::new(&mut future).poll(&mut Context::from_waker(&waker));
                assert_eq!(
                    polled.is_ready(),
                    all[index].reason.is_some(),
                    "seed {seed}"
                );
                if polled.is_pending() {
                    waits.push(Wait {
                        of: index,
                        future,
                        count,
                    });
                }
            }
            3 if !waits.is_empty() => drop(waits.swap_remove(pick(waits.len()))),
            // The handle alone: children and waits keep the token.
            4 => all[index].token = None,
            _ if pick(3) == 0 => {
                let reason = format!("step {step}");
                assert_eq!(token.cancel(reason.as_str()), all[index].reason.is_none());
                cancel(&mut all, index, &reason);
            }
            _ => {}
        }
        drop(token);
        for known in &all {
            let Some(token) = &known.token else { continue };
            let reason = token
                .reason()
                .map(|cancelled| cancelled.reason().to_string());
            assert_eq!(reason, known.reason, "seed {seed}, step {step}");
        }
        for wait in &waits {
            let is_told = usize::from(all[wait.of].reason.is_some());
            assert_eq!(wait.count.get(), is_told, "seed {seed}, step {step}");
        }
    }
    for mut wait in waits {
        let polled =
            Pin::new(&mut wait.future).poll(&mut Context::from_waker(std::task::Waker::noop()));
        assert_eq!(
            polled.is_ready(),
            all[wait.of].reason.is_some(),
            "seed {seed}"
        );
    }
}

/// In every schedule a run ends: with its value if it has one, else cancelled, and its body is dropped once.
#[test]
fn run_ends_in_every_schedule_and_drops_its_body_once() {
    let mut ended = [0, 0];
    for seed in 0..10_000 {
        VirtualWorld::new(seed).run(|| {
            let ex = Executor::new();
            let token = CancelToken::new();
            let drops = common::Drops::default();
            let steps = pick(4);
            let looks = pick(2) == 0;
            let one = drops.one();
            let child = token.child();
            let work = ex.spawn(async move {
                child
                    .run(async move {
                        let _one = one;
                        for _ in 0..steps {
                            yield_now().await;
                            if looks && checkpoint().await.is_err() {
                                return "saw it";
                            }
                        }
                        "done"
                    })
                    .await
            });
            let waits = pick(5);
            let canceller = ex.spawn(async move {
                for _ in 0..waits {
                    yield_now().await;
                }
                token.cancel("over");
            });
            let result = trill_park::block_on(ex.run(async {
                let result = work.await;
                canceller.await;
                result
            }));
            assert_eq!(drops.get(), 1, "seed {seed}");
            assert!(looks || result != Ok("saw it"));
            ended[usize::from(result.is_ok())] += 1;
        });
    }
    assert!(ended.iter().all(|&count| count > 100), "{ended:?}");
}
