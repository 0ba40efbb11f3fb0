//! Time limits: which end counts, how they nest, how they are moved. By drop and by request.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::future::{pending, poll_fn, ready};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use common::{Drops, busy, in_executor, in_seeded_executor, in_world, ms, once_pending};
use trill_executor::ambient;
use trill_task::{
    CancelToken, LimitError, TimeLimit, checkpoint, fail_after, fail_at, move_on_after, move_on_at,
};
use trill_timer::sleep;

fn now() -> Instant {
    trill_world::now()
}

// Behaviour 14: when the body completes in the same turn the deadline fires, its value wins and no stray cancellation
// hits the next await.
#[test]
fn value_of_the_turn_in_which_the_limit_expires_wins() {
    in_world(async {
        let limit = TimeLimit::after(ms(5));
        assert_eq!(limit.run(async { sleep(ms(5)).await }).await, Ok(()));
        assert!(!limit.expired());

        let limit = TimeLimit::after(ms(5));
        let asked = limit.run_with_grace(ms(5), async { sleep(ms(5)).await });
        assert_eq!(asked.await, Ok(()));
        assert!(!limit.expired());

        // A thread that was blocked past the deadline.
        let late = limit.run(async { busy(ms(50)) });
        assert_eq!(late.await, Ok(()));

        // Nothing is left that could end the next wait.
        assert!(checkpoint().await.is_ok());
        sleep(ms(20)).await;
    });
}

// Behaviour 14: when an outside cancel and the deadline coincide, cancelled wins.
#[test]
fn request_that_coincides_with_the_deadline_wins() {
    in_world(async {
        let token = CancelToken::new();
        let limit = TimeLimit::after(ms(5));
        let ended = token
            .run(limit.run(async {
                // Overruns the deadline, and the request comes in the same poll.
                busy(ms(6));
                token.cancel("outside");
                pending::<()>().await;
            }))
            .await;
        assert_eq!(ended.unwrap_err().reason(), "outside");
        assert!(!limit.expired());
    });
}

// Behaviour 14: in whatever order the two are served in the turn of both, one of them counts, and a request that was made
// before the limit looked at the clock is the one.
#[test]
fn request_and_deadline_of_one_turn_give_one_answer_in_every_order() {
    let mut answers = [0, 0];
    for seed in 0..10_000 {
        let is_cancelled = in_seeded_executor(seed, async {
            let token = CancelToken::new();
            let mine = token.clone();
            let canceller = ambient::spawn(async move {
                sleep(ms(5)).await;
                mine.cancel("outside");
            });
            let waiter = ambient::spawn(async move {
                let limit = TimeLimit::after(ms(5));
                let ended = token.run(limit.run(pending::<()>())).await;
                // Seen in the same poll, so this is what the limit saw.
                assert_eq!(ended.is_err(), token.is_cancelled());
                assert_eq!(ended.is_ok(), limit.expired());
                ended.is_err()
            });
            canceller.unwrap().await;
            waiter.unwrap().await
        });
        answers[usize::from(is_cancelled)] += 1;
    }
    assert!(answers.iter().all(|&count| count > 0), "{answers:?}");
}

// Behaviour 14, by request: the first request is the one that counts.
#[test]
fn request_that_coincides_with_a_limit_that_asks_wins() {
    in_executor(async {
        let token = CancelToken::new();
        let limit = TimeLimit::after(ms(5));
        let ended = token
            .scope(limit.run_with_grace(ms(5), async {
                // Overruns the deadline, and the request comes in the same poll.
                busy(ms(6));
                token.cancel("outside");
                pending::<()>().await;
            }))
            .await;
        let Err(LimitError::Cancelled(cancelled)) = ended else {
            panic!("the limit was first: {ended:?}");
        };
        assert_eq!(cancelled.reason(), "outside");
        assert!(!limit.expired());
    });
}

// Behaviour 14: a body error during expiry is returned, not masked.
#[test]
fn error_of_the_body_during_expiry_is_returned() {
    in_world(async {
        let limit = TimeLimit::after(ms(5));
        let failed = limit.run(async {
            sleep(ms(5)).await;
            Err::<(), _>("disk full")
        });
        assert_eq!(failed.await, Ok(Err("disk full")));

        let limit = TimeLimit::after(ms(5));
        let failed = limit.run_with_grace(ms(100), async {
            CancelToken::current().unwrap().cancelled().await;
            sleep(ms(20)).await; // cleans up
            Err::<(), _>("disk full")
        });
        assert_eq!(failed.await, Ok(Err("disk full")));
        // It did ask, and says so.
        assert!(limit.expired());
    });
}

// Behaviour 14: zero or negative deadline lets the body run to its first pending point only.
#[test]
fn limit_that_has_passed_lets_the_body_run_to_where_it_first_waits() {
    in_world(async {
        sleep(ms(10)).await;
        let past = now() - ms(5);
        for limit in [TimeLimit::after(Duration::ZERO), TimeLimit::at(past)] {
            assert_eq!(limit.run(ready(5)).await, Ok(5));
            let steps = AtomicUsize::new(0);
            let ended = limit.run(async {
                steps.fetch_add(1, Ordering::SeqCst);
                once_pending().await;
                steps.fetch_add(1, Ordering::SeqCst);
            });
            assert!(ended.await.is_err());
            assert_eq!(steps.load(Ordering::SeqCst), 1);
        }
        assert_eq!(move_on_after(Duration::ZERO, ready(5)).await, Some(5));
        assert_eq!(move_on_at(past, once_pending()).await, None);
        assert!(fail_at(past, once_pending()).await.is_err());
        assert_eq!(fail_after(Duration::MAX, once_pending()).await, Ok(()));
    });
}

#[test]
fn body_is_gone_when_the_limit_says_that_it_expired() {
    in_world(async {
        let drops = Drops::default();
        let one = drops.one();
        let mut run = std::pin::pin!(TimeLimit::after(ms(1)).run(async move {
            let _one = one;
            pending::<()>().await;
        }));
        assert!(run.as_mut().await.is_err());
        assert_eq!(drops.get(), 1);
    });
}

#[test]
fn quiet_form_gives_the_value_or_moves_on() {
    in_world(async {
        let began = now();
        let fast = async {
            sleep(ms(5)).await;
            1
        };
        assert_eq!(move_on_after(ms(10), fast).await, Some(1));
        assert_eq!(move_on_after(ms(10), pending::<u32>()).await, None);
        assert_eq!(now() - began, ms(15));
    });
}

// Behaviour 15: two nested deadlines that expire together: the inner reports first, the outer at its own exit.
#[test]
fn nested_limits_that_expire_together_report_from_the_inside_out() {
    in_world(async {
        let deadline = now() + ms(5);
        let (outer, inner) = (TimeLimit::at(deadline), TimeLimit::at(deadline));
        let saw_inner = AtomicBool::new(false);
        let ended = outer
            .run(async {
                assert!(inner.run(pending::<()>()).await.is_err());
                saw_inner.store(inner.expired() && !outer.expired(), Ordering::SeqCst);
                pending::<()>().await;
            })
            .await;
        assert!(ended.is_err() && outer.expired());
        assert!(saw_inner.load(Ordering::SeqCst));
    });
}

// Behaviour 15, by request: each asks through a token of its own.
#[test]
fn nested_limits_that_ask_report_from_the_inside_out() {
    in_world(async {
        let deadline = now() + ms(5);
        let (outer, inner) = (TimeLimit::at(deadline), TimeLimit::at(deadline));
        let ended = outer
            .run_with_grace(ms(50), async {
                let inside = inner.run_with_grace(ms(10), pending::<()>()).await;
                // The outer request, if it came first, is what the inner one was ended by.
                assert!(inside.is_err());
                let mine = CancelToken::current().unwrap();
                mine.cancelled().await;
                "seen at its own exit"
            })
            .await;
        assert_eq!(ended, Ok("seen at its own exit"));
        assert!(outer.expired());
    });
}

// Behaviour 15: a thread blocked past both still attributes correctly.
#[test]
fn overrun_of_both_limits_is_still_told_apart() {
    in_world(async {
        let began = now();
        let (outer, inner) = (TimeLimit::at(began + ms(4)), TimeLimit::at(began + ms(2)));
        let ended = outer
            .run(async {
                let inside = inner
                    .run(async {
                        busy(ms(100));
                        once_pending().await;
                    })
                    .await;
                assert!(inside.is_err() && inner.expired() && !outer.expired());
                "returned without another wait"
            })
            .await;
        assert_eq!(ended, Ok("returned without another wait"));
        assert!(!outer.expired());

        // The inner deadline is the later one: only the outer limit expires.
        let began = now();
        let (outer, inner) = (TimeLimit::at(began + ms(2)), TimeLimit::at(began + ms(200)));
        let ended = outer
            .run(async {
                busy(ms(100));
                inner.run(pending::<()>()).await
            })
            .await;
        assert!(ended.is_err() && outer.expired() && !inner.expired());
    });
}

// Behaviour 15: re-arming to the past fires next turn, to `None` never.
#[test]
fn limit_moved_to_the_past_ends_the_work_where_it_waits_and_a_lifted_one_never() {
    in_world(async {
        let limit = TimeLimit::never();
        let steps = AtomicUsize::new(0);
        let ended = limit
            .run(async {
                limit.reschedule(Some(now() - ms(1))).unwrap();
                assert!(!limit.expired());
                steps.fetch_add(1, Ordering::SeqCst);
                once_pending().await;
                steps.fetch_add(1, Ordering::SeqCst);
            })
            .await;
        assert!(ended.is_err() && limit.expired());
        assert_eq!(steps.load(Ordering::SeqCst), 1);

        let limit = TimeLimit::after(ms(5));
        let ended = limit
            .run(async {
                limit.reschedule(None).unwrap();
                sleep(Duration::from_secs(3600)).await;
                limit.when()
            })
            .await;
        assert_eq!(ended, Ok(None));
        assert!(!limit.expired());
    });
}

#[test]
fn limit_moved_by_another_task_reaches_the_work_that_waits() {
    in_executor(async {
        let began = now();
        let limit = TimeLimit::after(Duration::from_secs(3600));
        let mover = limit.clone();
        let mover = ambient::spawn(async move {
            sleep(ms(5)).await;
            mover.reschedule(Some(now() + ms(5))).unwrap();
        });
        assert!(limit.run(pending::<()>()).await.is_err());
        assert_eq!(now() - began, ms(10));
        mover.unwrap().await;

        // Later, too: the old deadline does nothing.
        let began = now();
        let limit = TimeLimit::after(ms(10));
        let mover = limit.clone();
        let mover = ambient::spawn(async move {
            sleep(ms(5)).await;
            mover.reschedule(Some(now() + ms(45))).unwrap();
        });
        assert!(limit.run(pending::<()>()).await.is_err());
        assert_eq!(now() - began, ms(50));
        mover.unwrap().await;
    });
}

// Behaviour 15: re-arming after expiry is an error, not a no-op.
#[test]
fn limit_that_expired_cannot_be_moved() {
    in_world(async {
        let limit = TimeLimit::after(ms(1));
        let when = limit.when();
        assert!(limit.run(pending::<()>()).await.is_err());
        assert!(limit.reschedule(None).is_err());
        assert!(limit.reschedule(Some(now() + ms(1))).is_err());
        assert_eq!(limit.when(), when);

        // Nor one that asked, while the work cleans up.
        let limit = TimeLimit::after(ms(1));
        let ended = limit.run_with_grace(ms(10), async {
            CancelToken::current().unwrap().cancelled().await;
            limit.reschedule(None).is_err()
        });
        assert_eq!(ended.await, Ok(true));
    });
}

#[test]
fn limit_of_several_works_ends_all_of_them() {
    in_world(async {
        let limit = TimeLimit::after(ms(5));
        let (one, two) =
            futures_lite::future::zip(limit.run(pending::<()>()), limit.run(pending::<()>())).await;
        assert!(one.is_err() && two.is_err());
    });
}

#[test]
fn grace_of_a_limit_ends_the_work_that_does_not_listen() {
    in_world(async {
        let began = now();
        let drops = Drops::default();
        let one = drops.one();
        let limit = TimeLimit::after(ms(5));
        let ended = limit.run_with_grace(ms(10), async move {
            let _one = one;
            pending::<()>().await;
        });
        assert!(matches!(ended.await, Err(LimitError::Elapsed(_))));
        assert_eq!((now() - began, drops.get()), (ms(15), 1));
    });
}

#[test]
fn request_from_outside_reaches_work_under_a_limit_that_asks() {
    in_world(async {
        let token = CancelToken::new();
        let limit = TimeLimit::after(Duration::from_secs(3600));
        let ended = token
            .scope(async {
                let work = limit.run_with_grace(ms(10), async {
                    token.cancel("outside");
                    checkpoint().await
                });
                work.await
            })
            .await;
        assert_eq!(ended.unwrap().unwrap_err().reason(), "outside");
        assert!(!limit.expired());
    });
}

#[test]
fn limit_still_works_for_the_clean_up_after_a_request() {
    in_world(async {
        let token = CancelToken::new();
        token.cancel("over");
        let began = now();
        let ended = token.run_with_grace(ms(100), async {
            assert!(checkpoint().await.is_err());
            // Nobody flushes.
            fail_after(ms(10), pending::<()>()).await.is_err()
        });
        assert_eq!(ended.await, Ok(true));
        assert_eq!(now() - began, ms(10));
    });
}

#[test]
fn body_that_uses_up_its_budget_still_times_out() {
    in_world(async {
        let ended = TimeLimit::after(ms(10)).run(async {
            loop {
                checkpoint().await.unwrap();
                busy(Duration::from_micros(10));
            }
        });
        let ended: Result<(), _> = ended.await;
        assert!(ended.is_err());
    });
}

#[test]
fn panic_of_the_body_goes_through_and_leaves_the_limit_usable() {
    in_world(async {
        let limit = TimeLimit::after(ms(5));
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut run = std::pin::pin!(limit.run(async { panic!("expected") }));
            let _: Poll<Result<(), _>> = common::poll_once(run.as_mut());
        }));
        assert!(caught.is_err());
        assert_eq!(limit.run(poll_fn(|_| Poll::Ready(5))).await, Ok(5));
        assert!(!limit.expired());
    });
}
