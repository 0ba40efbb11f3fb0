//! Trees of tasks that await each other in every way there is: all edges are seen, and no others.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::collections::BTreeSet;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use common::{settle, spawn_with};
use trill_cell::{Spawned, TaskId, current_id};
use trill_executor::{Executor, Task, yield_now};
use trill_inspect::{Node, Snapshot};
use trill_task::{Group, TaskHandle, TaskSet, Until, gather, group, join_all, race, scope, wait};
use trill_world::{VirtualWorld, pick};

type Edges = Arc<Mutex<BTreeSet<(TaskId, Node)>>>;

/// Gives way some times.
async fn dawdle() {
    for _ in 0..pick(3) {
        yield_now().await;
    }
}

/// A task that awaits some others in some way, and never ends; says whom it awaits.
fn node(depth: usize, edges: Edges) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        dawdle().await;
        let me = current_id().unwrap();
        let awaits = {
            let edges = edges.clone();
            move |child: TaskId| {
                edges.lock().unwrap().insert((me, Node::Task(child)));
            }
        };
        let count = if depth == 0 { 0 } else { pick(4) };
        let child = || node(depth - 1, edges.clone());
        let spawned = || -> Vec<Task<()>> {
            let tasks: Vec<_> = (0..count).map(|_| spawn_with("child", child())).collect();
            tasks.iter().for_each(|task| awaits(task.id()));
            tasks
        };
        if count == 0 {
            return pending().await;
        }
        match pick(7) {
            0 => drop(gather(spawned()).await),
            1 => drop(join_all(spawned()).await),
            2 => race(spawned()).await,
            3 => {
                let mut handles: Vec<_> = spawned().into_iter().map(TaskHandle::new).collect();
                wait(&mut handles, Until::All, None).await;
            }
            4 => {
                scope(async |s| {
                    for _ in 0..count {
                        awaits(s.spawn(child()).id());
                    }
                    dawdle().await;
                })
                .await;
            }
            5 => {
                let run = group(async |g: Group<()>| {
                    for _ in 0..count {
                        let future = child();
                        let child = g.spawn(async move {
                            future.await;
                            Ok(())
                        });
                        awaits(child.unwrap().id());
                    }
                    dawdle().await;
                    Ok(())
                });
                drop(run.await);
            }
            _ => {
                let mut set = TaskSet::new();
                for _ in 0..count {
                    let task = set.spawn_as(child(), Spawned::here());
                    awaits(task.unwrap().id());
                }
                let _ = set.join_next().await;
            }
        }
    })
}

#[test]
fn in_every_tree_all_edges_are_seen_and_no_others() {
    let seeds = if cfg!(miri) { 3 } else { 10_000 };
    let mut tasks_seen = 0;
    for seed in 0..seeds {
        VirtualWorld::new(seed).run(|| {
            let ex = Executor::new();
            let edges = Edges::default();
            let root = ex.spawn(node(3, edges.clone()));
            settle(&ex);
            let snapshot = Snapshot::of(&ex);
            let seen: BTreeSet<_> = snapshot.edges().iter().map(|it| (it.from, it.to)).collect();
            assert_eq!(
                seen,
                *edges.lock().unwrap(),
                "seed {seed}\n{}",
                snapshot.graph()
            );
            assert!(snapshot.cycles().is_empty());
            assert_eq!(snapshot.tasks().len(), seen.len() + 1, "seed {seed}");
            tasks_seen += snapshot.tasks().len();
            drop(root);
            settle(&ex);
            assert!(Snapshot::of(&ex).tasks().is_empty(), "seed {seed}");
        });
    }
    assert!(cfg!(miri) || tasks_seen > 3 * seeds as usize);
}
