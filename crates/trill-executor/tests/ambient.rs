//! Spawning without a handle.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use trill_cell::Spawned;
use trill_executor::{Executor, LocalExecutor, ambient};
use trill_park::block_on;

#[test]
fn spawn_outside_gives_the_future_back() {
    let refused = ambient::spawn(async { 5 }).unwrap_err();
    assert!(refused.to_string().contains("Executor::run"));
    assert_eq!(block_on(refused.into_inner()), 5);
}

#[test]
fn spawn_in_a_poll_reaches_the_executor_that_polls() {
    let ex = Executor::new();
    let sum = block_on(ex.run(async {
        // From the future of `run`, and from a task.
        let outer = ambient::spawn(async {
            let inner = ambient::spawn(async { 2 }).unwrap();
            1 + inner.await
        });
        outer.unwrap().await
    }));
    assert_eq!(sum, 3);
    assert!(ex.is_empty());
}

#[test]
fn spawn_in_a_tick_reaches_the_executor_that_ticks() {
    let ex = Executor::new();
    ex.spawn(async { ambient::spawn(async {}).unwrap().detach() })
        .detach();
    assert!(ex.try_tick());
    assert!(!ex.is_empty());
    assert!(ex.try_tick());
    assert!(ex.is_empty());
}

#[test]
fn the_innermost_shared_executor_is_meant() {
    let outer = Executor::new();
    block_on(outer.run(async {
        let inner = Executor::new();
        inner
            .run(async {
                ambient::spawn(std::future::pending::<()>())
                    .unwrap()
                    .detach()
            })
            .await;
        assert!(outer.is_empty());
        assert!(!inner.is_empty());
    }));
}

#[test]
fn a_local_executor_is_passed_over() {
    let local = LocalExecutor::new();
    block_on(local.run(async {
        assert!(ambient::spawn(async {}).is_err());
    }));
    let shared = Executor::new();
    block_on(shared.run(local.run(async {
        ambient::spawn(std::future::pending::<()>())
            .unwrap()
            .detach();
    })));
    assert!(!shared.is_empty());
    assert!(local.is_empty());
}

// Fault 35b
#[test]
fn task_spawned_by_a_destructor_ends_with_its_executor() {
    struct SpawnsWhenDropped(Arc<AtomicUsize>);
    impl Drop for SpawnsWhenDropped {
        fn drop(&mut self) {
            let count = Count(self.0.clone());
            ambient::spawn(async move {
                let _count = count;
                std::future::pending::<()>().await;
            })
            .unwrap()
            .detach();
        }
    }
    struct Count(Arc<AtomicUsize>);
    impl Drop for Count {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    let ended = Arc::new(AtomicUsize::new(0));
    let ex = Executor::new();
    let spawns = SpawnsWhenDropped(ended.clone());
    ex.spawn(async move {
        let _spawns = spawns;
        std::future::pending::<()>().await;
    })
    .detach();
    ex.try_tick();
    drop(ex);
    assert_eq!(ended.load(Ordering::Relaxed), 1);
}

#[test]
fn name_and_site_are_kept() {
    let ex = Executor::new();
    let spawned = Spawned::here().named("child");
    let line = spawned.site().line();
    let seen = block_on(ex.run(async {
        let task = ambient::spawn_as(
            async {
                trill_cell::current(|task| {
                    let site = task.site().map(|site| site.line());
                    (task.name().map(String::from), site)
                })
            },
            spawned,
        );
        task.unwrap().await
    }));
    if !cfg!(feature = "insight") {
        return;
    }
    assert_eq!(seen, Some((Some(String::from("child")), Some(line))));

    let site = block_on(ex.run(async {
        ambient::spawn(async { trill_cell::current(|task| task.site()).flatten() })
            .unwrap()
            .await
    }));
    assert_eq!(site.unwrap().file(), file!());
}

#[test]
fn every_executor_on_the_stack_polls_here_and_none_after_it_has_returned_or_panicked() {
    let (outer, middle, inner) = (Executor::new(), LocalExecutor::new(), Executor::new());
    let ids = [outer.id(), inner.id()];
    let both = move || ids.map(ambient::is_polling_here);
    assert_eq!(both(), [false, false]);
    block_on(outer.run(async { assert_eq!(both(), [true, false]) }));
    block_on(outer.run(middle.run(inner.run(async { assert_eq!(both(), [true, true]) }))));
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        block_on(outer.run(inner.run(async { panic!("thrown in a test") })))
    }));
    caught.unwrap_err();
    assert_eq!(both(), [false, false]);
    // Ticks poll, too, and so does whoever drops the tasks of an executor.
    let task = outer.spawn(std::future::poll_fn(
        move |_| std::task::Poll::Ready(both()),
    ));
    assert!(outer.try_tick());
    assert_eq!(block_on(task), [true, false]);
    let ex = Executor::new();
    let id = ex.id();
    let asks = common::OnDrop(move || assert!(ambient::is_polling_here(id)));
    ex.spawn(async move {
        let _asks = asks;
        std::future::pending::<()>().await;
    })
    .detach();
    assert!(ex.try_tick());
    drop(ex);
    assert!(!ambient::is_polling_here(id));
}
