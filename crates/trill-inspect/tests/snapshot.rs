//! What a snapshot shows, and when.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{named, settle, spawn, spawn_with};
use trill_executor::{Executor, LocalExecutor, Task, yield_now};
use trill_inspect::{Node, Snapshot};
use trill_task::gather;

#[test]
fn line_of_a_task_names_it_its_spawn_and_its_await() {
    let ex = Executor::new();
    let site = line!() + 1;
    let task = ex.builder().name("sleeper").spawn(async {
        let await_line = line!() + 1;
        trill_timer::sleep(Duration::from_secs(3600)).await;
        unreachable!("an hour does not pass, {await_line}");
    });
    settle(&ex);
    let snapshot = Snapshot::of(&ex);
    let text = snapshot.table().to_string();
    let line = text.lines().nth(1).unwrap();
    let expected = [
        task.id().to_string(),
        String::from("\"sleeper\""),
        String::from("waits"),
        String::from("timer 3600s"),
        format!("{}:{}", file!(), site + 2),
        format!("{}:{}", file!(), site),
    ];
    for part in expected {
        assert!(line.contains(&part), "{part} in {line}");
    }
    let record = snapshot.task(task.id()).unwrap();
    assert_eq!((record.polls, record.parent), (1, None));
    assert_eq!(snapshot.to_string(), text);
}

#[test]
fn time_in_polls_is_in_the_worlds_own_time() {
    let world = trill_world::VirtualWorld::new(1);
    world.run(|| {
        let ex = Executor::new();
        let clock = world.clone();
        let task = ex.spawn(async move {
            clock.advance(Duration::from_millis(250));
            pending::<()>().await;
        });
        ex.try_tick();
        let snapshot = Snapshot::of(&ex);
        let record = snapshot.task(task.id()).unwrap();
        assert_eq!(record.busy, Duration::from_millis(250));
        assert!(snapshot.table().to_string().contains("250.0ms"));
    });
}

#[test]
fn tree_puts_tasks_below_those_that_spawned_them() {
    let ex = Executor::new();
    let root = ex.builder().name("root").spawn(async {
        let first = spawn_with("first", async { spawn("below").await });
        let second = spawn("second");
        gather((first, second)).await;
    });
    let other = ex.builder().name("other").spawn(pending::<()>());
    settle(&ex);
    let text = Snapshot::of(&ex).tree().to_string();
    let names: Vec<_> = text
        .lines()
        .map(|line| {
            let depth = line.len() - line.trim_start().len();
            (depth, line.split('"').nth(1).unwrap())
        })
        .collect();
    let expected = [
        (0, "root"),
        (2, "first"),
        (4, "below"),
        (2, "second"),
        (0, "other"),
    ];
    assert_eq!(names, expected, "{text}");
    drop((root, other));
}

/// Two tasks that await each other.
fn cycle(ex: &Executor<'_>) -> [Task<()>; 2] {
    type Shared = Arc<Mutex<Option<Task<()>>>>;
    async fn await_it(shared: Shared) {
        poll_fn(|cx| Pin::new(shared.lock().unwrap().as_mut().unwrap()).poll(cx)).await;
    }
    let (first, second) = (Shared::default(), Shared::default());
    // What the runners of the cycle hold in their hands is not what they await.
    let a = ex.builder().name("a").spawn(await_it(second.clone()));
    let b = ex.builder().name("b").spawn(await_it(first.clone()));
    *first.lock().unwrap() = Some(a);
    *second.lock().unwrap() = Some(b);
    let end = |shared: Shared| {
        ex.builder().name("keeper").spawn(async move {
            pending::<()>().await;
            drop(shared);
        })
    };
    [end(first), end(second)]
}

// Next in line after behaviour 25: a cycle is printed, not followed.
#[test]
fn cycle_is_returned_and_printed_and_not_followed() {
    let ex = Executor::new();
    let keepers = cycle(&ex);
    settle(&ex);
    let snapshot = Snapshot::of(&ex);
    let (a, b) = (named(&snapshot, "a").id, named(&snapshot, "b").id);
    assert_eq!(snapshot.cycles(), [[Node::Task(a), Node::Task(b)]]);
    let text = snapshot.graph().to_string();
    let lines: Vec<_> = text.lines().collect();
    let at = lines
        .iter()
        .position(|line| line.contains("\"a\""))
        .unwrap();
    assert!(lines[at + 1].starts_with("  ") && lines[at + 1].contains("\"b\""));
    assert_eq!(
        lines[at + 2],
        format!("    task {a}, which is above: a cycle")
    );
    assert!(
        text.ends_with(&format!("cycle: task {a} -> task {b} -> task {a}\n")),
        "{text}"
    );
    drop(keepers);
}

#[test]
fn task_that_awaits_itself_is_a_cycle_of_one() {
    let ex = Executor::new();
    let own = Arc::new(Mutex::new(None::<Task<()>>));
    let shared = own.clone();
    let task = ex.spawn(poll_fn(move |cx| {
        Pin::new(shared.lock().unwrap().as_mut().unwrap()).poll(cx)
    }));
    let id = task.id();
    *own.lock().unwrap() = Some(task);
    settle(&ex);
    assert_eq!(Snapshot::of(&ex).cycles(), [[Node::Task(id)]]);
    // It owns itself, so nothing else would end it.
    let task = own.lock().unwrap().take();
    drop(task);
}

#[test]
fn cycle_through_locks_is_found_once_their_owners_are_known() {
    let locks = Arc::new([trill_sync::Mutex::new(()), trill_sync::Mutex::new(())]);
    let ex = Executor::new();
    let tasks = [0, 1].map(|first| {
        let locks = locks.clone();
        ex.spawn(async move {
            let _held = locks[first].lock().await;
            yield_now().await;
            drop(locks[1 - first].lock().await);
        })
    });
    settle(&ex);
    let mut snapshot = Snapshot::of(&ex);
    assert!(snapshot.cycles().is_empty());
    let ids = tasks.each_ref().map(Task::id);
    let lock_of = |id| {
        let edges = snapshot.edges();
        match edges.iter().find(|edge| edge.from == id).unwrap().to {
            Node::Lock(address) => address,
            other => panic!("{other} is no lock"),
        }
    };
    // Each waits for what the other has.
    let waited = ids.map(lock_of);
    snapshot.add_owner(waited[0], ids[1]);
    snapshot.add_owner(waited[1], ids[0]);
    let cycles = snapshot.cycles();
    assert_eq!(cycles.len(), 1);
    assert_eq!(cycles[0].len(), 4);
    assert!(snapshot.graph().to_string().contains("a cycle"));
}

#[test]
fn task_of_another_executor_is_awaited_across() {
    let (ex, local) = (Executor::new(), LocalExecutor::new());
    let child = ex.builder().name("child").spawn(pending::<()>());
    let child_id = child.id();
    let parent = local.builder().name("parent").spawn(child);
    while ex.try_tick() || local.try_tick() {}
    let edge = (parent.id(), Node::Task(child_id));
    let has_edge = |snapshot: &Snapshot| {
        let edges = snapshot.edges();
        edges.iter().any(|it| (it.from, it.to) == edge)
    };
    let snapshot = Snapshot::of_process();
    assert!(has_edge(&snapshot));
    // Each side alone knows the other's identity.
    assert!(has_edge(&Snapshot::of(&ex)));
    let there = Snapshot::of_local(&local);
    assert!(has_edge(&there));
    assert!(there.graph().to_string().contains("not listed"));
}

#[test]
fn ten_thousand_tasks_are_listed_and_a_long_chain_is_no_trouble() {
    let ex = Executor::new();
    let mut tasks: Vec<Task<()>> = (0..5_000).map(|_| ex.spawn(pending())).collect();
    let mut last: Task<()> = ex.spawn(pending());
    for _ in 1..5_000 {
        last = ex.spawn(last);
    }
    tasks.push(last);
    settle(&ex);
    let snapshot = Snapshot::of(&ex);
    assert_eq!(snapshot.tasks().len(), 10_000);
    assert_eq!((snapshot.edges().len(), snapshot.unpolled()), (4_999, 0));
    assert_eq!(snapshot.table().to_string().lines().count(), 10_001);
    assert_eq!(snapshot.tree().to_string().lines().count(), 10_000);
    let graph = snapshot.graph().to_string();
    assert_eq!(graph.lines().count(), 10_000);
    // Not the square of its length.
    assert!(graph.len() < 10_000 * 300);
    assert!(graph.contains("[depth 4999]"));
}

#[test]
fn snapshots_are_taken_while_tasks_come_and_go_on_other_threads() {
    let rounds = if cfg!(miri) { 4 } else { 300 };
    let ex = Executor::new();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|threads| {
        let watcher = || {
            let mut most = 0;
            while !is_over.load(Ordering::Relaxed) {
                let snapshot = Snapshot::of(&ex);
                for edge in snapshot.edges() {
                    assert_ne!(Node::Task(edge.from), edge.to);
                }
                assert!(snapshot.cycles().is_empty());
                most = most.max(snapshot.tasks().len());
                let text = snapshot.graph().to_string();
                assert!(text.lines().count() >= snapshot.tasks().len());
                std::thread::yield_now();
            }
            most
        };
        let watchers = [(); 2].map(|()| threads.spawn(watcher));
        let runner = || {
            trill_park::block_on(ex.run(async {
                for _ in 0..rounds {
                    let members = (0..10).map(|n| {
                        spawn_with("member", async move {
                            for _ in 0..n {
                                yield_now().await;
                            }
                        })
                    });
                    let all = spawn_with("all", gather(members.collect::<Vec<_>>()));
                    let stuck = spawn("stuck");
                    all.await;
                    drop(stuck);
                }
            }));
        };
        let runners = [(); 2].map(|()| threads.spawn(runner)).map(|it| it.join());
        is_over.store(true, Ordering::Relaxed);
        let most = watchers.map(|watcher| watcher.join().unwrap());
        assert!(runners.iter().all(Result::is_ok));
        assert!(cfg!(miri) || most.iter().any(|most| *most > 1));
    });
    settle(&ex);
    assert!(Snapshot::of(&ex).tasks().is_empty());
}

#[test]
fn dump_shows_tasks_of_all_threads_and_reports_a_writer_that_fails() {
    let ex = Executor::new();
    let task = ex
        .builder()
        .name("of another thread")
        .spawn(pending::<()>());
    settle(&ex);
    let text = std::thread::scope(|threads| {
        let other = threads.spawn(|| {
            let mut text = Vec::new();
            trill_inspect::print(&mut text).unwrap();
            String::from_utf8(text).unwrap()
        });
        other.join().unwrap()
    });
    // In the table and in the graph.
    assert_eq!(text.matches("\"of another thread\"").count(), 2, "{text}");
    let mut full: &mut [u8] = &mut [0; 8];
    assert!(trill_inspect::print(&mut full).is_err());
    drop(task);
}
