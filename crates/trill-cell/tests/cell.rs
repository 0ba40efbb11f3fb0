//! Header, current task, budget and observers.
#![cfg(feature = "insight")]

use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use trill_cell::{
    BUDGET_POLLS, Header, Kind, Observer, Spawned, TaskId, current, current_id, observe, proceed,
    unbudgeted, waiting, with_budget,
};

#[test]
fn no_task_is_current_outside_a_poll() {
    assert_eq!(current_id(), None);
    waiting(Kind::Timer, 1, Location::caller());
}

#[test]
fn nested_polls_restore_the_outer_task() {
    let outer = Header::new(Spawned::here());
    let inner = Header::new(Spawned::here());
    outer.poll(|| {
        inner.poll(|| assert_eq!(current_id(), Some(inner.id())));
        assert_eq!(current_id(), Some(outer.id()));
    });
    assert_eq!(current_id(), None);
}

#[test]
fn panicking_poll_restores_task_and_budget() {
    let header = Header::new(Spawned::here());
    let caught = catch_unwind(AssertUnwindSafe(|| header.poll(|| panic!("expected"))));
    assert!(caught.is_err());
    assert_eq!(current_id(), None);
    let mut cx = Context::from_waker(Waker::noop());
    assert!((0..10 * BUDGET_POLLS).all(|_| proceed(&mut cx).is_ready()));
}

#[test]
fn last_leaf_is_kept_with_its_location() {
    let header = Header::new(Spawned::here());
    let here = Location::caller();
    header.poll(|| {
        waiting(Kind::Timer, 5, Location::caller());
        waiting(Kind::Lock, u64::MAX, here);
    });
    let wait = header.wait().unwrap();
    assert_eq!(
        (wait.kind, wait.leaves, wait.value),
        (Kind::Lock, 2, (1 << 48) - 1)
    );
    assert_eq!(wait.location, Some(here));
}

#[test]
fn timer_does_not_hide_what_it_guards() {
    let header = Header::new(Spawned::here());
    let here = Location::caller();
    header.poll(|| {
        waiting(Kind::Receive, 7, here);
        waiting(Kind::Timer, 5, Location::caller());
    });
    let wait = header.wait().unwrap();
    assert_eq!(
        (wait.kind, wait.leaves, wait.value, wait.location),
        (Kind::Receive, 2, 7, Some(here))
    );
}

#[test]
fn next_poll_forgets_the_wait() {
    let header = Header::new(Spawned::here());
    header.poll(|| waiting(Kind::Timer, 5, Location::caller()));
    header.poll(|| ());
    assert_eq!(header.wait(), None);
    assert_eq!(header.polls(), 2);
}

#[test]
fn leaves_are_counted_up_to_255() {
    let header = Header::new(Spawned::here());
    header.poll(|| (0..1000).for_each(|_| waiting(Kind::Other, 0, Location::caller())));
    assert_eq!(header.wait().unwrap().leaves, 255);
}

#[test]
fn child_knows_parent_site_and_name() {
    let parent = Header::new(Spawned::here());
    let child = parent.poll(|| Header::new(Spawned::here().named("child")));
    assert_eq!(child.parent(), Some(parent.id()));
    assert_eq!(child.site().unwrap().line(), line!() - 2);
    assert_eq!(child.name(), Some("child"));
    assert_eq!(parent.parent(), None);
}

#[test]
fn identities_differ_across_threads() {
    let take = || (0..5000).map(|_| TaskId::next()).collect::<Vec<_>>();
    let mut all: Vec<TaskId> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(take)).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 20_000);
}

#[test]
fn empty_budget_wakes_and_waits() {
    struct Count(AtomicU64);
    impl std::task::Wake for Count {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let count = std::sync::Arc::new(Count(AtomicU64::new(0)));
    let waker = Waker::from(count.clone());
    let mut cx = Context::from_waker(&waker);
    with_budget(|| {
        let granted = (0..1000).filter(|_| proceed(&mut cx).is_ready()).count();
        assert_eq!(granted, BUDGET_POLLS as usize);
    });
    assert_eq!(
        count.0.load(Ordering::Relaxed),
        1000 - u64::from(BUDGET_POLLS)
    );
}

#[test]
fn refunded_unit_can_be_used_again() {
    let mut cx = Context::from_waker(Waker::noop());
    with_budget(|| {
        for _ in 0..10 * BUDGET_POLLS {
            match proceed(&mut cx) {
                Poll::Ready(unit) => unit.refund(),
                Poll::Pending => panic!("a refunded unit was lost"),
            }
        }
    });
}

#[test]
fn unbudgeted_part_does_not_spend() {
    let mut cx = Context::from_waker(Waker::noop());
    with_budget(|| {
        unbudgeted(|| assert!((0..1000).all(|_| proceed(&mut cx).is_ready())));
        assert!((0..BUDGET_POLLS).all(|_| proceed(&mut cx).is_ready()));
        assert!(proceed(&mut cx).is_pending());
    });
}

#[test]
fn observer_hears_of_spawn_and_poll() {
    struct Heard(AtomicU64, AtomicU64);
    impl Observer for Heard {
        fn spawned(&self, task: &Header) {
            if task.name() == Some("observed") {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        fn polled(&self, task: &Header, _ticks: u64) {
            if task.name() == Some("observed") {
                self.1.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    static HEARD: Heard = Heard(AtomicU64::new(0), AtomicU64::new(0));
    observe(&HEARD);
    let header = Header::new(Spawned::here().named("observed"));
    header.poll(|| ());
    header.poll(|| ());
    assert_eq!(HEARD.0.load(Ordering::Relaxed), 1);
    assert_eq!(HEARD.1.load(Ordering::Relaxed), 2);
}

#[test]
fn header_is_at_most_64_bytes() {
    assert!(size_of::<Header>() <= 64);
}

#[test]
fn current_header_is_readable_while_polled() {
    let header = Header::new(Spawned::here().named("me"));
    let name = header.poll(|| current(|task| task.name().map(String::from)));
    assert_eq!(name.flatten().as_deref(), Some("me"));
}
