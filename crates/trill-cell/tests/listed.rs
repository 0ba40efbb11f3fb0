//! Tasks that lie within others are found by those who look at all.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use trill_cell::{Header, Listed, Spawned, TaskId, each_listed};

fn list(awaiter: Option<TaskId>) -> Listed {
    Listed::new(Arc::new(Header::new(Spawned::here())), awaiter)
}

/// Who awaits the task, if it is found.
fn found(id: TaskId) -> Option<Option<TaskId>> {
    let mut found = None;
    each_listed(|header, awaiter| {
        if header.id() == id {
            assert!(found.is_none(), "each is visited once");
            found = Some(awaiter);
        }
    });
    found
}

#[test]
fn task_is_found_until_it_is_dropped_and_its_place_is_used_again() {
    let awaiter = TaskId::next();
    let mut all: Vec<_> = (0..100).map(|_| list(Some(awaiter))).collect();
    let ids: Vec<_> = all.iter().map(|listed| listed.header().id()).collect();
    assert!(ids.iter().all(|id| found(*id) == Some(Some(awaiter))));
    // Every second one.
    let mut index = 0;
    all.retain(|_| {
        index += 1;
        index % 2 == 0
    });
    let again: Vec<_> = (0..50).map(|_| list(None)).collect();
    for (index, id) in ids.iter().enumerate() {
        assert_eq!(found(*id).is_some(), index % 2 == 1);
    }
    assert!(
        again
            .iter()
            .all(|listed| found(listed.header().id()) == Some(None))
    );
    drop((all, again));
    assert!(ids.iter().all(|id| found(*id).is_none()));
}

#[test]
fn panic_of_a_visitor_leaves_the_list_in_order() {
    let listed = list(None);
    let id = listed.header().id();
    let visit = || each_listed(|_, _| std::panic::resume_unwind(Box::new(())));
    assert!(std::panic::catch_unwind(visit).is_err());
    assert_eq!(found(id), Some(None));
    drop(listed);
    assert_eq!(found(id), None);
}

#[test]
fn header_is_dropped_by_who_listed_it_and_never_by_a_visitor() {
    let rounds = if cfg!(miri) { 20 } else { 2_000 };
    let is_over = AtomicBool::new(false);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                each_listed(|header, _| assert!(header.id().as_u64() > 0));
                std::thread::yield_now();
            }
        });
        let lister = || {
            for _ in 0..rounds {
                let header = Arc::new(Header::new(Spawned::here()));
                let weak = Arc::downgrade(&header);
                let listed = Listed::new(header, None);
                assert_eq!(weak.strong_count(), 2);
                drop(listed);
                assert_eq!(weak.strong_count(), 0);
            }
        };
        let listers = [(); 3].map(|()| threads.spawn(lister)).map(|it| it.join());
        is_over.store(true, Ordering::Relaxed);
        assert!(listers.iter().all(Result::is_ok));
    });
}

#[test]
fn noted_awaiter_is_the_last_one_that_was_noted() {
    let header = Header::new(Spawned::here());
    assert_eq!(header.noted_awaiter(), None);
    for _ in 0..2 {
        let awaiter = TaskId::next();
        header.note_awaiter(awaiter);
        let known = cfg!(feature = "insight").then_some(awaiter);
        assert_eq!(header.noted_awaiter(), known);
    }
}
