//! The location of an await of several things, of groups, scopes and their tasks is the line of the user's program.
#![cfg_attr(rustfmt, rustfmt_skip)] // Each await stands on the line whose number is given.
#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![allow(clippy::redundant_async_block)] // The await is what is tested.

mod common;

use std::future::{Future, pending};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use common::in_executor;
use trill_cell::{Header, Kind, Spawned};
use trill_executor::{Task, ambient};
use trill_task::many::{
    TaskHandle, Until, as_completed, gather, join_all, map_concurrent, race, try_gather, try_join_all,
    try_map_concurrent, wait,
};
use trill_task::{CancelToken, Group, TaskGroup, TaskSet, WhenCancelled, group, scope};

type Result = std::result::Result<(), &'static str>;

/// Polls a future as a task and checks what the task says it waits for.
fn waits(kind: Kind, line: u32, future: impl Future) {
    let header = Header::new(Spawned::here());
    let mut future: Pin<Box<dyn Future<Output = _>>> = Box::pin(future);
    let polled = header.poll(|| future.as_mut().poll(&mut Context::from_waker(Waker::noop())));
    assert!(polled.is_pending());
    let wait = header.wait().expect("a task that waits says so");
    let location = wait.location.expect("a leaf gives its location");
    assert_eq!((location.file(), location.line()), (file!(), line));
    assert_eq!(wait.kind, kind);
}

/// A leaf that may fail, and hands its caller's line on.
struct TryLeaf(WhenCancelled);

impl Future for TryLeaf {
    type Output = Result;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result> {
        Pin::new(&mut self.0).poll(cx).map(|_| Ok(()))
    }
}

fn task<T: Send + 'static>() -> Task<T> {
    ambient::spawn(pending()).ok().unwrap()
}

#[test]
fn awaits_of_several_leaves_are_located() {
    in_executor(async {
        let token = CancelToken::new();
        let leaf = || token.cancelled();
        let tries = || TryLeaf(token.cancelled());
        let kind = Kind::Notification;
        waits(kind, line!(), async { gather((leaf(), leaf())).await; });
        waits(kind, line!(), async { gather([leaf(), leaf()]).await; });
        waits(kind, line!(), async { let _ = try_gather((tries(), tries())).await; });
        waits(kind, line!(), async { let _ = try_gather(vec![tries(), tries()]).await; });
        waits(kind, line!(), async { race((leaf(), leaf())).await; });
        waits(kind, line!(), async { map_concurrent([1, 2], 2, |_| leaf()).await; });
        waits(kind, line!(), async { let _ = try_map_concurrent([1, 2], 2, |_| tries()).await; });
        waits(kind, line!(), async { as_completed([leaf(), leaf()]).next().await; });
    });
}

#[test]
fn awaits_of_several_tasks_are_located() {
    in_executor(async {
        waits(Kind::Other, line!(), async { join_all([task::<()>(), task()]).await });
        waits(Kind::Other, line!(), async { try_join_all([task::<Result>(), task()]).await });
        let mut handles = [TaskHandle::new(task::<()>()), TaskHandle::new(task())];
        waits(Kind::Other, line!(), async { let _ = wait(&mut handles, Until::All, None).await; });
        let hour = Some(Duration::from_secs(3600));
        waits(Kind::Other, line!(), async { let _ = wait(&mut handles, Until::All, hour).await; });
        let [mut handle, _] = handles;
        waits(Kind::Task, line!(), async { handle.ended().await; });
        waits(Kind::Task, line!(), async { handle.await });
    });
}

#[test]
fn awaits_of_a_set_are_located() {
    in_executor(async {
        let mut set = TaskSet::new();
        set.spawn(pending::<()>()).unwrap();
        waits(Kind::Other, line!(), async { set.join_next().await });
        waits(Kind::Other, line!(), async { set.join_next_with_id().await });
        waits(Kind::Other, line!(), async { set.shutdown().await });
    });
}

#[test]
fn awaits_of_a_group_and_its_children_are_located() {
    in_executor(async {
        let body = async |group: Group<&'static str>| {
            let mut child = group.spawn(pending::<Result>()).unwrap();
            waits(Kind::Task, line!(), async { child.ended().await; });
            waits(Kind::Task, line!(), async { child.await });
            waits(Kind::Task, line!(), async { drop(group.start(async |_: trill_task::Ready<()>| pending::<Result>().await).await) });
            Ok::<(), &str>(())
        };
        waits(Kind::Other, line!(), async { group(body).await });
        let body = async |group: Group<&'static str>| {
            let _child = group.spawn(pending::<Result>()).unwrap();
            waits(Kind::Permit, line!(), async { drop(group.spawn_when_free(pending::<Result>()).await) });
            group.cancel("over");
            Ok::<(), &str>(())
        };
        TaskGroup::new().width(1).run(body).await.unwrap();
    });
}

#[test]
fn awaits_of_a_scope_and_its_children_are_located() {
    in_executor(async {
        let token = CancelToken::new();
        waits(Kind::Notification, line!(), async { scope(async |_| token.cancelled().await).await; });
        waits(Kind::Other, line!(), async { scope(async |s| { s.spawn(pending::<()>()); }).await });
        waits(Kind::Task, line!(), async { scope(async |s| s.spawn(pending::<()>()).await).await });
        waits(Kind::Task, line!(), async { scope(async |s| s.spawn(pending::<()>()).join().await).await });
    });
}
