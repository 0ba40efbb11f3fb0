//! A thread that ends a task is warned before it runs code of strangers, and not before it wakes one of ours.

use std::cell::RefCell;
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use trill_cell::{Spawned, before_strangers, forget_alarm};
use trill_executor::{Executor, LocalExecutor, raw};
use trill_park::block_on;

thread_local! {
    static EVENTS: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

fn note(event: &'static str) {
    EVENTS.with_borrow_mut(|events| events.push(event));
}

/// A future that sets the alarm in the poll that ends it.
async fn alarmed<T>(value: T) -> T {
    before_strangers(|| note("alarm"));
    value
}

/// A task that nobody has scheduled, and whose wakes go nowhere.
fn task<T: Send + 'static>(value: T) -> (raw::Runnable, trill_executor::Task<T>) {
    raw::task(alarmed(value), drop, Spawned::here())
}

/// Runs a task to its end; what its thread heard meanwhile.
fn run(runnable: raw::Runnable) -> Vec<&'static str> {
    EVENTS.take();
    runnable.run();
    forget_alarm();
    EVENTS.take()
}

/// Notes its wakes and its drop.
struct Noted;

impl Wake for Noted {
    fn wake(self: Arc<Self>) {
        note("woken");
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        note("dropped");
    }
}

#[test]
fn waker_of_a_stranger_is_told_of_before_it_is_called() {
    let (runnable, task) = task(5);
    let mut task = pin!(task);
    let waker = Waker::from(Arc::new(Noted));
    assert!(
        task.as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
    );
    assert_eq!(run(runnable), ["alarm", "woken"]);
    assert_eq!(
        task.poll(&mut Context::from_waker(Waker::noop())),
        Poll::Ready(5)
    );
}

#[test]
fn drop_of_a_result_that_nobody_takes_is_told_of() {
    let (runnable, task) = task(Noted);
    task.detach();
    assert_eq!(run(runnable), ["alarm", "dropped"]);
}

#[test]
fn result_without_a_destructor_is_not_told_of() {
    let (runnable, task) = task(5);
    task.detach();
    assert!(run(runnable).is_empty());
}

#[test]
fn wake_of_a_task_of_an_executor_is_not_told_of() {
    let ex = LocalExecutor::new();
    let (runnable, inner) = task(5);
    let outer = ex.spawn(inner);
    assert!(ex.try_tick());
    assert!(run(runnable).is_empty());
    assert_eq!(block_on(ex.run(outer)), 5);
}

#[test]
fn wake_of_block_on_is_not_told_of() {
    let (runnable, task) = task(5);
    let (send, receive) = mpsc::channel();
    thread::scope(|scope| {
        let other = scope.spawn(move || {
            let mut task = pin!(task);
            block_on(poll_fn(|cx| {
                let polled = task.as_mut().poll(cx);
                if polled.is_pending() {
                    // Only the first time is there somebody who listens.
                    let _ = send.send(());
                }
                polled
            }))
        });
        assert_eq!(receive.recv(), Ok(()));
        drop(receive);
        assert!(run(runnable).is_empty());
        assert!(matches!(other.join(), Ok(5)));
    });
}

#[test]
fn schedule_function_of_a_raw_task_is_told_of() {
    let (runnable, inner) = task(5);
    let schedule = |runnable: raw::Runnable| {
        note("scheduled");
        drop(runnable);
    };
    let (outer, _handle) = raw::task(inner, schedule, Spawned::here());
    outer.run();
    assert_eq!(run(runnable), ["alarm", "scheduled"]);
}

#[test]
fn strangers_waker_behind_an_executor_is_told_of() {
    let ex = Executor::new();
    let (runnable, inner) = task(5);
    ex.spawn(inner).detach();
    let mut runner = pin!(ex.run(pending::<()>()));
    let waker = Waker::from(Arc::new(Noted));
    // The executor may wake its runner in a poll, to be polled again; it is asleep once it does not.
    loop {
        EVENTS.take();
        assert!(
            runner
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
        if EVENTS.take().is_empty() {
            break;
        }
    }
    assert_eq!(run(runnable), ["alarm", "woken"]);
}

#[test]
fn strangers_waker_behind_a_local_executor_is_told_of() {
    let ex = LocalExecutor::new();
    let (runnable, inner) = task(5);
    ex.spawn(inner).detach();
    let mut runner = pin!(ex.run(pending::<()>()));
    let waker = Waker::from(Arc::new(Noted));
    loop {
        EVENTS.take();
        assert!(
            runner
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
        if EVENTS.take().is_empty() {
            break;
        }
    }
    assert_eq!(run(runnable), ["alarm", "woken"]);
}

#[test]
fn drop_of_what_a_schedule_function_owns_is_told_of() {
    let owned = Noted;
    let schedule = move |runnable: raw::Runnable| {
        let _owned = &owned;
        drop(runnable);
    };
    let (runnable, task) = raw::task(alarmed(5), schedule, Spawned::here());
    task.detach();
    assert_eq!(run(runnable), ["alarm", "dropped"]);
}
