//! Who counts as a stranger, and that threads are warned of them.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::thread;

use trill_cell::{
    Ended, Header, Observer, Spawned, before_strangers, forget_alarm, observe, observers,
    strangers, swap_local,
};

thread_local! {
    static EVENTS: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
    /// So that the observer, which is the whole process's, hears of one test.
    static LISTENS: Cell<bool> = const { Cell::new(false) };
}

fn note(event: &'static str) {
    EVENTS.with_borrow_mut(|events| events.push(event));
}

fn alarm() {
    note("alarm");
}

/// Notes its drop.
struct Noted;

impl Drop for Noted {
    fn drop(&mut self) {
        note("dropped");
    }
}

struct Notes;

impl Observer for Notes {
    fn ended(&self, _task: &Header, _how: Ended<'_>) {
        if LISTENS.get() {
            note("observed");
        }
    }
}

#[test]
fn alarm_is_called_once_and_on_its_thread_alone() {
    before_strangers(alarm);
    thread::scope(|scope| {
        scope.spawn(|| {
            strangers();
            assert!(EVENTS.take().is_empty());
        });
    });
    strangers();
    strangers();
    assert_eq!(EVENTS.take(), ["alarm"]);
}

#[test]
fn alarm_that_was_taken_back_is_not_called() {
    before_strangers(alarm);
    forget_alarm();
    strangers();
    assert!(EVENTS.take().is_empty());
}

#[test]
fn drop_of_a_headers_locals_is_a_strangers() {
    let header = Header::new(Spawned::here());
    header.poll(|| swap_local(1, false, Some(Arc::new(Noted))));
    before_strangers(alarm);
    drop(header);
    assert_eq!(EVENTS.take(), ["alarm", "dropped"]);
}

#[test]
fn drop_of_a_bare_header_is_no_strangers() {
    let header = Header::new(Spawned::here());
    before_strangers(alarm);
    drop(header);
    assert!(EVENTS.take().is_empty());
}

#[test]
fn observers_are_strangers() {
    LISTENS.set(true);
    observe(&Notes);
    let header = Header::new(Spawned::here());
    before_strangers(alarm);
    observers(|observer| observer.ended(&header, Ended::Finished));
    assert_eq!(EVENTS.take(), ["alarm", "observed"]);
}
