//! Callbacks of promises: in order, each once, never one inside another, with no lock held.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)] // A failed step fails its test; plain threads are the matter.
#![cfg(not(loom))]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use trill_cell::{What, on_unhandled};
use trill_sync::promise::{Ending, Promise, PromiseError, promise};

/// What happened, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

#[test]
fn callbacks_run_in_the_order_in_which_they_were_added() {
    let (giver, promised) = promise::<i32, ()>();
    let log = Log::default();
    for n in 0..5 {
        let log = log.clone();
        promised.on_done(move |ending| log.add(format!("{n} {ending:?}")));
    }
    assert_eq!(log.lines(), [] as [&str; 0]);
    giver.complete(7).unwrap();
    let expected: Vec<_> = (0..5).map(|n| format!("{n} Completed")).collect();
    assert_eq!(log.lines(), expected);
    // The value is still there.
    assert_eq!(promised.wait_blocking(), Ok(7));
}

#[test]
fn a_callback_that_is_added_after_the_end_runs_too() {
    let (giver, promised) = promise::<i32, ()>();
    drop(giver);
    let log = Log::default();
    let told = log.clone();
    promised.on_done(move |ending| told.add(format!("{ending:?}")));
    assert_eq!(log.lines(), ["Abandoned"]);
}

#[test]
fn a_callback_that_was_removed_does_not_run() {
    let (giver, promised) = promise::<i32, ()>();
    let log = Log::default();
    let ids: Vec<_> = (0..3)
        .map(|n| {
            let log = log.clone();
            promised.on_done(move |_| log.add(n.to_string()))
        })
        .collect();
    assert!(promised.remove_callback(ids[1]));
    assert!(!promised.remove_callback(ids[1]));
    giver.cancel();
    assert_eq!(log.lines(), ["0", "2"]);
    assert!(!promised.remove_callback(ids[0]));
}

#[test]
fn a_callback_may_remove_a_later_one() {
    let (giver, promised) = promise::<i32, ()>();
    let promised = Arc::new(promised.shared());
    let log = Log::default();
    let second = Arc::new(Mutex::new(None));
    let (of, remove) = (Arc::downgrade(&promised), second.clone());
    promised.on_done(move |_| {
        let id = remove.lock().unwrap().take().unwrap();
        assert!(of.upgrade().unwrap().remove_callback(id));
    });
    let told = log.clone();
    *second.lock().unwrap() = Some(promised.on_done(move |_| told.add("second")));
    giver.cancel();
    assert_eq!(log.lines(), [] as [&str; 0]);
}

#[test]
fn what_becomes_due_in_a_callback_runs_after_it() {
    let (giver, promised) = promise::<i32, ()>();
    let promised = promised.shared();
    let (other_giver, other) = promise::<i32, ()>();
    let log = Log::default();
    let told = log.clone();
    other.on_done(move |_| told.add("other"));
    let (told, again) = (log.clone(), promised.clone());
    promised.on_done(move |_| {
        told.add("first begins");
        let nested = told.clone();
        again.on_done(move |_| nested.add("nested"));
        other_giver.complete(1).unwrap();
        let late = told.clone();
        other.on_done(move |_| late.add("late"));
        told.add("first ends");
    });
    let told = log.clone();
    promised.on_done(move |_| told.add("second"));
    giver.complete(7).unwrap();
    let expected = [
        "first begins",
        "first ends",
        "second",
        "nested",
        "other",
        "late",
    ];
    assert_eq!(log.lines(), expected);
}

// Fault 26a
#[test]
fn a_long_chain_of_promises_takes_no_stack() {
    const LINKS: usize = if cfg!(miri) { 100 } else { 100_000 };
    let ended = Arc::new(AtomicUsize::new(0));
    let (first, promised) = promise::<usize, ()>();
    let mut last = promised.shared();
    for _ in 0..LINKS {
        let (giver, next) = promise::<usize, ()>();
        let ended = ended.clone();
        last.on_result(move |result| {
            ended.fetch_add(1, Ordering::SeqCst);
            giver.complete(result.unwrap() + 1).unwrap();
        });
        last = next.shared();
    }
    first.complete(0).unwrap();
    assert_eq!(ended.load(Ordering::SeqCst), LINKS);
    assert_eq!(last.try_result(), Some(&Ok(LINKS)));
}

#[test]
fn no_lock_is_held_in_a_callback() {
    let (giver, promised) = promise::<i32, &str>();
    let shared = promised.shared();
    let inside = shared.clone();
    shared.on_done(move |_| {
        assert!(inside.is_done());
        assert!(!inside.cancel());
        assert_eq!(inside.try_result(), Some(&Err(PromiseError::Failed("no"))));
        // Not even from another thread.
        let outside = inside.clone();
        thread::spawn(move || assert!(outside.is_done()))
            .join()
            .unwrap();
    });
    giver.fail("no").unwrap();
}

#[test]
fn a_callback_that_panics_is_reported_and_the_others_run() {
    static REPORTED: AtomicUsize = AtomicUsize::new(0);
    on_unhandled(&|unhandled| {
        if unhandled.what == What::Callback {
            assert!(unhandled.message.to_string().contains("expected"));
            assert_eq!(unhandled.site.unwrap().file(), file!());
            REPORTED.fetch_add(1, Ordering::SeqCst);
        }
    });
    let (giver, promised) = promise::<i32, ()>();
    let log = Log::default();
    for n in 0..4 {
        let log = log.clone();
        promised.on_done(move |_| {
            log.add(n.to_string());
            assert!(n % 2 == 1, "expected: callback {n}");
        });
    }
    giver.complete(7).unwrap();
    assert_eq!(log.lines(), ["0", "1", "2", "3"]);
    assert_eq!(REPORTED.load(Ordering::SeqCst), 2);
    // The thread's queue of callbacks is whole.
    let told = log.clone();
    promised.on_done(move |_| told.add("late"));
    assert_eq!(log.lines().last().map(String::as_str), Some("late"));
}

// Fault 21c
#[test]
fn a_waker_that_panics_keeps_no_callback_from_running() {
    struct Panics;
    impl std::task::Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("expected: a waker panics");
        }
    }
    let (giver, mut promised) = promise::<i32, ()>();
    let log = Log::default();
    let told = log.clone();
    promised.on_done(move |_| told.add("told"));
    let waker = std::task::Waker::from(Arc::new(Panics));
    let mut cx = std::task::Context::from_waker(&waker);
    assert!(std::pin::Pin::new(&mut promised).poll(&mut cx).is_pending());
    let completed = thread::spawn(move || giver.complete(7)).join();
    assert!(completed.is_err());
    assert_eq!(log.lines(), ["told"]);
    assert_eq!(promised.wait_blocking(), Ok(7));
}

/// Ends a promise on one thread while others add callbacks.
fn race(end: fn(Promise<usize, ()>)) {
    const ADDERS: usize = 3;
    const EACH: usize = 20;
    let (giver, promised) = promise::<usize, ()>();
    let promised = promised.shared();
    let start = Arc::new(Barrier::new(ADDERS + 1));
    let log = Log::default();
    let adders: Vec<_> = (0..ADDERS)
        .map(|adder| {
            let (promised, start, log) = (promised.clone(), start.clone(), log.clone());
            thread::spawn(move || {
                start.wait();
                for n in 0..EACH {
                    let log = log.clone();
                    promised.on_done(move |_| log.add(format!("{adder} {n:03}")));
                }
            })
        })
        .collect();
    start.wait();
    end(giver);
    for adder in adders {
        adder.join().unwrap();
    }
    // A thread that runs callbacks runs those that others add, too; it may still be about to.
    let mut lines = log.lines();
    while lines.len() < ADDERS * EACH {
        thread::yield_now();
        lines = log.lines();
    }
    for adder in 0..ADDERS {
        let own: Vec<_> = lines
            .iter()
            .filter(|line| line.starts_with(&adder.to_string()))
            .collect();
        assert_eq!(own.len(), EACH);
        assert!(own.is_sorted(), "{own:?}");
    }
}

#[test]
fn each_callback_runs_once_whatever_thread_ends_the_promise() {
    let rounds = if cfg!(miri) { 2 } else { 100 };
    for _ in 0..rounds {
        race(|giver| giver.complete(7).unwrap());
        race(drop);
        race(|giver| assert!(giver.cancel()));
    }
}

#[test]
fn endings_are_told_as_they_are() {
    let log = Log::default();
    let told = |promised: &trill_sync::promise::Promised<(), ()>| {
        let log = log.clone();
        promised.on_done(move |ending| log.add(format!("{ending:?}")));
    };
    let (giver, promised) = promise();
    told(&promised);
    giver.fail(()).unwrap();
    assert_eq!(promised.wait_blocking(), Err(PromiseError::Failed(())));
    let (_giver, promised) = promise();
    told(&promised);
    promised.cancel();
    assert_eq!(promised.ending(), Some(Ending::Cancelled));
    assert_eq!(log.lines(), ["Failed", "Cancelled"]);
}
