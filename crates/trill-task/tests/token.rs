//! Cancel tokens: the tree, what a request does to what runs under it, and what a ready value is worth.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::future::{pending, ready};
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use common::{Count, Drops, busy, in_executor, in_world, ms, once_pending, poll_once};
use trill_executor::ambient;
use trill_task::{CancelToken, Cancelled, checkpoint, shielded};
use trill_timer::sleep;

#[test]
fn cancel_reaches_the_whole_subtree_and_nothing_above() {
    let root = CancelToken::new();
    let (left, right) = (root.child(), root.child());
    let leaf = left.child();
    assert!(left.cancel("left"));
    assert!(leaf.is_cancelled() && !right.is_cancelled() && !root.is_cancelled());
    assert_eq!(leaf.reason().unwrap().reason(), "left");
    assert!(root.cancel("all"));
    assert_eq!(right.reason().unwrap().reason(), "all");
    assert_eq!(leaf.reason().unwrap().reason(), "left");
}

#[test]
fn first_reason_and_origin_stay() {
    let token = CancelToken::new();
    let line = line!() + 1;
    assert!(token.cancel("first"));
    assert!(!token.cancel("second"));
    let cancelled = token.check().unwrap_err();
    assert_eq!(cancelled.reason(), "first");
    assert_eq!(
        (cancelled.origin().file(), cancelled.origin().line()),
        (file!(), line)
    );
    assert_eq!(
        cancelled.to_string(),
        format!("cancelled: first (at {}:{line}:19)", file!())
    );
}

#[test]
fn child_of_a_cancelled_token_is_born_cancelled() {
    let token = CancelToken::new();
    token.cancel("over");
    assert_eq!(token.child().child().reason(), token.reason());
}

#[test]
fn child_is_cancelled_through_a_parent_that_nobody_holds() {
    let root = CancelToken::new();
    let leaf = root.child().child();
    root.cancel("all");
    assert!(leaf.is_cancelled());
}

#[test]
fn deep_and_wide_trees_are_cancelled_and_dropped_without_recursion() {
    let root = CancelToken::new();
    let mut leaf = root.child();
    for _ in 0..200_000 {
        leaf = leaf.child();
    }
    let wide: Vec<CancelToken> = (0..100_000).map(|_| root.child()).collect();
    root.cancel("all");
    assert!(leaf.is_cancelled() && wide.iter().all(CancelToken::is_cancelled));
    drop((root, leaf));

    let mut leaf = CancelToken::new();
    for _ in 0..200_000 {
        leaf = leaf.child();
    }
    drop(leaf);
}

#[test]
fn all_below_are_cancelled_before_anybody_is_told() {
    let root = CancelToken::new();
    let leaf = root.child().child();
    let seen = std::sync::Arc::new(AtomicBool::new(false));
    let _told = root.on_cancel({
        let (seen, leaf) = (seen.clone(), leaf.clone());
        move |_| seen.store(leaf.is_cancelled(), Ordering::SeqCst)
    });
    root.cancel("all");
    assert!(seen.load(Ordering::SeqCst));
}

#[test]
fn callbacks_and_wakers_may_use_the_tokens_and_may_panic() {
    let root = CancelToken::new();
    let child = root.child();
    let calls = std::sync::Arc::new(AtomicUsize::new(0));
    let count = |token: &CancelToken| {
        let (calls, token) = (calls.clone(), token.clone());
        move |cancelled: &Cancelled| {
            calls.fetch_add(1, Ordering::SeqCst);
            assert!(!token.cancel("again"));
            drop(token.child());
            assert_eq!(cancelled.reason(), "all");
        }
    };
    let kept = [root.on_cancel(count(&root)), child.on_cancel(count(&child))];
    let _bad = root.on_cancel(|_| panic!("expected"));
    let _last = child.on_cancel(count(&root));
    let gone = root.on_cancel(|_| unreachable!("it was taken back"));
    assert!(gone.take_back());
    root.cancel("all");
    assert_eq!(calls.load(Ordering::SeqCst), 3);
    let [first, _] = kept;
    assert!(!first.take_back());
    // Told at once.
    let _late = root.on_cancel(count(&root));
    assert_eq!(calls.load(Ordering::SeqCst), 4);
}

#[test]
fn every_waiting_task_is_woken_once_and_a_dropped_one_is_not() {
    let token = CancelToken::new();
    let child = token.child();
    let (count, waker) = Count::new();
    let (gone, other) = Count::new();
    let mut waits = [token.cancelled(), token.cancelled(), child.cancelled()];
    for wait in &mut waits {
        for _ in 0..2 {
            assert!(
                Pin::new(&mut *wait)
                    .poll(&mut Context::from_waker(&waker))
                    .is_pending()
            );
        }
    }
    let mut dropped = token.cancelled();
    assert!(
        Pin::new(&mut dropped)
            .poll(&mut Context::from_waker(&other))
            .is_pending()
    );
    drop(dropped);
    token.cancel("over");
    assert_eq!((count.get(), gone.get()), (3, 0));
    for wait in &mut waits {
        for _ in 0..2 {
            assert!(
                Pin::new(&mut *wait)
                    .poll(&mut Context::from_waker(&waker))
                    .is_ready()
            );
        }
    }
}

#[test]
fn dropped_guard_cancels_at_its_place() {
    let token = CancelToken::new();
    let line = line!() + 1;
    drop(token.clone().cancel_on_drop("left"));
    assert_eq!(token.reason().unwrap().origin().line(), line);
}

#[test]
fn ready_value_is_never_thrown_away() {
    let token = CancelToken::new();
    token.cancel("over");
    in_world(async {
        assert_eq!(token.run(ready(5)).await, Ok(5));
        assert_eq!(token.run_with_grace(ms(1), ready(5)).await, Ok(5));
    });
    // Cancelled during the poll in which the value comes.
    let token = CancelToken::new();
    let body = async {
        token.cancel("by itself");
        5
    };
    assert_eq!(trill_park::block_on(token.run(body)), Ok(5));
}

#[test]
fn body_gets_a_poll_in_which_it_sees_the_request_and_is_then_dropped_where_it_waits() {
    let drops = Drops::default();
    let token = CancelToken::new();
    let seen = AtomicUsize::new(0);
    let mut run = pin!(token.run(async {
        let _one = drops.one();
        // Cancelled in the very poll that then waits: not dropped yet.
        token.cancel("over");
        once_pending().await;
        seen.fetch_add(1, Ordering::SeqCst);
        assert!(checkpoint().await.is_err());
        once_pending().await;
        seen.fetch_add(1, Ordering::SeqCst);
    }));
    assert!(poll_once(run.as_mut()).is_pending());
    assert_eq!(drops.get(), 0);
    let ended = poll_once(run.as_mut());
    assert!(matches!(ended, Poll::Ready(Err(cancelled)) if cancelled.reason() == "over"));
    // Gone when the error comes, not when the run is dropped.
    assert_eq!((drops.get(), seen.load(Ordering::SeqCst)), (1, 1));
}

#[test]
fn run_is_woken_by_the_cancel_and_ends() {
    let ended = in_executor(async {
        let token = CancelToken::new();
        let mine = token.clone();
        let task = ambient::spawn(async move { mine.run(pending::<()>()).await });
        once_pending().await;
        token.cancel("over");
        task.unwrap().await
    });
    assert_eq!(ended.unwrap_err().reason(), "over");
}

#[test]
fn grace_lets_the_body_clean_up_and_ends_it_when_it_is_over() {
    let start = trill_world::now;
    in_world(async {
        let token = CancelToken::new();
        token.cancel("over");
        let began = start();
        let cleaned = token.run_with_grace(ms(10), async {
            assert!(checkpoint().await.is_err());
            sleep(ms(9)).await;
            "clean"
        });
        assert_eq!(cleaned.await, Ok("clean"));
        assert_eq!(start() - began, ms(9));

        let drops = Drops::default();
        let began = start();
        let ended = token.run_with_grace(ms(10), {
            let one = drops.one();
            async move {
                let _one = one;
                loop {
                    sleep(ms(3)).await;
                }
            }
        });
        assert_eq!(ended.await, Err(token.reason().unwrap()));
        assert_eq!((start() - began, drops.get()), (ms(10), 1));
    });
}

#[test]
fn body_that_is_done_as_the_grace_ends_keeps_its_value() {
    in_world(async {
        let token = CancelToken::new();
        token.cancel("over");
        let body = async { sleep(ms(10)).await };
        assert_eq!(token.run_with_grace(ms(10), body).await, Ok(()));
    });
}

#[test]
fn grace_without_end_waits_for_as_long_as_it_takes() {
    in_world(async {
        let token = CancelToken::new();
        token.cancel("over");
        let hour = Duration::from_secs(3600);
        let body = async { sleep(hour).await };
        assert_eq!(token.run_with_grace(Duration::MAX, body).await, Ok(()));
    });
}

#[test]
fn body_that_uses_up_its_budget_still_loses_its_grace() {
    in_world(async {
        let token = CancelToken::new();
        token.cancel("over");
        // Never waits for anything but its turn.
        let body = async {
            loop {
                let _ = checkpoint().await;
                busy(Duration::from_micros(10));
            }
        };
        let ended: Result<(), Cancelled> = token.run_with_grace(ms(10), body).await;
        assert!(ended.is_err());
    });
}

#[test]
fn every_later_checkpoint_says_so_too() {
    let token = CancelToken::new();
    in_world(token.scope(async {
        assert!(checkpoint().await.is_ok());
        CancelToken::current().unwrap().cancel("over");
        for _ in 0..1000 {
            assert_eq!(checkpoint().await.unwrap_err().reason(), "over");
        }
    }));
    // Without a token it only gives way.
    in_world(async { assert!(checkpoint().await.is_ok()) });
}

#[test]
fn checkpoint_gives_way_within_its_budget() {
    in_executor(async {
        let turns = std::sync::Arc::new(AtomicUsize::new(0));
        let other = turns.clone();
        let other = ambient::spawn(async move { other.fetch_add(1, Ordering::SeqCst) });
        let mut steps = 0;
        let busy = ambient::spawn(async move {
            while turns.load(Ordering::SeqCst) == 0 {
                checkpoint().await.unwrap();
                steps += 1;
                assert!(steps <= 100_000, "it never gave way");
            }
        });
        busy.unwrap().await;
        other.unwrap().await;
    });
}

#[test]
fn spawned_tasks_are_asked_through_the_same_token() {
    in_executor(async {
        let token = CancelToken::new();
        let task = token
            .scope(async {
                ambient::spawn(async {
                    let grandchild = ambient::spawn(async {
                        CancelToken::current().unwrap().cancelled().await;
                    });
                    grandchild.unwrap().await;
                    checkpoint().await
                })
            })
            .await;
        once_pending().await;
        token.cancel("over");
        assert!(task.unwrap().await.is_err());
    });
}

#[test]
fn shielded_part_does_not_see_the_request_and_what_follows_does() {
    let token = CancelToken::new();
    token.cancel("over");
    in_world(token.run_with_grace(ms(100), async {
        shielded(async {
            assert!(checkpoint().await.is_ok());
            sleep(ms(5)).await;
            assert!(checkpoint().await.is_ok());
        })
        .await;
        assert!(checkpoint().await.is_err());
    }))
    .unwrap();
}

// Behaviour 12: if the outer scope is cancelled (a) before, (b) during, (c) after an inner abort, the code after the inner
// scope does not run past its next await, and no request is counted twice; inner handled error + outer cancel ⇒ still
// cancelled.
#[test]
fn outer_request_before_during_or_after_an_inner_one_ends_the_code_behind_the_inner_run() {
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum When {
        Before,
        During,
        After,
    }
    for when in [When::Before, When::During, When::After] {
        let steps = Mutex::new(Vec::new());
        let outer = CancelToken::new();
        let ended = in_world(outer.run(async {
            let inner = outer.child();
            if when == When::Before {
                outer.cancel("outer");
            }
            let aborted = inner
                .run(async {
                    if when == When::During {
                        outer.cancel("outer");
                    }
                    inner.cancel("inner");
                    pending::<()>().await;
                })
                .await;
            // The error of the inner run is handled here. The first request is the one that it says.
            let first = if when == When::After {
                "inner"
            } else {
                "outer"
            };
            assert_eq!(aborted.unwrap_err().reason(), first);
            if when == When::After {
                outer.cancel("outer");
            }
            steps.lock().unwrap().push("behind the inner run");
            assert!(checkpoint().await.is_err());
            once_pending().await;
            once_pending().await;
            steps.lock().unwrap().push("past the next wait");
        }));
        // One request was made, and one is reported.
        assert_eq!(ended.unwrap_err().reason(), "outer", "{when:?}");
        let steps = steps.into_inner().unwrap();
        assert!(!steps.contains(&"past the next wait"), "{when:?}");
    }
}

// Behaviour 12, by drop: the inner run is dropped with the outer one, and nothing behind it runs.
#[test]
fn dropping_the_outer_run_drops_the_inner_one_unasked() {
    let drops = Drops::default();
    let outer = CancelToken::new();
    let inner = outer.child();
    {
        let mut run = pin!(outer.run(async {
            let _ = inner
                .run_with_grace(ms(5), async {
                    let _one = drops.one();
                    pending::<()>().await;
                })
                .await;
            unreachable!("the inner run never ends");
        }));
        assert!(poll_once(run.as_mut()).is_pending());
        assert_eq!(drops.get(), 0);
    }
    assert_eq!(drops.get(), 1);
    assert!(!inner.is_cancelled() && !outer.is_cancelled());
}

#[test]
fn cancelled_does_not_turn_into_an_error_by_accident() {
    // `Cancelled: !Error`, told by which of two methods is found.
    struct Probe<T>(std::marker::PhantomData<T>);
    impl<T: std::error::Error> Probe<T> {
        fn is_error(&self) -> bool {
            true
        }
    }
    trait Fallback {
        fn is_error(&self) -> bool {
            false
        }
    }
    impl<T> Fallback for Probe<T> {}
    assert!(!Probe::<Cancelled>(std::marker::PhantomData).is_error());
    assert!(Probe::<trill_task::CancelledError>(std::marker::PhantomData).is_error());
}

#[test]
fn futures_are_send() {
    fn is_send<T: Send + 'static>(_: T) {}
    let token = CancelToken::new();
    is_send(token.clone());
    is_send(token.cancelled());
    is_send(token.run(ready(())));
    is_send(token.run_with_grace(ms(1), ready(())));
    is_send(token.scope(ready(())));
    is_send(checkpoint());
    is_send(shielded(ready(())));
}

#[test]
fn threads_that_make_drop_and_cancel_at_once_leave_nothing_uncancelled() {
    for _ in 0..2_000 {
        let root = CancelToken::new();
        let middle = root.child();
        let start = std::sync::Barrier::new(3);
        std::thread::scope(|scope| {
            let making = scope.spawn(|| {
                start.wait();
                (0..8).map(|_| middle.child().child()).collect::<Vec<_>>()
            });
            scope.spawn(|| {
                // Chains whose parents nobody holds any more: dropping them goes up the tree.
                let leaves: Vec<_> = (0..8).map(|_| root.child().child().child()).collect();
                start.wait();
                drop(leaves);
            });
            start.wait();
            root.cancel("all");
            let leaves = making.join().unwrap();
            assert!(leaves.iter().all(CancelToken::is_cancelled));
        });
        let text = format!("{root:?}");
        assert!(text.contains("children: 0"), "{text}");
    }
}
