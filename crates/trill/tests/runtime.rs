//! The runtime: who runs tasks, what happens when it goes, and what a panic reaches.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use trill::channel;
use trill::{Backend, Handle, Runtime};

/// Counts how often it is dropped.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn one_worker_runs_main_and_tasks_on_the_calling_thread() -> io::Result<()> {
    let here = std::thread::current().id();
    let runtime = Runtime::builder().workers(1).build()?;
    let there = runtime.run(async { trill::spawn(async { std::thread::current().id() }).await });
    assert_eq!(here, there);
    Ok(())
}

#[test]
fn background_workers_run_tasks_without_run() -> io::Result<()> {
    let runtime = Runtime::builder().workers(2).name("bg").build()?;
    let name = runtime.spawn(async { std::thread::current().name().map(String::from) });
    assert_eq!(trill::block_on(name).as_deref(), Some("bg-1"));
    Ok(())
}

#[test]
fn a_runtime_has_the_back_end_it_asks_for_or_names_the_feature_that_is_missing() {
    let there = cfg!(any(feature = "polling", not(target_os = "linux")));
    match Runtime::builder().reactor(Backend::Polling).build() {
        Ok(runtime) => {
            assert!(there);
            let choice = runtime.reactor().unwrap().backend();
            assert_eq!(choice.backend, Backend::Polling);
        }
        Err(error) => {
            assert!(!there, "{error}");
            assert_eq!(error.kind(), io::ErrorKind::Unsupported);
            let text = error.to_string();
            assert!(text.contains("switch on the feature `polling`"), "{text}");
        }
    }
}

#[test]
fn dropping_the_runtime_drops_tasks_that_wait() -> io::Result<()> {
    let drops = Arc::new(AtomicUsize::new(0));
    let runtime = Runtime::builder().workers(2).build()?;
    let (started, ready) = mpsc::channel();
    for _ in 0..100 {
        let counted = Counted(drops.clone());
        let started = started.clone();
        runtime
            .spawn(async move {
                let _counted = counted;
                started.send(()).unwrap();
                std::future::pending::<()>().await;
            })
            .detach();
    }
    (0..100).for_each(|_| ready.recv().unwrap());
    drop(runtime);
    assert_eq!(drops.load(Ordering::Relaxed), 100);
    Ok(())
}

#[test]
fn dropping_the_runtime_in_one_of_its_tasks_does_not_wait_for_itself() -> io::Result<()> {
    let runtime = Runtime::builder().workers(2).build()?;
    let shared = Arc::new(Mutex::new(None));
    let inside = shared.clone();
    let (send, recv) = mpsc::channel();
    runtime
        .spawn(async move {
            drop(inside.lock().unwrap().take());
            send.send(()).unwrap();
        })
        .detach();
    *shared.lock().unwrap() = Some(runtime);
    // Whether the task finds it or not, nothing hangs.
    recv.recv().unwrap();
    drop(shared);
    Ok(())
}

// Fault 35c
#[test]
fn drop_waits_for_a_poll_up_to_the_limit() -> io::Result<()> {
    let runtime = Runtime::builder()
        .workers(2)
        .shutdown_max(Duration::from_millis(20))
        .build()?;
    let (started, ready) = mpsc::channel();
    let (release, blocked) = mpsc::channel::<()>();
    let drops = Arc::new(AtomicUsize::new(0));
    let counted = Counted(drops.clone());
    let (gone, ended) = mpsc::channel();
    runtime
        .spawn(async move {
            started.send(()).unwrap();
            let _ = blocked.recv();
            drop(counted);
            gone.send(()).unwrap();
        })
        .detach();
    ready.recv().unwrap();
    drop(runtime);
    // The stuck task was left alone and is still there.
    assert_eq!(drops.load(Ordering::Relaxed), 0);
    release.send(()).unwrap();
    ended.recv().unwrap();
    assert_eq!(drops.load(Ordering::Relaxed), 1);
    Ok(())
}

// Fault 19b
#[test]
fn panic_in_a_task_reaches_its_awaiter_and_nobody_else() -> io::Result<()> {
    let runtime = Runtime::builder().workers(2).build()?;
    runtime.run(async {
        let fails = trill::spawn(async { panic!("expected") });
        let works = trill::spawn(async {
            trill::task::yield_now().await;
            5
        });
        let error = fails.join().await.unwrap_err();
        assert!(error.is_panic());
        assert_eq!(works.await, 5);
    });
    Ok(())
}

// Fault 19b
#[test]
fn panic_in_main_leaves_a_usable_runtime() -> io::Result<()> {
    let runtime = Runtime::builder().workers(1).build()?;
    let caught = catch_unwind(AssertUnwindSafe(|| {
        runtime.run(async { panic!("expected") })
    }));
    assert!(caught.is_err());
    assert_eq!(runtime.run(async { trill::spawn(async { 5 }).await }), 5);
    Ok(())
}

// Fault 34a
#[test]
fn nested_block_on_works_and_serves_timers() {
    let value = trill::run(async {
        trill::block_on(async {
            trill::time::sleep(Duration::from_millis(1)).await;
            5
        })
    });
    assert_eq!(value, 5);
}

#[test]
fn nested_run_works_on_the_tasks_of_the_outer_runtime_too() -> io::Result<()> {
    let runtime = Runtime::builder().workers(1).build()?;
    let value = runtime.run(async {
        let task = trill::spawn(async { 5 });
        runtime.run(task)
    });
    assert_eq!(value, 5);
    Ok(())
}

#[test]
fn spawn_outside_any_runtime_uses_the_global_one() {
    let (sender, receiver) = channel::bounded(1);
    trill::spawn(async move { sender.send(5).await }).detach();
    assert_eq!(receiver.recv_blocking(), Ok(5));
}

#[test]
fn handle_of_a_dropped_runtime_gives_the_future_back() -> io::Result<()> {
    let runtime = Runtime::builder().workers(1).build()?;
    let handle = runtime.handle();
    drop(runtime);
    let future = handle.spawn(async { 5 }).err();
    assert_eq!(future.map(trill::block_on), Some(5));
    Ok(())
}

#[test]
fn spawned_task_belongs_to_the_runtime_of_its_parent() -> io::Result<()> {
    let runtime = Runtime::builder().workers(2).name("parent").build()?;
    let name = runtime.run(async {
        let child = trill::spawn(async { Handle::current().spawn(async { 5 }).map(drop).is_ok() });
        child.await
    });
    assert!(name);
    Ok(())
}

#[test]
fn spawn_records_the_caller_of_the_facade() {
    let line = line!() + 1;
    let task = trill::spawn(async { trill::task::current(|task| task.site()).flatten() });
    let site = trill::block_on(task);
    if cfg!(feature = "insight") {
        let site = site.unwrap();
        assert_eq!((site.file(), site.line()), (file!(), line));
    }
}

#[test]
#[should_panic(expected = "at least one worker")]
fn no_workers_is_refused() {
    let _ = Runtime::builder().workers(0);
}

#[cfg(feature = "macros")]
mod attributes {
    #[trill::test]
    async fn test_runs_an_async_function() {
        assert_eq!(trill::spawn(async { 5 }).await, 5);
    }

    #[trill::test(workers = 2)]
    async fn test_takes_options_and_a_result() -> Result<(), std::num::ParseIntError> {
        let number: u32 = "5".parse()?;
        assert_eq!(number, 5);
        Ok(())
    }
}
