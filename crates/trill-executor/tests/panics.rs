//! A panic anywhere in a task reaches whoever awaits it, and nobody else.

mod common;

use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use common::{Gate, OnDrop, poll_once};
use trill_executor::{Executor, LocalExecutor, Task, yield_now};
use trill_park::block_on;

/// Spawns on both kinds of executor in turn, and sees that each goes on afterwards.
macro_rules! on_both {
    ($ex:ident, $body:block) => {{
        {
            let $ex = Executor::new();
            $body
            let after = $ex.spawn(async { yield_now().await });
            block_on($ex.run(after));
            assert!($ex.is_empty());
        }
        {
            let $ex = LocalExecutor::new();
            $body
            let after = $ex.spawn(async { yield_now().await });
            block_on($ex.run(after));
            assert!($ex.is_empty());
        }
    }};
}

/// Panics with a number when dropped.
struct PanicsInDrop(i32);

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        panic_any(self.0);
    }
}

// Fault 19a
#[test]
fn panic_in_poll_is_raised_where_the_task_is_awaited() {
    on_both!(ex, {
        let task = ex.spawn(async {
            yield_now().await;
            panic_any(1)
        });
        let other = ex.spawn(async {
            yield_now().await;
            5
        });
        let awaited = catch_unwind(AssertUnwindSafe(|| block_on(ex.run(task))));
        let payload = awaited.unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&1));
        assert_eq!(block_on(ex.run(other)), 5);
    });
}

// Fault 19b
#[test]
fn panic_in_poll_does_not_leave_run_or_tick() {
    on_both!(ex, {
        ex.spawn(async { panic!("expected") }).detach();
        assert!(ex.try_tick());
        ex.spawn(async { panic!("expected") }).detach();
        block_on(ex.tick());
        ex.spawn(async { panic!("expected") }).detach();
        block_on(ex.run(yield_now()));
    });
}

// Fault 19a
#[test]
fn join_carries_the_payload() {
    on_both!(ex, {
        let kind = String::from("luck");
        let task = ex.spawn(async move { panic!("no {kind}") });
        let error = block_on(ex.run(task.join())).unwrap_err();
        assert!(error.is_panic() && !error.is_cancelled());
        assert!(error.to_string().ends_with("panicked: no luck"), "{error}");
        let payload = error.try_into_panic().unwrap();
        assert_eq!(payload.downcast_ref::<String>().unwrap(), "no luck");
    });
}

// Fault 20a
#[test]
fn panic_in_the_drop_of_a_finished_future_is_the_tasks_panic() {
    on_both!(ex, {
        let guard = PanicsInDrop(2);
        let task = ex.spawn(poll_fn(move |_| {
            let _ = &guard;
            Poll::Ready(true)
        }));
        let error = block_on(ex.run(task.join())).unwrap_err();
        let payload = error.try_into_panic().unwrap();
        assert_eq!(payload.downcast_ref(), Some(&2));
    });
}

// Fault 20a
#[test]
fn panic_in_the_drop_of_a_cancelled_future_goes_no_further() {
    on_both!(ex, {
        let guard = PanicsInDrop(3);
        let task = ex.spawn(async move {
            let _guard = guard;
            pending::<()>().await;
        });
        ex.try_tick();
        assert_eq!(block_on(ex.run(task.cancel())), None);
        // Never polled, and cancelled without waiting.
        let guard = PanicsInDrop(3);
        drop(ex.spawn(async move {
            let _guard = guard;
        }));
    });
}

// Fault 20a, 35b
#[test]
fn panic_in_a_drop_while_the_executor_is_dropped_spares_the_other_tasks() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let ex = Executor::new();
    let local = LocalExecutor::new();
    for n in 0..10 {
        let make = || {
            let dropped = dropped.clone();
            let bomb = (n % 2 == 0).then(|| PanicsInDrop(4));
            let count = OnDrop(move || {
                dropped.fetch_add(1, Ordering::Relaxed);
            });
            async move {
                let _both = (bomb, count);
                pending::<()>().await;
            }
        };
        ex.spawn(make()).detach();
        local.spawn(make()).detach();
        // Some wait, some were never polled.
        if n % 3 == 0 {
            ex.try_tick();
            local.try_tick();
        }
    }
    drop(ex);
    drop(local);
    assert_eq!(dropped.load(Ordering::Relaxed), 20);
}

// Fault 20b
#[test]
fn panic_in_the_drop_of_an_output_goes_no_further() {
    on_both!(ex, {
        // Detached before it ends, cancelled after it ended, and dropped after it ended.
        ex.spawn(async { PanicsInDrop(5) }).detach();
        ex.try_tick();
        let task = ex.spawn(async { PanicsInDrop(5) });
        ex.try_tick();
        assert!(task.is_finished());
        drop(task);
        // Cancelled while it runs.
        let gate = Arc::new(Gate::default());
        let waits = gate.clone();
        let task = ex.spawn(async move {
            waits.wait_owned().await;
            PanicsInDrop(5)
        });
        ex.try_tick();
        gate.open();
        drop(task);
        while ex.try_tick() {}
    });
}

// Fault 20b
#[test]
fn payload_whose_drop_panics_goes_no_further() {
    struct Payload;
    impl Drop for Payload {
        fn drop(&mut self) {
            panic_any(PanicsInDrop(6));
        }
    }
    on_both!(ex, {
        ex.spawn(async { panic_any(Payload) }).detach();
        assert!(ex.try_tick());
    });
}

// Fault 20c
#[test]
fn a_drop_that_panics_while_unwinding_from_the_poll_leaves_the_first_payload() {
    on_both!(ex, {
        let guard = PanicsInDrop(8);
        let task = ex.spawn(poll_fn(move |_| -> Poll<()> {
            let _ = &guard;
            panic_any(7)
        }));
        let error = block_on(ex.run(task.join())).unwrap_err();
        assert_eq!(error.try_into_panic().unwrap().downcast_ref(), Some(&7));
    });
}

/// A waker that panics at every occasion but its making.
struct Hostile(Arc<AtomicUsize>);

impl Wake for Hostile {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
        std::mem::forget(self);
        panic!("expected: a waker that panics");
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
        panic!("expected: a waker that panics");
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.0.fetch_add(100, Ordering::Relaxed);
        panic!("expected: a waker whose drop panics");
    }
}

fn hostile() -> (Waker, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    (Waker::from(Arc::new(Hostile(calls.clone()))), calls)
}

// Fault 21a
#[test]
fn awaiters_waker_that_panics_takes_nobody_down() {
    on_both!(ex, {
        let gate = Arc::new(Gate::default());
        let mut task = ex.spawn(gate.clone().wait_owned());
        let (waker, calls) = hostile();
        let polled = Pin::new(&mut task).poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
        assert!(catch_unwind(AssertUnwindSafe(|| drop(waker))).is_ok());
        ex.try_tick();
        gate.open();
        ex.try_tick();
        assert!(task.is_finished());
        // Called once, by value, inside the executor.
        block_on(ex.run(task));
        assert_eq!(calls.load(Ordering::Relaxed), 1);
    });
}

// Fault 21a
#[test]
fn awaiters_waker_whose_drop_panics_takes_nobody_down() {
    on_both!(ex, {
        let mut task = ex.spawn(pending::<()>());
        let (waker, calls) = hostile();
        let polled = Pin::new(&mut task).poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
        drop(waker);
        drop(task);
        while ex.try_tick() {}
        assert!(calls.load(Ordering::Relaxed) >= 100);
    });
}

// Fault 21a
#[test]
fn runners_waker_that_panics_reaches_neither_the_spawner_nor_other_tasks() {
    let ex = Executor::new();
    let (waker, calls) = hostile();
    {
        let mut run = pin!(ex.run(pending::<()>()));
        let polled = run.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
        let task = ex.spawn(async { 1 });
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        assert!(poll_once(run.as_mut()).is_pending());
        assert_eq!(block_on(task), 1);
    }
    let local = LocalExecutor::new();
    let mut run = pin!(local.run(pending::<()>()));
    let polled = run.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());
    let task = local.spawn(async { 1 });
    assert_eq!(calls.load(Ordering::Relaxed), 2);
    assert!(poll_once(run.as_mut()).is_pending());
    assert_eq!(block_on(task), 1);
    std::mem::forget(waker);
}

// Fault 19b
#[test]
fn panic_in_the_future_of_run_leaves_the_executor_usable() {
    on_both!(ex, {
        let task = ex.spawn(async { 1 });
        let ran = catch_unwind(AssertUnwindSafe(|| {
            block_on(ex.run(async {
                yield_now().await;
                panic!("expected");
            }));
        }));
        assert!(ran.is_err());
        assert_eq!(block_on(ex.run(task)), 1);
    });
}

// Fault 19a
#[test]
fn raw_tasks_catch_panics_too() {
    let (runnable, task) =
        trill_executor::raw::task(async { panic_any(9) }, drop, trill_cell::Spawned::here());
    runnable.run();
    let error = block_on(task.join()).unwrap_err();
    assert_eq!(error.try_into_panic().unwrap().downcast_ref(), Some(&9));
}

// Fault 19c
#[test]
fn a_panic_that_nobody_awaited_is_reported_once() {
    static HEARD: std::sync::Mutex<Vec<(Option<trill_cell::TaskId>, String)>> =
        std::sync::Mutex::new(Vec::new());
    trill_cell::on_unhandled(&|failure| {
        HEARD
            .lock()
            .unwrap()
            .push((failure.task, failure.message.to_string()));
    });
    let count = |id| {
        let heard = HEARD.lock().unwrap();
        heard
            .iter()
            .filter(|(task, message)| *task == Some(id) && message == "expected: nobody awaits")
            .count()
    };
    on_both!(ex, {
        // Detached: at its end. Dropped after its end: then. Awaited: never.
        let detached = ex.spawn(async { panic!("expected: nobody awaits") });
        let detached_id = detached.id();
        Task::<()>::detach(detached);
        ex.try_tick();
        assert_eq!(count(detached_id), 1);

        let dropped: Task<()> = ex.spawn(async { panic!("expected: nobody awaits") });
        let dropped_id = dropped.id();
        ex.try_tick();
        assert_eq!(count(dropped_id), 0);
        drop(dropped);
        assert_eq!(count(dropped_id), 1);

        let awaited: Task<()> = ex.spawn(async { panic!("expected: nobody awaits") });
        let awaited_id = awaited.id();
        assert!(block_on(ex.run(awaited.join())).is_err());
        assert_eq!(count(awaited_id), 0);
    });
}
