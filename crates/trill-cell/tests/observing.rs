//! Observers come and go.
#![cfg(feature = "insight")]

use std::sync::atomic::{AtomicUsize, Ordering};

use trill_cell::{Header, Observer, Spawned, observe, unobserve};

struct Count(AtomicUsize);

impl Observer for Count {
    fn spawned(&self, _task: &Header) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

static FIRST: Count = Count(AtomicUsize::new(0));
static SECOND: Count = Count(AtomicUsize::new(0));

fn spawn() -> (usize, usize) {
    drop(Header::new(Spawned::here()));
    (
        FIRST.0.swap(0, Ordering::SeqCst),
        SECOND.0.swap(0, Ordering::SeqCst),
    )
}

// One test: observers are the whole process's.
#[test]
fn observers_hear_while_they_are_in_the_list() {
    assert_eq!(spawn(), (0, 0));
    let first = observe(&FIRST);
    let second = observe(&SECOND);
    assert_eq!(spawn(), (1, 1));
    unobserve(first);
    unobserve(first);
    assert_eq!(spawn(), (0, 1));
    // In the place that was left, under a new name.
    let again = observe(&FIRST);
    assert_ne!(again, first);
    unobserve(first);
    assert_eq!(spawn(), (1, 1));
    unobserve(second);
    unobserve(again);
    assert_eq!(spawn(), (0, 0));
}
