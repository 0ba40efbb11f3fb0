//! A panic in a poll inside another poll leaves the outer task as it was.
//!
//! asyncio starts a task eagerly inside the poll of its parent, and must then make the parent current again, also after an
//! exception. Nothing here starts a task inside a poll of another; what does lie inside one is a `block_on`, a tick, a
//! nested executor, or the destructor of a task.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use common::poll_once;
use trill_cell::{BUDGET_POLLS, current_id, proceed};
use trill_executor::{Executor, LocalExecutor, ambient};
use trill_park::block_on;

/// Runs `inside`, which panics, in the poll of a task that has used up some of its budget, and asserts that the task, its
/// executor and the rest of its budget are current again.
fn restores(inside: impl FnOnce(&Executor<'static>) + Send + 'static) {
    let ex = Arc::new(Executor::new());
    let (id, shared) = (ex.id(), ex.clone());
    let mut inside = Some(inside);
    let task = ex.spawn(poll_fn(move |cx| {
        for _ in 0..3 {
            assert!(proceed(cx).is_ready());
        }
        let before = (current_id(), trill_cell::current(|header| header.polls()));
        assert!(before.0.is_some());
        let inside = inside.take().expect("polled once");
        catch_unwind(AssertUnwindSafe(|| inside(&shared))).unwrap_err();
        let after = (current_id(), trill_cell::current(|header| header.polls()));
        assert_eq!(after, before);
        assert_eq!(ambient::current_id(), Some(id));
        let noop = &mut Context::from_waker(Waker::noop());
        let left = (0..).take_while(|_| proceed(noop).is_ready()).count();
        assert_eq!(left, BUDGET_POLLS as usize - 3);
        Poll::Ready(5)
    }));
    assert_eq!(block_on(ex.run(task)), 5);
    assert_eq!(current_id(), None);
    assert_eq!(ambient::current_id(), None);
}

async fn panics() {
    let cx_budget = poll_fn(|cx| Poll::Ready((0..10).all(|_| proceed(cx).is_ready())));
    assert!(cx_budget.await);
    panic!("thrown in a test");
}

#[test]
fn panic_in_a_nested_block_on_restores_task_and_budget() {
    restores(|_| block_on(panics()));
    restores(|_| futures_lite::future::block_on(async { block_on(panics()) }));
}

#[test]
fn panic_in_a_nested_executor_restores_task_and_budget() {
    restores(|_| block_on(Executor::new().run(panics())));
    restores(|_| block_on(LocalExecutor::new().run(panics())));
    restores(|_| {
        let inner = Executor::new();
        let task = inner.spawn(panics());
        block_on(inner.run(task));
    });
}

#[test]
fn panic_in_the_same_executor_run_inside_a_task_restores_task_and_budget() {
    restores(|ex| block_on(ex.run(panics())));
    restores(|ex| {
        let task = ex.spawn(panics());
        while ex.try_tick() {}
        // Raised where it is awaited.
        let _ = poll_once(pin!(task));
    });
}

#[test]
fn panic_in_the_destructor_of_a_cancelled_task_restores_task_and_budget() {
    restores(|ex| {
        let guard = common::OnDrop(|| panic!("thrown in a test"));
        let task = ex.spawn(async move {
            let _guard = guard;
            pending::<()>().await;
        });
        while ex.try_tick() {}
        drop(task);
        // The destructor runs as its task, and its panic goes no further; this one does.
        while ex.try_tick() {}
        panic!("thrown in a test");
    });
}
