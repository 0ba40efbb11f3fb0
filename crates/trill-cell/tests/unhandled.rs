//! Failures that nobody can receive reach the listeners.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::panic::Location;
use std::sync::Mutex;

use trill_cell::{TaskId, Unhandled, What, on_unhandled, report};

#[test]
fn every_listener_hears_each_failure_once_also_after_one_that_panics() {
    static FIRST: Mutex<Vec<String>> = Mutex::new(Vec::new());
    static LAST: Mutex<Vec<String>> = Mutex::new(Vec::new());
    // Without a listener, and with one that panics, it is only printed.
    report(&Unhandled::new(What::Failure, &"nobody listens"));
    on_unhandled(&|_| panic!("expected"));
    report(&Unhandled::new(What::Failure, &"nobody hears"));
    on_unhandled(&|failure| FIRST.lock().unwrap().push(failure.message.to_string()));
    on_unhandled(&|failure| LAST.lock().unwrap().push(failure.message.to_string()));
    report(&Unhandled::new(What::Panic, &"one"));
    report(&Unhandled::new(What::Misuse, &"two"));
    for heard in [&FIRST, &LAST] {
        assert_eq!(*heard.lock().unwrap(), ["one", "two"]);
    }
}

#[test]
fn line_names_task_site_and_error() {
    let (id, here) = (TaskId::next(), Location::caller());
    let failure = Unhandled::new(What::Failure, &"no luck");
    let failure = failure.task(id).named("saver").at(here);
    let line =
        format!("an error that nobody awaited: no luck (task {id}, named \"saver\", from {here})");
    assert_eq!(failure.to_string(), line);
    let bare = Unhandled::new(What::Unfinished, &"reader");
    assert_eq!(bare.to_string(), "dropped unfinished: reader");
}
