//! Each way to await tasks leaves all its edges.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::future::{Future, pending};
use std::pin::pin;
use std::time::Duration;

use common::{named, settle, spawn};
use trill_executor::{Executor, ambient};
use trill_inspect::{Node, Snapshot};
use trill_task::{
    Group, TaskHandle, TaskSet, Until, as_completed, gather, group, join_all, race, scope, shield,
    timeout_join, try_gather, try_join_all, wait,
};

/// Runs `parent` as a task and asserts that it awaits exactly those tasks that are named so.
#[track_caller]
fn assert_awaits<F>(parent: F, children: &[&str]) -> Snapshot
where
    F: Future<Output = ()> + Send + 'static,
{
    let ex = Executor::new();
    let parent = ex.builder().name("parent").spawn(parent);
    settle(&ex);
    let snapshot = Snapshot::of(&ex);
    let edges = snapshot.edges();
    let from_parent = edges.iter().filter(|edge| edge.from == parent.id());
    let mut seen: Vec<_> = from_parent
        .map(|edge| match edge.to {
            Node::Task(id) => snapshot.task(id).unwrap().name.as_deref().unwrap(),
            other => panic!("{other} is no task"),
        })
        .collect();
    seen.sort_unstable();
    assert_eq!(seen, children, "{}", snapshot.graph());
    for name in children {
        let child = named(&snapshot, name);
        assert!(child.awaited_by.contains(&parent.id()), "{child:?}");
    }
    assert!(snapshot.cycles().is_empty());
    drop(parent);
    settle(&ex);
    let left = Snapshot::of(&ex);
    let left = left
        .tasks()
        .iter()
        .filter(|task| task.name.as_deref() != Some("shielded"));
    assert_eq!(left.count(), 0);
    snapshot
}

#[test]
fn await_of_a_task_is_an_edge_with_the_line_of_the_await() {
    let line = line!() + 1;
    let parent = async { spawn("a").await };
    let snapshot = assert_awaits(parent, &["a"]);
    let edge = snapshot.edges()[0];
    let at = edge.at.unwrap();
    assert_eq!((at.file(), at.line()), (file!(), line));
}

#[test]
fn join_and_fallible_and_cancel_are_edges() {
    assert_awaits(async { drop(spawn("a").join().await) }, &["a"]);
    assert_awaits(async { spawn("a").fallible().await.unwrap() }, &["a"]);
}

#[test]
fn gather_awaits_each_member_also_after_some_have_ended() {
    let parent = async {
        let short = ambient::spawn(trill_executor::yield_now()).ok().unwrap();
        gather((spawn("a"), short, spawn("b"), async { spawn("c").await })).await;
    };
    assert_awaits(parent, &["a", "b", "c"]);
    let many = async { drop(gather(["a", "b", "c", "d"].map(spawn)).await) };
    assert_awaits(many, &["a", "b", "c", "d"]);
}

#[test]
fn try_gather_awaits_each_member() {
    let parent = async {
        let members = ["a", "b"].map(|name| async move {
            spawn(name).await;
            Ok::<_, ()>(())
        });
        drop(try_gather(members).await);
    };
    assert_awaits(parent, &["a", "b"]);
}

#[test]
fn join_all_and_try_join_all_await_each_task() {
    let all = async { drop(join_all(["a", "b", "c"].map(spawn)).await) };
    assert_awaits(all, &["a", "b", "c"]);
    let fallible = async {
        let tasks = ["a", "b"].map(|name| common::spawn_with(name, pending::<Result<(), ()>>()));
        drop(try_join_all(tasks).await);
    };
    assert_awaits(fallible, &["a", "b"]);
}

#[test]
fn wait_awaits_the_handles_of_others() {
    let parent = async {
        let mut handles = ["a", "b", "c"].map(|name| TaskHandle::new(spawn(name)));
        wait(&mut handles, Until::All, Some(Duration::from_secs(3600))).await;
    };
    assert_awaits(parent, &["a", "b", "c"]);
}

#[test]
fn race_and_as_completed_await_each_member() {
    let raced = async { race((spawn("a"), spawn("b"))).await };
    assert_awaits(raced, &["a", "b"]);
    let completed = async {
        let mut ends = as_completed(["a", "b", "c"].map(spawn));
        let _ = ends.next().await;
    };
    assert_awaits(completed, &["a", "b", "c"]);
}

#[test]
fn combinators_of_others_leave_all_their_edges() {
    let zipped = async {
        futures_lite::future::zip(spawn("a"), spawn("b")).await;
    };
    assert_awaits(zipped, &["a", "b"]);
    let raced = async { futures_lite::future::or(spawn("a"), spawn("b")).await };
    assert_awaits(raced, &["a", "b"]);
}

#[test]
fn timeout_join_and_a_timeout_await_the_task_and_not_the_timer() {
    let joined = async {
        let _ = timeout_join(Duration::from_secs(3600), spawn("a")).await;
    };
    assert_awaits(joined, &["a"]);
    let limited = async {
        let _ = trill_timer::timeout(Duration::from_secs(3600), spawn("a")).await;
    };
    assert_awaits(limited, &["a"]);
}

#[test]
fn shield_is_awaited_until_its_handle_is_dropped() {
    let parent = async {
        let shield = shield(async {
            ambient::spawn_as(pending::<()>(), trill_cell::Spawned::here().named("inner"))
                .ok()
                .unwrap()
                .await;
        });
        drop(shield.unwrap().await);
    };
    let ex = Executor::new();
    let parent = ex.builder().name("parent").spawn(parent);
    settle(&ex);
    let snapshot = Snapshot::of(&ex);
    let inner = named(&snapshot, "inner");
    let work = inner.awaited_by[0];
    let work = snapshot.task(work).unwrap();
    assert_eq!(work.awaited_by, [parent.id()]);
    drop(parent);
    settle(&ex);
    let snapshot = Snapshot::of(&ex);
    assert!(snapshot.tasks().iter().all(|task| task.parent.is_some()));
    let inner = named(&snapshot, "inner");
    let work = snapshot.task(inner.awaited_by[0]).unwrap();
    assert!(work.awaited_by.is_empty(), "{}", snapshot.graph());
}

#[test]
fn scope_awaits_its_children_which_are_listed_with_what_they_wait_for() {
    let parent = async {
        scope(async |s| {
            for name in ["a", "b"] {
                s.spawn_as(pending::<()>(), trill_cell::Spawned::here().named(name));
            }
            s.spawn_as(
                async { spawn("grandchild").await },
                trill_cell::Spawned::here().named("c"),
            );
        })
        .await;
    };
    let snapshot = assert_awaits(parent, &["a", "b", "c"]);
    let child = named(&snapshot, "c");
    let grandchild = named(&snapshot, "grandchild");
    assert_eq!(grandchild.awaited_by, [child.id]);
    assert_eq!(child.awaits(), Some(grandchild.id));
    assert_eq!(grandchild.parent, Some(child.id));
}

#[test]
fn group_awaits_its_children_while_its_body_runs_and_after() {
    let ended = async {
        let run = group(async |g: Group<()>| {
            for name in ["a", "b"] {
                let spawned = trill_cell::Spawned::here().named(name);
                g.spawn_as(pending::<Result<(), ()>>(), spawned).unwrap();
            }
            Ok(())
        });
        drop(run.await);
    };
    assert_awaits(ended, &["a", "b"]);
    let running = async {
        let run = group(async |g: Group<()>| {
            let spawned = trill_cell::Spawned::here().named("a");
            g.spawn_as(pending::<Result<(), ()>>(), spawned).unwrap();
            pending::<Result<(), ()>>().await
        });
        drop(run.await);
    };
    assert_awaits(running, &["a"]);
}

#[test]
fn task_set_awaits_its_tasks() {
    let parent = async {
        let mut set = TaskSet::new();
        for name in ["a", "b", "c"] {
            let spawned = trill_cell::Spawned::here().named(name);
            set.spawn_as(pending::<()>(), spawned).unwrap();
        }
        let _ = set.join_next().await;
    };
    assert_awaits(parent, &["a", "b", "c"]);
}

#[test]
fn edge_goes_when_the_handle_is_dropped_or_detached() {
    let ex = Executor::new();
    let (calls, gate) = trill_sync::channel::bounded(2);
    let parent = ex.builder().name("parent").spawn(async move {
        let mut child = pin!(spawn("a"));
        futures_lite::future::or(child.as_mut(), async { gate.recv().await.unwrap() }).await;
        trill_executor::yield_now().await;
        gate.recv().await.unwrap();
    });
    settle(&ex);
    assert_eq!(Snapshot::of(&ex).edges().len(), 1);
    calls.try_send(()).unwrap();
    settle(&ex);
    // Kept, but not awaited: the parent's last poll asked the gate alone.
    let snapshot = Snapshot::of(&ex);
    assert_eq!(snapshot.edges(), [], "{}", snapshot.graph());
    calls.try_send(()).unwrap();
    settle(&ex);
    assert!(parent.is_finished());
    assert_eq!(Snapshot::of(&ex).tasks().len(), 0);
}
