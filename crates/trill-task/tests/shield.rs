//! Shielded work goes on under its runtime, and its failure is told of once or not at all.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Once};

use common::{in_executor, in_seeded_executor, ms};
use futures_lite::future::poll_once;
use trill_executor::{Executor, ambient, yield_now};
use trill_task::{CancelToken, checkpoint, move_on_after, shield, try_shield};
use trill_timer::sleep;

/// What was reported in this process.
static REPORTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// How often a failure with this text was reported.
fn reports_of(text: &str) -> usize {
    let reports = REPORTS.lock().unwrap();
    reports
        .iter()
        .filter(|report| report.contains(text))
        .count()
}

fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        trill_cell::on_unhandled(&|failure| REPORTS.lock().unwrap().push(failure.to_string()));
    });
}

// Behaviour 19: cancelling the waiter leaves the inner task running to the end under runtime ownership.
#[test]
fn dropped_waiter_leaves_the_work_running_to_its_end() {
    in_executor(async {
        let done = Arc::new(AtomicBool::new(false));
        let flag = done.clone();
        let work = shield(async move {
            sleep(ms(10)).await;
            flag.store(true, Ordering::SeqCst);
        });
        assert!(move_on_after(ms(1), work.unwrap()).await.is_none());
        assert!(!done.load(Ordering::SeqCst));
        sleep(ms(20)).await;
        assert!(done.load(Ordering::SeqCst));
    });
}

// Behaviour 19, by request: the waiter is asked, and the work does not see it.
#[test]
fn request_to_the_waiter_is_not_seen_by_the_work() {
    in_executor(async {
        let token = CancelToken::new();
        let outcome = Arc::new(Mutex::new(None));
        let kept = outcome.clone();
        let waited = token.run(async {
            let work = shield(async move {
                sleep(ms(10)).await;
                *kept.lock().unwrap() = Some(checkpoint().await.is_ok());
            });
            CancelToken::current().unwrap().cancel("over");
            work.unwrap().await
        });
        assert!(waited.await.is_err());
        sleep(ms(20)).await;
        assert_eq!(*outcome.lock().unwrap(), Some(true));
    });
}

// Behaviour 19: its error is reported exactly once.
#[test]
fn failure_that_nobody_awaits_is_reported_once_whenever_the_handle_goes() {
    listen();
    in_executor(async {
        // The handle goes before the failure.
        drop(try_shield(async {
            sleep(ms(5)).await;
            Err::<(), _>("error after the handle")
        }));
        drop(shield(async {
            sleep(ms(5)).await;
            panic!("panic after the handle")
        }));
        sleep(ms(10)).await;

        // And after it.
        let error = try_shield(async { Err::<(), _>("error before the handle") }).unwrap();
        let panics = shield(async { panic!("panic before the handle") }).unwrap();
        while !(error.is_finished() && panics.is_finished()) {
            yield_now().await;
        }
        assert_eq!(reports_of("error before the handle"), 0);
        drop((error, panics));
    });
    for text in [
        "error after the handle",
        "panic after the handle",
        "error before the handle",
        "panic before the handle",
    ] {
        assert_eq!(reports_of(text), 1, "{text}");
    }
    let reports = REPORTS.lock().unwrap();
    let told = reports
        .iter()
        .find(|told| told.contains("panic before"))
        .unwrap();
    assert!(told.contains(file!()) && told.contains("task "), "{told}");
}

// Behaviour 19: and not at all if someone awaits it.
#[test]
fn failure_that_somebody_awaits_is_not_reported() {
    listen();
    in_executor(async {
        let error = try_shield(async { Err::<(), _>("taken error") }).unwrap();
        assert_eq!(error.await, Ok(Err("taken error")));

        // A first waiter gave up, another one takes it.
        let mut error = try_shield(async {
            sleep(ms(10)).await;
            Err::<(), _>("taken error of a second waiter")
        })
        .unwrap();
        assert!(move_on_after(ms(1), &mut error).await.is_none());
        assert_eq!(error.await, Ok(Err("taken error of a second waiter")));

        let mut panics = shield(async { panic!("taken panic") }).unwrap();
        while !panics.is_finished() {
            yield_now().await;
        }
        let caught = catch_unwind(AssertUnwindSafe(|| {
            common::poll_once(std::pin::Pin::new(&mut panics)).is_ready()
        }));
        assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"taken panic"));
    });
    assert_eq!(reports_of("taken"), 0);
}

#[test]
fn value_comes_through_and_nothing_is_reported() {
    listen();
    in_executor(async {
        assert_eq!(shield(async { 5 }).unwrap().await, Ok(5));
        let fine = try_shield(async { Ok::<_, &str>("a fine value") }).unwrap();
        assert_eq!(fine.await, Ok(Ok("a fine value")));
        drop(try_shield(async { Ok::<_, &str>("a fine value") }));
        drop(shield(async { "a fine value" }));
        sleep(ms(1)).await;
    });
    assert_eq!(reports_of("fine"), 0);
}

#[test]
fn error_whose_text_panics_is_still_reported() {
    listen();
    struct Bad;
    impl std::fmt::Display for Bad {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("expected")
        }
    }
    in_executor(async {
        drop(try_shield(async { Err::<(), _>(Bad) }));
        sleep(ms(1)).await;
    });
    assert_eq!(reports_of("text cannot be had"), 1);
}

// Behaviour 19: with its runtime the work ends, and whoever waits is told.
#[test]
fn dropped_executor_ends_the_work_and_says_so() {
    let ex = Executor::new();
    let work = ex.spawn(async { shield(pending::<()>()) });
    let work = trill_park::block_on(ex.run(work)).unwrap();
    drop(ex);
    let ended = trill_park::block_on(work).unwrap_err();
    assert_eq!(ended.reason(), "the runtime ended");
}

#[test]
fn future_comes_back_where_nobody_would_run_it() {
    let refused = shield(async { 5 }).unwrap_err();
    assert!(refused.to_string().contains("Executor::run"));
    assert_eq!(trill_park::block_on(refused.into_inner()), 5);
}

/// In every schedule: a failure is taken or reported, never both, never neither.
#[test]
fn in_every_schedule_a_failure_is_taken_or_reported_once() {
    listen();
    for seed in 0..10_000 {
        let text = format!("failure of seed {seed};");
        let message = text.clone();
        let is_taken = in_seeded_executor(seed, async move {
            let mut work = try_shield(async move {
                for _ in 0..trill_world::pick(4) {
                    yield_now().await;
                }
                Err::<(), _>(message)
            })
            .unwrap();
            let waiter = ambient::spawn(async move {
                for _ in 0..trill_world::pick(4) {
                    yield_now().await;
                }
                poll_once(&mut work).await.is_some()
            });
            let is_taken = waiter.unwrap().await;
            for _ in 0..8 {
                yield_now().await;
            }
            is_taken
        });
        let mut reports = REPORTS.lock().unwrap();
        let before = reports.len();
        reports.retain(|report| !report.contains(&text));
        assert_eq!(
            before - reports.len(),
            usize::from(!is_taken),
            "seed {seed}"
        );
    }
}
