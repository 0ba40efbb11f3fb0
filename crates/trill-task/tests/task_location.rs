//! The location of an await is the line of the user's program.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::future::{Future, pending};
use std::pin::pin;
use std::task::{Context as Cx, Waker};
use std::time::Duration;

use common::in_executor;
use trill_cell::{BUDGET_POLLS, Header, Kind, Spawned, Wait};
use trill_executor::ambient;
use trill_task::{
    CancelToken, Context, TaskLocal, TimeLimit, checkpoint, fail_after, move_on_after, shield,
    shielded, timeout_join,
};
use trill_timer::sleep;

static LOCAL: TaskLocal<u32> = TaskLocal::new();

const HOUR: Duration = Duration::from_secs(3600);

/// Polls a task once, and returns what it waits for.
fn wait_of(future: impl Future) -> Wait {
    let header = Header::new(Spawned::here());
    let mut future = pin!(future);
    let mut cx = Cx::from_waker(Waker::noop());
    assert!(header.poll(|| future.as_mut().poll(&mut cx)).is_pending());
    header.wait().unwrap()
}

fn check(wait: Wait, kind: Kind, line: u32) {
    let location = wait.location.unwrap();
    assert_eq!((location.file(), location.line()), (file!(), line));
    assert_eq!(wait.kind, kind);
}

#[test]
fn awaits_of_leaves_are_located() {
    let token = CancelToken::new();
    let wait = wait_of(async {
        token.cancelled().await;
    });
    check(wait, Kind::Notification, line!() - 2);
    let wait = wait_of(async {
        for _ in 0..=BUDGET_POLLS {
            let _ = checkpoint().await;
        }
    });
    check(wait, Kind::Turn, line!() - 3);
    token.cancel("over");
    let wait = wait_of(async {
        for _ in 0..=BUDGET_POLLS {
            token.cancelled().await;
        }
    });
    check(wait, Kind::Turn, line!() - 3);
}

#[test]
fn awaits_of_a_leaf_in_a_wrapper_are_located() {
    in_executor(async {
        let token = CancelToken::new();
        let limit = TimeLimit::after(HOUR);
        let wait = wait_of(async {
            LOCAL.scope(1, sleep(HOUR)).await;
        });
        check(wait, Kind::Timer, line!() - 2);
        let wait = wait_of(async {
            Context::new().scope(sleep(HOUR)).await;
        });
        check(wait, Kind::Timer, line!() - 2);
        let wait = wait_of(async {
            let _ = token.run(sleep(HOUR)).await;
        });
        check(wait, Kind::Timer, line!() - 2);
        let wait = wait_of(async {
            shielded(sleep(HOUR)).await;
        });
        check(wait, Kind::Timer, line!() - 2);
        let wait = wait_of(async {
            let _ = limit.run(token.cancelled()).await;
        });
        check(wait, Kind::Notification, line!() - 2);
        let wait = wait_of(async {
            let _ = limit.run_with_grace(HOUR, token.cancelled()).await;
        });
        check(wait, Kind::Notification, line!() - 2);
        let wait = wait_of(async {
            let _ = fail_after(HOUR, token.cancelled()).await;
        });
        check(wait, Kind::Notification, line!() - 2);
        let wait = wait_of(async {
            move_on_after(HOUR, token.cancelled()).await;
        });
        check(wait, Kind::Notification, line!() - 2);
    });
}

#[test]
fn awaits_of_nothing_but_the_limit_are_located() {
    in_executor(async {
        let wait = wait_of(async {
            let _ = TimeLimit::after(HOUR).run(pending::<()>()).await;
        });
        check(wait, Kind::Timer, line!() - 2);
        let token = CancelToken::new();
        token.cancel("over");
        let wait = wait_of(async {
            let _ = token.run_with_grace(HOUR, pending::<()>()).await;
        });
        check(wait, Kind::Timer, line!() - 2);
    });
}

#[test]
fn awaits_of_tasks_are_located() {
    in_executor(async {
        let work = shield(pending::<()>()).unwrap();
        let id = work.id().as_u64();
        let wait = wait_of(async {
            let _ = work.await;
        });
        check(wait, Kind::Task, line!() - 2);
        assert_eq!(wait.value, id);
        let task = ambient::spawn(pending::<()>()).ok().unwrap();
        let wait = wait_of(async {
            let _ = timeout_join(HOUR, task).await;
        });
        check(wait, Kind::Task, line!() - 2);
    });
}
