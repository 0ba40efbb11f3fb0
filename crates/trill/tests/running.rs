//! Running mains: as a task, one after another, with what they carry.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::cell::Cell;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use trill::task::{CancelToken, TaskLocal};
use trill::{RunError, Runner, Runtime, task};

use support::Log;

static USER: TaskLocal<u32> = TaskLocal::inherited();

#[test]
fn main_is_a_task_named_main_at_the_callers_line() {
    let line = line!() + 1;
    trill::run(async {
        assert!(task::current_id().is_some());
        let child = trill::spawn(async { task::current(|child| child.parent()).flatten() });
        if cfg!(feature = "insight") {
            let main = task::current(|main| (main.name().map(String::from), main.site())).unwrap();
            assert_eq!(main.0.as_deref(), Some("main"));
            let site = main.1.unwrap();
            assert_eq!((site.file(), site.line()), (file!(), line));
            assert_eq!(child.await, task::current_id());
        }
    });
}

#[test]
fn main_may_borrow_and_need_not_be_send() {
    let count = Rc::new(Cell::new(0));
    let text = String::from("borrowed");
    let length = trill::run(async {
        task::yield_now().await;
        count.set(count.get() + 1);
        text.len()
    });
    assert_eq!((length, count.get()), (8, 1));
}

// Row A3: a runner starts its runtime when it is first used, and runs many mains in it.
#[test]
fn a_runner_keeps_its_runtime_between_mains() {
    let mut runner = Runner::new();
    let mut task = None;
    runner
        .run(async { task = Some(trill::spawn(async { 5 })) })
        .unwrap();
    assert_eq!(runner.run(task.unwrap()).unwrap(), 5);
    let (sender, receiver) = trill::channel::bounded(1);
    runner
        .run(async {
            trill::spawn(async move { sender.send(5).await }).detach();
        })
        .unwrap();
    assert_eq!(runner.run(receiver.recv()).unwrap(), Ok(5));
}

// Row A3: all runs share one context.
#[test]
fn mains_of_a_runner_share_their_task_locals() {
    let mut runner = Runner::new();
    runner
        .run(async {
            assert_eq!(USER.get(), None);
            USER.set(7);
        })
        .unwrap();
    let seen = runner.run(async {
        let here = USER.get();
        let child = trill::spawn(async { USER.get() }).await;
        USER.set(8);
        (here, child)
    });
    assert_eq!(seen.unwrap(), (Some(7), Some(7)));
    // Also what a main set that panicked.
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        runner.run(async {
            assert_eq!(USER.get(), Some(8));
            USER.set(9);
            panic!("expected");
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(runner.run(async { USER.get() }).unwrap(), Some(9));
    // The thread's own are another matter.
    assert_eq!(USER.get(), None);
    let mut other = Runner::new();
    assert_eq!(other.run(async { USER.get() }).unwrap(), None);
}

// Row A3: a second close does nothing; use after close is an error.
#[test]
fn a_closed_runner_refuses_and_may_be_closed_again() {
    let log = Log::default();
    let mut runner = Runner::new();
    runner
        .run(async {
            let noted = log.on_drop("task dropped");
            trill::spawn(async move {
                let _noted = noted;
                pending::<()>().await;
            })
            .detach();
            task::yield_now().await;
        })
        .unwrap();
    assert_eq!(log.all(), [""; 0]);
    runner.close();
    assert_eq!(log.all(), ["task dropped"]);
    runner.close();
    assert!(matches!(runner.run(async {}), Err(RunError::Closed)));
    assert!(matches!(runner.runtime(), Err(RunError::Closed)));
    assert!(runner.is_closed());
}

#[test]
fn a_runner_that_was_never_used_starts_no_thread() {
    let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
    // Other tests start threads, too, so it is a runner with many that is looked for.
    let before = threads();
    let mut runner = Runtime::builder().workers(500).runner();
    assert!(threads() < before + 400);
    runner.close();
}

// Fault 32c
#[test]
fn a_refused_start_can_be_tried_again() {
    let mut runner = Runtime::builder().runner();
    // Not set by anybody else in this process: tests of it run alone in theirs.
    let wrong = support::in_child("a_refused_start_can_be_tried_again", || {
        // SAFETY: nobody else reads or writes the environment now.
        #[allow(unsafe_code)]
        unsafe {
            std::env::set_var("TRILL_WORKERS", "none");
        }
        let error = runner.run(async {}).unwrap_err();
        assert!(matches!(error, RunError::Start(_)));
        assert!(error.to_string().contains("TRILL_WORKERS"));
        // SAFETY: as above.
        #[allow(unsafe_code)]
        unsafe {
            std::env::set_var("TRILL_WORKERS", "1");
        }
        assert_eq!(runner.run(async { 5 }).unwrap(), 5);
        println!("tried again");
    });
    if let Some(mut child) = wrong {
        child.says("tried again");
    }
}

#[test]
fn runs_nest_and_each_has_its_own_runtime() {
    let value = trill::run(async {
        let outer = task::current_id();
        let inner = trill::run(async {
            let here = task::current_id();
            assert_ne!(here, outer);
            trill::spawn(async { 5 }).await
        });
        assert_eq!(task::current_id(), outer);
        inner
    });
    assert_eq!(value, 5);
}

#[test]
fn with_a_grace_main_has_a_token_below_the_runtimes() {
    Runtime::builder()
        .shutdown_grace(Duration::from_secs(1))
        .run(async {
            let mine = CancelToken::current().unwrap();
            assert!(!mine.same_token(&trill::shutdown_token()));
            let childs = trill::spawn(async { CancelToken::current().unwrap() }).await;
            assert!(childs.same_token(&mine));
            trill::shutdown_token().cancel("to see");
            assert!(mine.is_cancelled());
        })
        .unwrap();
    trill::run(async { assert!(CancelToken::current().is_none()) });
}

// Behaviour 20: a detached task runs to its end without a handle; its panic reaches the hook exactly once.
// Fault 19c
#[test]
fn a_detached_tasks_panic_reaches_the_hook_once() {
    let panics = Arc::new(AtomicUsize::new(0));
    let counted = panics.clone();
    let runtime = Runtime::builder()
        .workers(2)
        .panic_hook(move |_, payload| {
            assert_eq!(payload.downcast_ref(), Some(&"expected"));
            counted.fetch_add(1, Ordering::Relaxed);
        })
        .build()
        .unwrap();
    let (ended, end) = trill::channel::bounded::<()>(1);
    runtime.run(async {
        for _ in 0..10 {
            let ended = ended.clone();
            trill::spawn(async move {
                task::yield_now().await;
                let _ended = ended;
                panic!("expected");
            })
            .detach();
        }
        drop(ended);
        assert!(end.recv().await.is_err());
    });
    runtime.shutdown();
    assert_eq!(panics.load(Ordering::Relaxed), 10);
}

#[test]
fn a_main_that_panics_reaches_the_hook_and_the_caller() {
    let panics = Arc::new(Mutex::new(Vec::new()));
    let seen = panics.clone();
    let builder = Runtime::builder().panic_hook(move |task, _| {
        seen.lock().unwrap().push(task.name().map(String::from));
    });
    let caught = catch_unwind(AssertUnwindSafe(|| {
        builder.run(async { panic!("expected") })
    }));
    let payload = caught.unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"expected"));
    assert_eq!(panics.lock().unwrap().len(), 1);
}
