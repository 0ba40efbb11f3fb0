//! What a task's handle and header say and do.

mod common;

use std::future::{pending, poll_fn};
use std::panic::Location;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use common::{Gate, OnDrop, poll_once};
use trill_cell::{Ended, Header, Kind, Observer, TaskId, observe};
use trill_executor::{Executor, LocalExecutor, Task, yield_now};
use trill_park::block_on;

#[test]
fn dropping_the_handle_cancels_the_task() {
    let dropped = AtomicBool::new(false);
    let ex = Executor::new();
    let guard = OnDrop(|| dropped.store(true, Ordering::Relaxed));
    let task = ex.spawn(async move {
        let _guard = guard;
        pending::<()>().await;
    });
    ex.try_tick();
    drop(task);
    assert!(ex.try_tick());
    assert!(dropped.load(Ordering::Relaxed));
    assert!(ex.is_empty());
}

#[test]
fn detached_task_runs_on() {
    let done = AtomicBool::new(false);
    let ex = Executor::new();
    let done_ref = &done;
    ex.spawn(async move {
        yield_now().await;
        done_ref.store(true, Ordering::Relaxed);
    })
    .detach();
    while ex.try_tick() {}
    assert!(done.load(Ordering::Relaxed));
}

#[test]
fn cancel_waits_for_the_future_to_be_dropped() {
    let dropped = AtomicBool::new(false);
    let ex = Executor::new();
    let guard = OnDrop(|| dropped.store(true, Ordering::Relaxed));
    let task = ex.spawn(async move {
        let _guard = guard;
        pending::<()>().await;
    });
    ex.try_tick();
    let mut cancel = pin!(task.cancel());
    assert!(poll_once(cancel.as_mut()).is_pending());
    assert!(!dropped.load(Ordering::Relaxed));
    assert!(ex.try_tick());
    assert!(dropped.load(Ordering::Relaxed));
    assert_eq!(poll_once(cancel.as_mut()), Poll::Ready(None));
}

#[test]
fn cancel_returns_the_value_of_a_task_that_had_ended() {
    let ex = Executor::new();
    let task = ex.spawn(async { 4 });
    ex.try_tick();
    assert_eq!(block_on(task.cancel()), Some(4));
}

#[test]
fn dropping_an_unpolled_cancel_cancels() {
    let ex = Executor::new();
    drop(ex.spawn(pending::<()>()).cancel());
    assert!(ex.try_tick());
    assert!(ex.is_empty());
}

// Fault 24b
#[test]
fn a_task_that_drops_its_own_handle_is_cancelled_after_that_poll() {
    let polls = AtomicUsize::new(0);
    let own: Mutex<Option<Task<()>>> = Mutex::new(None);
    let ex = Executor::new();
    let task = ex.spawn(poll_fn(|cx| {
        polls.fetch_add(1, Ordering::Relaxed);
        drop(own.lock().unwrap().take());
        cx.waker().wake_by_ref();
        Poll::Pending
    }));
    *own.lock().unwrap() = Some(task);
    while ex.try_tick() {}
    assert_eq!(polls.load(Ordering::Relaxed), 1);
    assert!(ex.is_empty());
}

#[test]
fn fallible_and_join_tell_a_cancelled_task_from_a_finished_one() {
    let ex = Executor::new();
    let fallible = ex.spawn(async { 1 }).fallible();
    let join = ex.spawn(async { 2 }).join();
    let gone = ex.spawn(pending::<i32>()).join();
    ex.try_tick();
    assert!(fallible.is_finished());
    ex.try_tick();
    drop(ex);
    assert_eq!(block_on(fallible), Some(1));
    assert_eq!(block_on(join).unwrap(), 2);
    let error = block_on(gone).unwrap_err();
    assert!(error.is_cancelled());
    assert!(error.to_string().ends_with("was cancelled"));
    assert!(error.try_into_panic().is_err());
}

/// What a task's header says, read inside the task.
fn look<R>(with: impl FnOnce(&Header) -> R) -> R {
    trill_cell::current(with).expect("it is called in a task")
}

#[test]
fn header_keeps_spawn_site_name_and_parent() {
    let ex = Executor::new();
    let local = LocalExecutor::new();
    type Seen = (
        Option<&'static Location<'static>>,
        Option<String>,
        Option<TaskId>,
        TaskId,
    );
    async fn seen() -> Seen {
        look(|h| (h.site(), h.name().map(String::from), h.parent(), h.id()))
    }
    let line = line!() + 1;
    let task = ex.spawn(seen());
    let id = task.id();
    let (site, name, parent, seen_id) = block_on(ex.run(task));
    assert_eq!((name, parent, seen_id), (None, None, id));
    if cfg!(feature = "insight") {
        assert_eq!(site.map(|s| (s.file(), s.line())), Some((file!(), line)));
    }
    let line = line!() + 1;
    let task = local.builder().name("reader").spawn(seen());
    let (site, name, ..) = block_on(local.run(task));
    if cfg!(feature = "insight") {
        assert_eq!(site.map(Location::line), Some(line));
        assert_eq!(name.as_deref(), Some("reader"));
    }
    let mut many = Vec::new();
    let line = line!() + 1;
    ex.spawn_many([seen()], &mut many);
    let (site, ..) = block_on(ex.run(many.remove(0)));
    if cfg!(feature = "insight") {
        assert_eq!(site.map(Location::line), Some(line));
    }
    let ex = &ex;
    let (own, parent) = block_on(ex.run(async move {
        let inner = Executor::new();
        let outer = ex.spawn(async move {
            let child = inner.spawn(seen());
            (look(Header::id), inner.run(child).await.2)
        });
        outer.await
    }));
    if cfg!(feature = "insight") {
        assert_eq!(parent, Some(own));
    }
}

#[test]
fn awaiting_a_task_says_which_and_where() {
    if !cfg!(feature = "insight") {
        return;
    }
    let wait = Arc::new(Mutex::new(None));
    let ex = Executor::new();
    let never = ex.spawn(pending::<()>());
    let id = never.id();
    /// Notes what the task waits for after its future has returned `Pending`.
    struct Watched<F>(Pin<Box<F>>, Arc<Mutex<Option<trill_cell::Wait>>>);
    impl<F: Future<Output = ()>> Future for Watched<F> {
        type Output = ();
        fn poll(mut self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<()> {
            let polled = self.0.as_mut().poll(cx);
            *self.1.lock().unwrap() = look(Header::wait);
            polled
        }
    }
    let line = line!() + 2;
    let body = Box::pin(async {
        never.await;
    });
    let task = ex.spawn(Watched(body, wait.clone()));
    while wait.lock().unwrap().is_none() {
        ex.try_tick();
    }
    let seen = wait.lock().unwrap().take().unwrap();
    assert_eq!((seen.kind, seen.value), (Kind::Task, id.as_u64()));
    assert_eq!(seen.location.unwrap().line(), line);
    drop(task);

    let other = ex.spawn(pending::<()>()).join();
    let line = line!() + 1;
    let body = Box::pin(async { drop(other.await) });
    let task = ex.spawn(Watched(body, wait.clone()));
    while ex.try_tick() {}
    let seen = wait.lock().unwrap().take().unwrap();
    assert_eq!(seen.location.unwrap().line(), line);
    drop(task);

    let line = line!() + 1;
    let body = Box::pin(async { yield_now().await });
    let task = ex.spawn(Watched(body, wait.clone()));
    while wait.lock().unwrap().is_none() {
        ex.try_tick();
    }
    let seen = wait.lock().unwrap().take().unwrap();
    assert_eq!(
        (seen.kind, seen.location.unwrap().line()),
        (Kind::Turn, line)
    );
    drop(task);

    let gone = ex.spawn(pending::<()>()).fallible();
    let line = line!() + 1;
    let body = Box::pin(async { assert_eq!(gone.cancel().await, None) });
    let task = ex.spawn(Watched(body, wait.clone()));
    while wait.lock().unwrap().is_none() {
        ex.try_tick();
    }
    let seen = wait.lock().unwrap().take().unwrap();
    assert_eq!(
        (seen.kind, seen.location.unwrap().line()),
        (Kind::Task, line)
    );
    drop(task);
}

#[test]
fn observers_hear_how_tasks_end() {
    #[derive(Debug, Default)]
    struct Heard(Mutex<Vec<(TaskId, &'static str)>>);
    impl Observer for Heard {
        fn ended(&self, task: &Header, how: Ended<'_>) {
            let how = match how {
                Ended::Finished => "finished",
                Ended::Dropped => "dropped",
                Ended::Panicked(payload) => payload
                    .downcast_ref::<&str>()
                    .expect("panics below carry it"),
                _ => "unknown",
            };
            self.0.lock().unwrap().push((task.id(), how));
        }
    }
    static HEARD: Heard = Heard(Mutex::new(Vec::new()));
    observe(&HEARD);
    let heard = |id| {
        let heard = HEARD.0.lock().unwrap();
        let of_it: Vec<_> = heard.iter().filter(|(of, _)| *of == id).collect();
        assert_eq!(of_it.len(), 1);
        of_it[0].1
    };
    let ex = Executor::new();
    let finishes = ex.spawn(async {});
    let panics = ex.spawn(async { std::panic::panic_any("observed") });
    let waits = ex.spawn(pending::<()>());
    let ids = [finishes.id(), panics.id(), waits.id()];
    while ex.try_tick() {}
    drop((finishes, panics, waits));
    let never_polled = ex.spawn(async {});
    let last = never_polled.id();
    drop(ex);
    assert_eq!(ids.map(heard), ["finished", "observed", "dropped"]);
    assert_eq!(heard(last), "dropped");
}

// Fault 23a
#[test]
fn a_waker_outlives_its_task_harmlessly() {
    let ex = Executor::new();
    let gate = Arc::new(Gate::default());
    let slot = Arc::new(Mutex::new(None));
    let (keep, waits) = (slot.clone(), gate.clone());
    let task = ex.spawn(async move {
        poll_fn(|cx| {
            *keep.lock().unwrap() = Some(cx.waker().clone());
            Poll::Ready(())
        })
        .await;
        waits.wait_owned().await;
    });
    ex.try_tick();
    gate.open();
    block_on(ex.run(task));
    let waker = slot.lock().unwrap().take().unwrap();
    waker.wake_by_ref();
    drop(ex);
    waker.wake();
}

#[test]
fn destructors_of_a_task_run_as_that_task() {
    struct Asks(std::sync::mpsc::Sender<Option<trill_cell::TaskId>>);
    impl Drop for Asks {
        fn drop(&mut self) {
            let _ = self.0.send(trill_cell::current_id());
        }
    }

    let ex = Executor::new();
    let (tell, told) = std::sync::mpsc::channel();
    let ends = Asks(tell.clone());
    let task = ex.spawn(async move {
        let _ends = ends;
    });
    let id = task.id();
    block_on(ex.run(task));
    assert_eq!(told.recv(), Ok(Some(id)));

    let waits = Asks(tell);
    let task = ex.spawn(async move {
        let _waits = waits;
        std::future::pending::<()>().await;
    });
    let id = task.id();
    assert!(ex.try_tick());
    drop(task);
    assert!(ex.try_tick());
    assert_eq!(told.recv(), Ok(Some(id)));
}
