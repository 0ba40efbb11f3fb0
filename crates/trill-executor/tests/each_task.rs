//! Looking at an executor's tasks from outside.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use common::Gate;
use trill_cell::TaskId;
use trill_executor::{Executor, LocalExecutor, ambient, each_task, yield_now};

/// Passes wakes on, as the waker of a member of a combinator does.
struct Member(Waker);

impl Wake for Member {
    fn wake(self: Arc<Self>) {
        self.0.wake_by_ref();
    }
}

/// Polls a future with a waker of its own.
async fn wrapped<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    std::future::poll_fn(|cx| {
        let waker = Waker::from(Arc::new(Member(cx.waker().clone())));
        future.as_mut().poll(&mut Context::from_waker(&waker))
    })
    .await
}

fn awaiters(ex: &Executor<'_>) -> Vec<(TaskId, Option<TaskId>)> {
    let mut seen = Vec::new();
    ex.each_task(|task| seen.push((task.header().id(), task.awaiter())));
    seen
}

fn awaiter_of(ex: &Executor<'_>, id: TaskId) -> Option<TaskId> {
    let seen = awaiters(ex);
    seen.into_iter().find(|seen| seen.0 == id).unwrap().1
}

#[test]
fn every_task_that_was_polled_is_visited_and_the_others_are_counted() {
    let ex = Executor::new();
    let waiting: Vec<_> = (0..100).map(|_| ex.spawn(pending::<()>())).collect();
    while ex.try_tick() {}
    let fresh = ex.spawn(pending::<()>());
    let seen = awaiters(&ex);
    let ids: Vec<_> = seen.iter().map(|seen| seen.0).collect();
    assert_eq!(ids.len(), 100);
    assert!(waiting.iter().all(|task| ids.contains(&task.id())));
    assert!(!ids.contains(&fresh.id()));
    assert_eq!(ex.task_count(), 101);
    assert!(seen.iter().all(|seen| seen.1.is_none()));
    drop(waiting);
    while ex.try_tick() {}
    assert_eq!(awaiters(&ex).len(), 1);
    assert_eq!(ex.task_count(), 1);
    drop(fresh);
}

#[test]
fn task_that_is_woken_is_not_said_to_wait() {
    let gate = Gate::default();
    let ex = Executor::new();
    let task = ex.spawn(gate.wait());
    assert!(ex.try_tick());
    let is_waiting = || {
        let mut seen = Vec::new();
        ex.each_task(|task| seen.push(task.is_waiting()));
        seen
    };
    assert_eq!(is_waiting(), [true]);
    gate.open();
    assert_eq!(is_waiting(), [false]);
    assert!(ex.try_tick());
    assert_eq!(is_waiting(), []);
    drop(task);
}

#[test]
fn awaiter_is_known_through_wakers_of_combinators() {
    let ex = Executor::new();
    let child = ex.spawn(pending::<()>());
    let id = child.id();
    let parent = ex.spawn(wrapped(child));
    while ex.try_tick() {}
    assert_eq!(awaiter_of(&ex, id), Some(parent.id()));
    drop(parent);
    while ex.try_tick() {}
    assert!(ex.is_empty());
}

#[test]
fn awaiter_is_known_where_several_are_awaited_in_one_poll() {
    let ex = Executor::new();
    let children = [(); 3].map(|()| ex.spawn(pending::<()>()));
    let ids = children.each_ref().map(|child| child.id());
    let parent = ex.spawn(async {
        let mut children = children;
        std::future::poll_fn(|cx| {
            for child in &mut children {
                assert!(std::pin::Pin::new(child).poll(cx).is_pending());
            }
            Poll::<()>::Pending
        })
        .await;
    });
    while ex.try_tick() {}
    for id in ids {
        assert_eq!(awaiter_of(&ex, id), Some(parent.id()));
    }
}

#[test]
fn last_task_that_polled_a_handle_is_its_awaiter() {
    let ex = Executor::new();
    let child = Arc::new(std::sync::Mutex::new(ex.spawn(pending::<()>())));
    let id = child.lock().unwrap().id();
    let poller = |is_wrapped: bool| {
        let child = child.clone();
        let poll = std::future::poll_fn(move |cx| {
            std::pin::Pin::new(&mut *child.lock().unwrap()).poll(cx)
        });
        if is_wrapped {
            return ex.spawn(wrapped(poll));
        }
        ex.spawn(poll)
    };
    let mut pollers = Vec::new();
    for is_wrapped in [false, false, true, true, false] {
        pollers.push(poller(is_wrapped));
        while ex.try_tick() {}
        assert_eq!(
            awaiter_of(&ex, id),
            pollers.last().map(|poller| poller.id())
        );
    }
    let mut root = pin!(async {
        std::future::poll_fn(|cx| std::pin::Pin::new(&mut *child.lock().unwrap()).poll(cx)).await;
    });
    assert!(common::poll_once(root.as_mut()).is_pending());
    assert_eq!(awaiter_of(&ex, id), None);
    drop(pollers);
}

#[test]
fn awaiter_of_a_detached_task_is_forgotten() {
    let ex = Executor::new();
    let child = ex.spawn(pending::<()>());
    let id = child.id();
    let parent = ex.spawn(async {
        let mut child = child;
        assert!(futures_poll(&mut child).await.is_pending());
        yield_now().await;
        child.detach();
        pending::<()>().await;
    });
    assert!(ex.try_tick() && ex.try_tick());
    assert_eq!(awaiter_of(&ex, id), Some(parent.id()));
    while ex.try_tick() {}
    assert_eq!(awaiter_of(&ex, id), None);
}

async fn futures_poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    let mut future = std::pin::Pin::new(future);
    std::future::poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}

#[test]
fn task_that_now_awaits_something_else_is_no_awaiter() {
    let ex = Executor::new();
    let child = ex.spawn(pending::<()>());
    let id = child.id();
    let parent = ex.spawn(async {
        let mut child = child;
        assert!(futures_poll(&mut child).await.is_pending());
        yield_now().await;
        let other = ambient::spawn(pending::<()>());
        other.ok().unwrap().await;
        drop(child);
    });
    while ex.try_tick() {}
    let known = awaiter_of(&ex, id);
    assert_eq!(
        known,
        if cfg!(feature = "insight") {
            None
        } else {
            Some(parent.id())
        }
    );
}

#[test]
fn tasks_of_all_executors_are_visited_with_awaiters_across_them() {
    let (ex, local) = (Executor::new(), LocalExecutor::new());
    let child = ex.spawn(pending::<()>());
    let child_id = child.id();
    let parent = local.spawn(child);
    while ex.try_tick() || local.try_tick() {}
    let mut seen = Vec::new();
    each_task(|task| seen.push((task.header().id(), task.awaiter())));
    assert!(seen.contains(&(child_id, Some(parent.id()))));
    assert!(seen.contains(&(parent.id(), None)));
    let mut here = Vec::new();
    local.each_task(|task| here.push(task.header().id()));
    assert_eq!(here, [parent.id()]);
    assert_eq!((local.task_count(), ex.task_count()), (1, 1));
}

#[test]
fn executor_that_polls_here_is_the_one_that_is_visited() {
    let (ex, local) = (Executor::new(), LocalExecutor::new());
    let outer = ex.spawn(pending::<()>());
    let inner = local.spawn(pending::<()>());
    while ex.try_tick() || local.try_tick() {}
    let seen = || {
        let mut seen = Vec::new();
        assert!(ambient::each_task(|task| seen.push(task.header().id())));
        seen
    };
    trill_park::block_on(ex.run(async {
        assert_eq!(seen(), [outer.id()]);
        local.run(async { assert_eq!(seen(), [inner.id()]) }).await;
    }));
}

#[test]
fn panic_of_a_visitor_leaves_the_task_free_to_end() {
    let ex = Executor::new();
    let task = ex.spawn(pending::<()>());
    ex.try_tick();
    let visit = || ex.each_task(|_| std::panic::resume_unwind(Box::new(())));
    assert!(std::panic::catch_unwind(visit).is_err());
    drop(task);
    assert!(ex.try_tick());
    assert!(ex.is_empty());
}

#[test]
fn visitors_and_tasks_that_end_leave_each_other_alone() {
    let rounds = if cfg!(miri) { 15 } else { 2_000 };
    let ex = Executor::new();
    let is_over = AtomicBool::new(false);
    let edges = AtomicUsize::new(0);
    std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    ex.each_task(|task| {
                        let known = task.header().id();
                        let awaiter = task.awaiter();
                        assert_ne!(Some(known), awaiter);
                        edges.fetch_add(awaiter.is_some().into(), Ordering::Relaxed);
                    });
                    std::thread::yield_now();
                }
            });
        }
        let runner = || {
            trill_park::block_on(ex.run(async {
                for round in 0..rounds {
                    let gate = Arc::new(Gate::default());
                    let task = ex.spawn(gate.clone().wait_owned());
                    let awaited = ex.spawn(wrapped(task));
                    let mut again = ex.spawn(awaited);
                    for _ in 0..3 {
                        yield_now().await;
                        // Each time with another waker.
                        let again = wrapped(std::future::poll_fn(|cx| {
                            Poll::Ready(std::pin::Pin::new(&mut again).poll(cx).is_ready())
                        }));
                        again.await;
                    }
                    match round % 3 {
                        0 => {
                            gate.open();
                            again.await;
                        }
                        1 => drop(again),
                        _ => {
                            again.detach();
                            gate.open();
                        }
                    }
                }
            }));
        };
        let runners = [(); 2].map(|()| threads.spawn(runner));
        let ends = runners.map(|runner| runner.join());
        is_over.store(true, Ordering::Relaxed);
        assert!(ends.iter().all(Result::is_ok));
    });
    while ex.try_tick() {}
    assert!(ex.is_empty());
    assert!(cfg!(miri) || edges.load(Ordering::Relaxed) > 0);
}
