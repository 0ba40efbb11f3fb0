//! Task-locals: what a task carries, what its children get, what a scope keeps inside.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Mutex;
use std::task::Poll;

use common::{in_executor, once_pending, poll_once};
use futures_lite::future::zip;
use trill_executor::ambient;
use trill_task::{Context, TaskLocal};

static SHARED: TaskLocal<u32> = TaskLocal::inherited();
static OWN: TaskLocal<u32> = TaskLocal::new();

#[test]
fn child_inherits_only_what_is_inherited_with_the_value_at_its_spawn() {
    in_executor(SHARED.scope(
        1,
        OWN.scope(2, async {
            let child = ambient::spawn(async {
                once_pending().await;
                (SHARED.get(), OWN.get())
            });
            SHARED.set(10);
            assert_eq!(child.unwrap().await, (Some(1), None));
            let later = ambient::spawn(async { SHARED.get() });
            assert_eq!(later.unwrap().await, Some(10));
        }),
    ));
}

#[test]
fn set_in_a_child_is_not_seen_by_its_parent() {
    in_executor(SHARED.scope(1, async {
        let child = ambient::spawn(async {
            SHARED.set(2);
            let grandchild = ambient::spawn(async { SHARED.get() });
            (SHARED.get(), grandchild.unwrap().await)
        });
        assert_eq!(child.unwrap().await, (Some(2), Some(2)));
        assert_eq!(SHARED.get(), Some(1));
    }));
}

#[test]
fn set_outside_any_scope_lasts_as_long_as_its_task() {
    in_executor(async {
        let first = ambient::spawn(async {
            OWN.set(1);
            once_pending().await;
            OWN.get()
        });
        let second = ambient::spawn(async {
            once_pending().await;
            OWN.get()
        });
        assert_eq!(first.unwrap().await, Some(1));
        assert_eq!(second.unwrap().await, None);
        assert_eq!(OWN.get(), None);
    });
}

#[test]
fn two_scopes_in_one_task_do_not_mix() {
    let seen = Mutex::new(Vec::new());
    let step = |value| {
        let seen = &seen;
        OWN.scope(value, async move {
            for turn in 0..3 {
                assert_eq!(OWN.get(), Some(value + turn));
                OWN.set(value + turn + 1);
                seen.lock().unwrap().push(value);
                once_pending().await;
            }
        })
    };
    trill_park::block_on(zip(step(10), step(20)));
    assert_eq!(*seen.lock().unwrap(), [10, 20, 10, 20, 10, 20]);
    assert_eq!(OWN.get(), None);
}

#[test]
fn scope_restores_before_each_poll_ends() {
    let mut scope = pin!(OWN.scope(1, async {
        once_pending().await;
        OWN.get()
    }));
    OWN.sync_scope(5, || {
        assert!(poll_once(scope.as_mut()).is_pending());
        assert_eq!(OWN.get(), Some(5));
    });
    assert_eq!(poll_once(scope.as_mut()), Poll::Ready(Some(1)));
    assert_eq!(OWN.get(), None);
}

#[test]
fn scope_restores_after_a_panic() {
    let caught = catch_unwind(AssertUnwindSafe(|| {
        trill_park::block_on(OWN.scope(1, async { panic!("expected") }));
    }));
    assert!(caught.is_err());
    assert_eq!(OWN.get(), None);
    let caught = catch_unwind(|| OWN.sync_scope(1, || panic!("expected")));
    assert!(caught.is_err());
    assert_eq!(OWN.get(), None);
}

struct Looks<'a>(&'a Cell<Option<u32>>);

impl Drop for Looks<'_> {
    fn drop(&mut self) {
        self.0.set(OWN.get());
    }
}

#[test]
fn body_is_dropped_inside_whether_done_or_not() {
    let seen = Cell::new(None);
    let mut done = pin!(OWN.scope(1, {
        let looks = Looks(&seen);
        poll_fn(move |_| {
            let _ = &looks;
            Poll::Ready(())
        })
    }));
    assert!(poll_once(done.as_mut()).is_ready());
    assert_eq!(seen.take(), Some(1));

    drop(OWN.scope(2, {
        let looks = Looks(&seen);
        async move {
            let _looks = looks;
            pending::<()>().await;
        }
    }));
    assert_eq!(seen.take(), Some(2));

    let context = OWN.sync_scope(3, Context::current);
    drop(context.scope({
        let looks = Looks(&seen);
        async move {
            let _looks = looks;
            pending::<()>().await;
        }
    }));
    assert_eq!(seen.take(), Some(3));
}

#[test]
fn unset_inside_a_scope_stays_inside() {
    trill_park::block_on(OWN.scope(1, async {
        OWN.scope(2, async {
            assert!(OWN.unset());
            once_pending().await;
            assert_eq!(OWN.get(), None);
            assert!(!OWN.unset());
        })
        .await;
        assert_eq!(OWN.get(), Some(1));
    }));
}

#[test]
fn with_panics_at_its_caller_and_names_the_remedy() {
    static WHERE: Mutex<Option<(String, u32)>> = Mutex::new(None);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info.location().unwrap().file() == file!() && info.to_string().contains("task-local") {
            *WHERE.lock().unwrap() = Some((info.to_string(), info.location().unwrap().line()));
        } else {
            before(info);
        }
    }));
    let line = line!() + 1;
    let caught = catch_unwind(|| OWN.with(|_| ()));
    drop(std::panic::take_hook());
    assert!(caught.is_err());
    let (message, at) = WHERE.lock().unwrap().take().unwrap();
    assert_eq!(at, line);
    assert!(message.contains("inherited"));
}

#[test]
fn set_while_a_value_is_borrowed_does_not_change_what_is_borrowed() {
    OWN.sync_scope(1, || {
        OWN.with(|before| {
            OWN.set(2);
            assert_eq!((*before, OWN.get()), (1, Some(2)));
        });
    });
}

#[test]
fn context_keeps_its_changes_and_clones_have_their_own() {
    let mut context = OWN.sync_scope(1, Context::current);
    let mut other = context.clone();
    context.run(|| OWN.set(2));
    assert_eq!(context.run(|| OWN.get()), Some(2));
    assert_eq!(other.run(|| OWN.get()), Some(1));
    assert_eq!(OWN.get(), None);
    assert!(catch_unwind(AssertUnwindSafe(|| context.run(|| panic!("expected")))).is_err());
    assert_eq!(OWN.get(), None);
}

#[test]
fn context_scope_carries_all_values_into_another_task() {
    in_executor(async {
        let context = SHARED.sync_scope(1, || OWN.sync_scope(2, Context::current));
        let child = ambient::spawn(context.scope(async {
            once_pending().await;
            let grandchild = ambient::spawn(async { (SHARED.get(), OWN.get()) });
            (SHARED.get(), OWN.get(), grandchild.unwrap().await)
        }));
        assert_eq!(child.unwrap().await, (Some(1), Some(2), (Some(1), None)));
    });
}
