//! What tasks carry for their program.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use trill_cell::{
    Header, Local, Locals, Spawned, in_locals, local, locals, replace_locals, swap_local,
};

const SHARED: usize = 1;
const OWN: usize = 2;

fn value(number: u32) -> Option<Local> {
    Some(Arc::new(number))
}

/// The number that is carried here under a key.
fn number(key: usize) -> Option<u32> {
    local(key).map(|value| *value.downcast_ref::<u32>().unwrap())
}

#[test]
fn child_carries_only_what_is_inherited() {
    let parent = Header::new(Spawned::here().named("parent"));
    let child = parent.poll(|| {
        swap_local(SHARED, true, value(1));
        swap_local(OWN, false, value(2));
        Header::new(Spawned::here())
    });
    child.poll(|| assert_eq!((number(SHARED), number(OWN)), (Some(1), None)));
    parent.poll(|| assert_eq!((number(SHARED), number(OWN)), (Some(1), Some(2))));
    let grandchild = child.poll(|| Header::new(Spawned::here()));
    grandchild.poll(|| assert_eq!(number(SHARED), Some(1)));
}

#[test]
fn change_in_a_child_is_not_seen_by_its_parent_nor_the_other_way_round() {
    let parent = Header::new(Spawned::here());
    let child = parent.poll(|| {
        swap_local(SHARED, true, value(1));
        let child = Header::new(Spawned::here());
        swap_local(SHARED, true, value(2));
        child
    });
    child.poll(|| {
        assert_eq!(number(SHARED), Some(1));
        swap_local(SHARED, true, value(3));
    });
    parent.poll(|| assert_eq!(number(SHARED), Some(2)));
    child.poll(|| assert_eq!(number(SHARED), Some(3)));
}

#[test]
fn task_does_not_see_the_locals_of_what_polls_it() {
    let outer = Header::new(Spawned::here());
    let inner = Header::new(Spawned::here());
    outer.poll(|| {
        swap_local(SHARED, true, value(1));
        inner.poll(|| assert_eq!(number(SHARED), None));
        assert_eq!(number(SHARED), Some(1));
    });
}

#[test]
fn outside_any_task_the_thread_carries_them() {
    swap_local(SHARED, true, value(1));
    swap_local(OWN, false, value(2));
    let child = Header::new(Spawned::here());
    assert_eq!((number(SHARED), number(OWN)), (Some(1), Some(2)));
    let other = std::thread::scope(|scope| scope.spawn(|| number(SHARED)).join().unwrap());
    assert_eq!(other, None);
    swap_local(SHARED, true, None);
    swap_local(OWN, false, None);
    child.poll(|| assert_eq!((number(SHARED), number(OWN)), (Some(1), None)));
}

#[test]
fn snapshot_keeps_its_changes_and_restores_the_outer_ones() {
    swap_local(OWN, false, value(1));
    let mut taken = locals();
    swap_local(OWN, false, value(2));
    in_locals(&mut taken, || {
        assert_eq!(number(OWN), Some(1));
        swap_local(OWN, false, value(3));
    });
    assert_eq!(number(OWN), Some(2));
    in_locals(&mut taken, || assert_eq!(number(OWN), Some(3)));
    assert!(replace_locals(Locals::new()).find(OWN).is_some());
    assert!(locals().is_empty());
}

#[test]
fn panic_inside_restores_the_outer_locals() {
    swap_local(OWN, false, value(1));
    let mut inner = Locals::new();
    let caught = catch_unwind(AssertUnwindSafe(|| {
        in_locals(&mut inner, || panic!("expected"));
    }));
    assert!(caught.is_err());
    assert_eq!(number(OWN), Some(1));
    swap_local(OWN, false, None);
}

#[test]
fn name_stays_readable_beside_locals() {
    let named = Header::new(Spawned::here().named("me"));
    named.poll(|| swap_local(OWN, false, value(1)));
    if cfg!(feature = "insight") {
        assert_eq!(named.name(), Some("me"));
    }
    let plain = Header::new(Spawned::here());
    plain.poll(|| swap_local(OWN, false, value(1)));
    assert_eq!(plain.name(), None);
}

struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn values_are_dropped_with_the_last_task_that_carries_them() {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    let parent = Header::new(Spawned::here());
    let child = parent.poll(|| {
        swap_local(SHARED, true, Some(Arc::new(Counted(&DROPPED))));
        Header::new(Spawned::here())
    });
    drop(parent);
    assert_eq!(DROPPED.load(Ordering::Relaxed), 0);
    drop(child);
    assert_eq!(DROPPED.load(Ordering::Relaxed), 1);
}

#[test]
fn value_that_panics_in_its_drop_does_not_leave_the_header() {
    struct Bad;
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("expected");
        }
    }
    let task = Header::new(Spawned::here());
    task.poll(|| swap_local(OWN, false, Some(Arc::new(Bad))));
    drop(task);
}

#[test]
fn value_may_use_locals_while_it_is_dropped() {
    struct Looks;
    impl Drop for Looks {
        fn drop(&mut self) {
            swap_local(SHARED, true, value(5));
        }
    }
    let task = Header::new(Spawned::here());
    task.poll(|| {
        swap_local(OWN, false, Some(Arc::new(Looks)));
        drop(swap_local(OWN, false, None));
        assert_eq!(number(SHARED), Some(5));
    });
}

#[test]
fn two_threads_that_poll_one_header_lose_nothing() {
    let header = Header::new(Spawned::here());
    std::thread::scope(|scope| {
        for thread in 1..4 {
            let header = &header;
            scope.spawn(move || {
                for round in 0..100 {
                    header.poll(|| swap_local(thread * 1000 + round, false, value(1)));
                }
            });
        }
    });
    header.poll(|| {
        for thread in 1..4 {
            assert!((0..100).all(|round| number(thread * 1000 + round).is_some()));
        }
    });
}
