//! Promises: how they end, who may look, and how often.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)] // A failed step fails its test; plain threads are the matter.
#![cfg(not(loom))]

mod lock_support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, Once, PoisonError};
use std::thread;

use lock_support::Hand;
use trill_cell::{What, on_unhandled};
use trill_sync::promise::{Ending, PromiseError, TooLate, promise};

/// What was reported with `word` in it since the process began.
fn reports(word: &str) -> Vec<(What, String)> {
    static LISTEN: Once = Once::new();
    static HEARD: Mutex<Vec<(What, String)>> = Mutex::new(Vec::new());
    LISTEN.call_once(|| {
        on_unhandled(&|unhandled| {
            let mut heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
            heard.push((unhandled.what, unhandled.to_string()));
        });
    });
    let heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
    let about = heard.iter().filter(|(_, text)| text.contains(word));
    about.cloned().collect()
}

#[test]
fn a_value_reaches_who_waits() {
    let (promise, promised) = promise::<_, ()>();
    let mut waiting = Hand::waiting(promised);
    promise.complete("value").unwrap();
    assert_eq!((waiting.wakes(), waiting.ready()), (1, Ok("value")));
}

#[test]
fn each_ending_is_told() {
    let (giver, mut promised) = promise::<i32, &str>();
    assert_eq!((promised.is_done(), promised.try_result()), (false, None));
    giver.fail("no luck").unwrap();
    assert_eq!(promised.ending(), Some(Ending::Failed));
    assert_eq!(
        promised.try_result(),
        Some(Err(PromiseError::Failed("no luck")))
    );

    let (giver, promised) = promise::<i32, &str>();
    assert!(giver.cancel());
    assert_eq!(promised.ending(), Some(Ending::Cancelled));
    assert_eq!(promised.wait_blocking(), Err(PromiseError::Cancelled));

    let (giver, promised) = promise::<i32, &str>();
    let mut waiting = Hand::waiting(promised);
    drop(giver);
    assert_eq!(waiting.ready(), Err(PromiseError::Abandoned));
}

#[test]
fn any_thread_may_end_it() {
    let (giver, promised) = promise::<_, ()>();
    let thread = thread::spawn(move || giver.complete(7));
    assert_eq!(promised.wait_blocking(), Ok(7));
    thread.join().unwrap().unwrap();
}

#[test]
fn who_comes_after_a_cancel_gets_the_value_back() {
    let (giver, promised) = promise::<String, String>();
    let mut cancelled = Hand::waiting(giver.cancelled());
    assert!(promised.cancel());
    assert!(!promised.cancel());
    assert_eq!(cancelled.wakes(), 1);
    cancelled.ready();
    drop(cancelled);
    assert!(giver.is_cancelled());
    assert_eq!(giver.complete("late".into()), Err(TooLate("late".into())));
    assert_eq!(promised.wait_blocking(), Err(PromiseError::Cancelled));

    let (giver, promised) = promise::<String, String>();
    promised.cancel();
    assert_eq!(giver.fail("late".into()).unwrap_err().into_inner(), "late");
    let (giver, promised) = promise::<String, String>();
    promised.cancel();
    assert_eq!(
        giver.settle(Ok("late".into())),
        Err(TooLate(Ok("late".into())))
    );
}

#[test]
fn a_cancel_after_the_end_changes_nothing() {
    let (giver, promised) = promise::<_, ()>();
    giver.complete(7).unwrap();
    assert!(!promised.cancel());
    assert_eq!(promised.wait_blocking(), Ok(7));
}

#[test]
fn giving_up_the_wait_keeps_the_outcome() {
    let (giver, mut promised) = promise::<_, ()>();
    let mut waiting = Hand::waiting(&mut promised);
    giver.complete(7).unwrap();
    waiting.cancel();
    drop(waiting);
    assert_eq!(promised.try_result(), Some(Ok(7)));
}

#[test]
fn taking_the_outcome_twice_panics_where_it_is_awaited() {
    let (giver, mut promised) = promise::<_, ()>();
    giver.complete(7).unwrap();
    assert_eq!(promised.try_result(), Some(Ok(7)));
    let again = catch_unwind(AssertUnwindSafe(|| Hand::new(promised).poll()));
    assert!(again.is_err());
}

#[test]
fn many_may_await_the_shared_form_again_and_again() {
    let (giver, promised) = promise::<_, ()>();
    let shared = promised.shared();
    let mut waiting: Vec<_> = (0..3).map(|_| Hand::waiting(shared.clone())).collect();
    waiting[1].cancel();
    giver.complete(String::from("value")).unwrap();
    assert_eq!(waiting[0].ready(), Ok("value".into()));
    assert_eq!(waiting[2].ready(), Ok("value".into()));
    assert_eq!(waiting[2].ready(), Ok("value".into()));
    assert_eq!(shared.try_result(), Some(&Ok("value".into())));
    assert_eq!(shared.ending(), Some(Ending::Completed));
    assert_eq!(shared.wait_blocking(), Ok("value".into()));
}

#[test]
fn a_value_that_is_not_sync_may_be_promised_to_one() {
    let (giver, promised) = promise::<std::cell::Cell<u8>, ()>();
    let thread = thread::spawn(move || giver.complete(std::cell::Cell::new(7)).unwrap());
    assert_eq!(promised.wait_blocking().unwrap().get(), 7);
    thread.join().unwrap();
}

#[test]
fn an_error_that_nobody_looked_at_is_reported_once() {
    assert!(reports("unseen-").is_empty());
    let (giver, promised) = promise::<i32, &str>();
    giver.fail("unseen-1").unwrap();
    assert!(reports("unseen-1").is_empty(), "somebody may still look");
    assert_eq!(promised.ending(), Some(Ending::Failed));
    drop(promised);
    let heard = reports("unseen-1");
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].0, What::Failure);
    assert!(heard[0].1.contains(file!()), "{}", heard[0].1);

    // Nobody is left when it fails.
    let (giver, promised) = promise::<i32, &str>();
    drop(promised);
    giver.fail("unseen-2").unwrap();
    assert_eq!(reports("unseen-2").len(), 1);

    // The last of several clones.
    let (giver, promised) = promise::<i32, &str>();
    let shared = promised.shared();
    let second = shared.clone();
    giver.fail("unseen-3").unwrap();
    drop(shared);
    assert!(reports("unseen-3").is_empty());
    drop(second);
    assert_eq!(reports("unseen-3").len(), 1);

    // A callback that is told of the end did not see the error.
    let (giver, promised) = promise::<i32, &str>();
    promised.on_done(|ending| assert_eq!(ending, Ending::Failed));
    giver.fail("unseen-4").unwrap();
    drop(promised);
    assert_eq!(reports("unseen-4").len(), 1);
}

#[test]
fn an_error_that_somebody_looked_at_is_not_reported() {
    reports("");
    let (giver, promised) = promise::<i32, &str>();
    giver.fail("looked-1").unwrap();
    assert!(promised.wait_blocking().is_err());

    let (giver, mut promised) = promise::<i32, &str>();
    giver.fail("looked-2").unwrap();
    assert!(promised.try_result().is_some());
    drop(promised);

    let (giver, promised) = promise::<i32, &str>();
    let (first, second) = (promised.shared(), ());
    let clone = first.clone();
    giver.fail("looked-3").unwrap();
    assert!(clone.try_result().is_some());
    drop((first, second, clone));

    let (giver, promised) = promise::<i32, &str>();
    let shared = promised.shared();
    shared.on_result(|result| assert_eq!(result, Err(PromiseError::Failed("looked-4"))));
    drop(shared);
    giver.fail("looked-4").unwrap();

    let (giver, promised) = promise::<i32, &str>();
    promised.cancel();
    assert!(giver.fail("looked-5").is_err());
    drop(promised);
    assert!(reports("looked-").is_empty());
}

#[test]
fn what_ends_without_an_error_is_not_reported() {
    struct Quiet;
    impl std::fmt::Debug for Quiet {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            unreachable!("there is no error to write")
        }
    }
    reports("");
    drop(promise::<i32, Quiet>());
    let (giver, promised) = promise::<i32, Quiet>();
    giver.cancel();
    drop(promised);
    let (giver, promised) = promise::<i32, Quiet>();
    giver.complete(7).unwrap();
    drop(promised);
}

#[test]
fn errors_show_what_went_wrong() {
    let failed = PromiseError::Failed("no luck".parse::<i32>().unwrap_err());
    assert_eq!(failed.to_string(), "invalid digit found in string");
    assert!(failed.into_failure().is_some());
    let abandoned = PromiseError::<std::fmt::Error>::Abandoned;
    assert!(abandoned.to_string().contains("dropped without an outcome"));
    assert_eq!(format!("{:?}", TooLate(7)), "TooLate(..)");
}
