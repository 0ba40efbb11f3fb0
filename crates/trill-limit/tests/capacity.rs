//! A capacity limiter lends each borrower one token, in order, and never more than its total.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::sync::Arc;
use std::task::Poll;

use support::{Count, below, in_world, panicking_waker, poll_once, poll_with};
use trill_executor::{Executor, yield_now};
use trill_limit::{
    AcquireCapacity, Borrower, CapacityLimiter, CapacityToken, TryAcquireCapacityError,
};
use trill_world::VirtualWorld;

/// A waiting future of a borrower of its own.
fn waits(limiter: &CapacityLimiter) -> AcquireCapacity<&CapacityLimiter> {
    let mut future = limiter.on_behalf_of(Borrower::new()).acquire();
    assert!(poll_once(&mut future).is_pending());
    future
}

fn is_granted(future: &mut AcquireCapacity<&CapacityLimiter>) -> bool {
    poll_once(future).is_ready()
}

#[test]
fn a_task_cannot_borrow_twice_and_can_once_the_token_is_back() {
    let limiter = CapacityLimiter::new(3);
    let ex = Executor::new();
    in_world(ex.run(ex.spawn(async {
        let token = limiter.acquire().await.unwrap();
        let me = Borrower::current();
        assert_eq!(token.borrower(), me);
        assert_eq!(limiter.acquire().await.unwrap_err().borrower(), me);
        let refused = limiter.try_acquire().unwrap_err();
        assert!(matches!(
            refused,
            TryAcquireCapacityError::AlreadyBorrowed(_)
        ));
        assert!(refused.to_string().contains("on behalf of another"));
        // Another borrower may, also from this task.
        let other = Borrower::new();
        let theirs = limiter.on_behalf_of(other).acquire().await.unwrap();
        assert_eq!(limiter.statistics().borrowed, 2);
        drop((token, theirs));
        drop(limiter.acquire().await.unwrap());
    })));
    assert_eq!(limiter.statistics().borrowers, []);
}

#[test]
fn the_task_that_polls_first_is_the_borrower() {
    let limiter = Arc::new(CapacityLimiter::new(2));
    let ex = Executor::new();
    in_world(ex.run(async {
        let future = limiter.acquire_arc();
        let task = ex.spawn(future);
        let id = task.id();
        let token: CapacityToken<Arc<CapacityLimiter>> = task.await.unwrap();
        assert_eq!(token.borrower(), Borrower::from(id));
        // It may be given back by another task.
        ex.spawn(async move { drop(token) }).await;
        assert_eq!(limiter.available(), 2);
    }));
}

#[test]
fn a_borrower_that_waits_cannot_wait_twice() {
    let limiter = CapacityLimiter::new(0);
    let me = Borrower::new();
    let mut first = limiter.on_behalf_of(me).acquire();
    assert!(poll_once(&mut first).is_pending());
    let mut second = limiter.on_behalf_of(me).acquire();
    assert!(matches!(poll_once(&mut second), Poll::Ready(Err(_))));
    // Its end takes nothing from the first.
    drop(second);
    assert_eq!(limiter.statistics().waiting, 1);
    limiter.set_total(1);
    assert!(is_granted(&mut first));
}

#[test]
fn outside_a_task_each_acquisition_is_a_borrower_of_its_own() {
    let limiter = CapacityLimiter::new(2);
    let _first = limiter.acquire_blocking().unwrap();
    let _second = limiter.acquire_blocking().unwrap();
    assert_eq!(
        limiter.try_acquire().unwrap_err(),
        TryAcquireCapacityError::Full
    );
}

#[test]
fn tokens_go_to_those_who_came_first_and_newcomers_do_not_pass() {
    let limiter = CapacityLimiter::new(1);
    let held = limiter.try_acquire().unwrap();
    let mut waiting: Vec<_> = (0..4).map(|_| waits(&limiter)).collect();
    drop(held);
    // In the window before the first waiter runs the token is promised.
    assert_eq!(
        limiter.try_acquire().unwrap_err(),
        TryAcquireCapacityError::Full
    );
    let mut newcomer = waits(&limiter);
    for index in (1..4).rev() {
        assert!(!is_granted(&mut waiting[index]));
    }
    for future in &mut waiting {
        let Poll::Ready(token) = poll_once(future) else {
            panic!("it was its turn");
        };
        assert!(!is_granted(&mut newcomer));
        drop(token);
    }
    assert!(is_granted(&mut newcomer));
}

#[test]
fn a_waiter_that_was_handed_a_token_and_is_dropped_passes_it_on() {
    let limiter = CapacityLimiter::new(1);
    let held = limiter.try_acquire().unwrap();
    let (first, second) = (waits(&limiter), waits(&limiter));
    let (count, waker) = Count::new();
    let mut third = limiter.on_behalf_of(Borrower::new()).acquire();
    assert!(poll_with(&mut third, &waker).is_pending());
    drop(second);
    drop(held);
    assert_eq!(count.get(), 0);
    drop(first);
    assert_eq!(count.get(), 1);
    assert!(is_granted(&mut third));
    assert_eq!(limiter.available(), 1);
}

#[test]
fn a_future_that_was_never_polled_or_is_ready_gives_nothing_up() {
    let limiter = CapacityLimiter::new(1);
    drop(limiter.acquire());
    let mut ready = limiter.acquire();
    let Poll::Ready(token) = poll_once(&mut ready) else {
        panic!("there was one");
    };
    drop(ready);
    assert_eq!(limiter.available(), 0);
    drop(token);
    assert_eq!(limiter.available(), 1);
}

#[test]
fn a_total_can_shrink_below_what_is_borrowed_and_to_zero() {
    let limiter = CapacityLimiter::new(3);
    let mut tokens: Vec<_> = (0..3).map(|_| limiter.try_acquire().unwrap()).collect();
    let mut waiter = waits(&limiter);
    limiter.set_total(1);
    assert_eq!(
        (
            limiter.total(),
            limiter.available(),
            limiter.statistics().borrowed
        ),
        (1, 0, 3)
    );
    tokens.pop();
    tokens.pop();
    // Two came back, and the one that is still out is all there may be.
    assert!(!is_granted(&mut waiter));
    limiter.set_total(0);
    tokens.pop();
    assert!(!is_granted(&mut waiter));
    assert_eq!(limiter.statistics().borrowed, 0);
    limiter.set_total(1);
    assert!(is_granted(&mut waiter));
}

#[test]
fn a_larger_total_lets_in_as_many_as_fit() {
    let limiter = CapacityLimiter::new(0);
    let mut waiting: Vec<_> = (0..5).map(|_| waits(&limiter)).collect();
    limiter.set_total(3);
    assert_eq!(limiter.statistics().borrowed, 3);
    assert_eq!(limiter.statistics().waiting, 2);
    let mut tokens = Vec::new();
    for future in &mut waiting {
        if let Poll::Ready(token) = poll_once(future) {
            tokens.push(token.unwrap());
        }
    }
    assert_eq!(tokens.len(), 3);
    limiter.set_total(usize::MAX);
    assert!(waiting[3..].iter_mut().all(is_granted));
}

#[test]
fn statistics_tell_who_has_tokens() {
    let limiter = CapacityLimiter::new(2);
    let (me, you) = (Borrower::new(), Borrower::new());
    let _mine = limiter.on_behalf_of(me).try_acquire().unwrap();
    let _yours = limiter.on_behalf_of(you).try_acquire().unwrap();
    let _waiter = waits(&limiter);
    let now = limiter.statistics();
    assert_eq!((now.total, now.borrowed, now.waiting), (2, 2, 1));
    assert_eq!(now.borrowers, [me, you]);
    assert_eq!(
        format!("{limiter:?}"),
        "CapacityLimiter { total: 2, borrowed: 2, waiting: 1 }"
    );
}

#[test]
fn a_waker_that_panics_takes_no_token_from_others() {
    let limiter = CapacityLimiter::new(0);
    let mut bad = limiter.on_behalf_of(Borrower::new()).acquire();
    assert!(poll_with(&mut bad, &panicking_waker()).is_pending());
    let (count, waker) = Count::new();
    let mut good = limiter.on_behalf_of(Borrower::new()).acquire();
    assert!(poll_with(&mut good, &waker).is_pending());
    limiter.set_total(2);
    assert_eq!(count.get(), 1);
    assert!(is_granted(&mut good) && is_granted(&mut bad));
}

#[test]
fn the_waker_of_the_last_poll_is_woken() {
    let limiter = CapacityLimiter::new(0);
    let mut future = waits(&limiter);
    let (count, waker) = Count::new();
    assert!(poll_with(&mut future, &waker).is_pending());
    assert!(poll_with(&mut future, &waker).is_pending());
    limiter.set_total(1);
    assert_eq!(count.get(), 1);
}

#[test]
fn a_token_comes_back_when_its_task_panics_or_is_cancelled() {
    let limiter = CapacityLimiter::new(2);
    let ex = Executor::new();
    in_world(ex.run(async {
        let panics = ex.spawn(async {
            let _token = limiter.acquire().await.unwrap();
            panic!("expected");
        });
        let waits = ex.spawn(async {
            let _token = limiter.acquire().await.unwrap();
            std::future::pending::<()>().await;
        });
        assert!(panics.join().await.unwrap_err().is_panic());
        assert_eq!(limiter.statistics().borrowed, 1);
        waits.cancel().await;
    }));
    assert_eq!(limiter.available(), 2);
}

/// Random acquisitions, drops, resizes and yields: tokens are conserved, the total holds, and order is kept.
#[test]
fn tokens_are_conserved_under_every_mix_of_drops_and_resizes() {
    for seed in 0..10_000 {
        VirtualWorld::new(seed).run(|| {
            let limiter = CapacityLimiter::new(below(3));
            let mut waiting: Vec<AcquireCapacity<&CapacityLimiter>> = Vec::new();
            let mut held = Vec::new();
            for _ in 0..24 {
                match below(6) {
                    0 | 1 => {
                        let mut future = limiter.on_behalf_of(Borrower::new()).acquire();
                        let before = limiter.statistics().waiting;
                        match poll_once(&mut future) {
                            Poll::Ready(token) => {
                                assert_eq!(before, 0, "a newcomer passed a waiter");
                                held.push(token.unwrap());
                            }
                            Poll::Pending => waiting.push(future),
                        }
                    }
                    2 if !waiting.is_empty() => drop(waiting.remove(below(waiting.len()))),
                    3 if !held.is_empty() => drop(held.swap_remove(below(held.len()))),
                    4 => limiter.set_total(below(4)),
                    _ => take_granted(&mut waiting, &mut held),
                }
                let now = limiter.statistics();
                // What nobody has taken yet was handed to somebody who still waits for a poll.
                assert!(now.borrowed >= held.len());
                assert_eq!(now.borrowed + now.waiting, held.len() + waiting.len());
                assert!(
                    now.waiting == 0 || limiter.available() == 0,
                    "a token lies idle"
                );
            }
            limiter.set_total(usize::MAX);
            take_granted(&mut waiting, &mut held);
            assert!(waiting.is_empty());
            held.clear();
            assert_eq!(limiter.statistics().borrowed, 0);
        });
    }
}

/// Polls all in order; those with a token are the first ones.
fn take_granted<'a>(
    waiting: &mut Vec<AcquireCapacity<&'a CapacityLimiter>>,
    held: &mut Vec<CapacityToken<&'a CapacityLimiter>>,
) {
    let mut is_pending = false;
    waiting.retain_mut(|future| match poll_once(future) {
        Poll::Ready(token) => {
            assert!(
                !is_pending,
                "a later waiter was served before an earlier one"
            );
            held.push(token.unwrap());
            false
        }
        Poll::Pending => {
            is_pending = true;
            true
        }
    });
}

#[test]
fn tasks_that_come_and_go_never_exceed_the_total() {
    for seed in 0..300 {
        VirtualWorld::new(seed).run(|| {
            let limiter = CapacityLimiter::new(2);
            let inside = std::sync::atomic::AtomicUsize::new(0);
            let ex = Executor::new();
            let mut tasks = Vec::new();
            ex.spawn_many(
                (0..8).map(|_| async {
                    for _ in 0..3 {
                        let token = limiter.acquire().await.unwrap();
                        let before = inside.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        assert!(before < 2);
                        yield_now().await;
                        inside.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
                        drop(token);
                    }
                }),
                &mut tasks,
            );
            trill_park::block_on(ex.run(async {
                for task in tasks {
                    match below(4) {
                        0 => drop(task),
                        _ => task.await,
                    }
                }
            }));
            drop(ex);
            assert_eq!(limiter.available(), 2);
        });
    }
}
