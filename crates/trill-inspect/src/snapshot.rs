//! All tasks, as they were when they were looked at.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use trill_cell::{Kind, TaskId, each_listed};
use trill_executor::{Executor, LocalExecutor, TaskRef, ambient, each_task, task_count};

use crate::cycles;
use crate::edge::{Edge, Node};
use crate::graph::Graph;
use crate::record::Record;
use crate::table::Table;
use crate::tree::Tree;

/// All tasks of one executor or of the process, as they were when they were looked at.
///
/// Others run on meanwhile, so it is of no single instant: a task may be shown as awaiting one that ended a moment before.
/// Its text is that of [`table`](Snapshot::table).
///
/// # Examples
///
/// See the [crate's page](crate).
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Ascending by identity.
    tasks: Vec<Record>,
    unpolled: usize,
    owners: BTreeMap<u64, TaskId>,
}

impl Snapshot {
    /// Looks at the tasks of an executor, from any thread, and at the children of scopes that these run.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_executor::Executor;
    /// use trill_inspect::Snapshot;
    ///
    /// let ex = Executor::new();
    /// let waits = ex.spawn(std::future::pending::<()>());
    /// ex.try_tick();
    /// let fresh = ex.spawn(async {});
    /// let snapshot = Snapshot::of(&ex);
    /// assert_eq!(snapshot.tasks()[0].id, waits.id());
    /// assert_eq!((snapshot.tasks().len(), snapshot.unpolled()), (1, 1));
    /// # drop(fresh);
    /// ```
    pub fn of(executor: &Executor<'_>) -> Snapshot {
        taken(
            |visit| executor.each_task(visit),
            || executor.task_count(),
            Children::OfThese,
        )
    }

    /// Looks at the tasks of an executor of this thread, and at the children of scopes that these run.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_executor::LocalExecutor;
    /// use trill_inspect::Snapshot;
    ///
    /// let ex = LocalExecutor::new();
    /// let waits = ex.spawn(std::future::pending::<()>());
    /// ex.try_tick();
    /// assert_eq!(Snapshot::of_local(&ex).tasks()[0].id, waits.id());
    /// ```
    pub fn of_local(executor: &LocalExecutor<'_>) -> Snapshot {
        taken(
            |visit| executor.each_task(visit),
            || executor.task_count(),
            Children::OfThese,
        )
    }

    /// Looks at the tasks of the executor that polls on this thread, else of the runtime that this thread works for, and
    /// at the children of scopes that these run.
    ///
    /// `None` if there is neither. Tasks that were never polled are not counted.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_executor::Executor;
    /// use trill_inspect::Snapshot;
    ///
    /// let ex = Executor::new();
    /// let waits = ex.spawn(std::future::pending::<()>());
    /// trill_park::block_on(ex.run(async {
    ///     trill_executor::yield_now().await;
    ///     assert!(Snapshot::current().unwrap().task(waits.id()).is_some());
    /// }));
    /// assert!(Snapshot::current().is_none());
    /// ```
    pub fn current() -> Option<Snapshot> {
        let mut is_found = false;
        let snapshot = taken(
            |visit| is_found = ambient::each_task(visit),
            || 0,
            Children::OfThese,
        );
        is_found.then_some(snapshot)
    }

    /// Looks at all tasks of all executors in the process, from any thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_executor::LocalExecutor;
    /// use trill_inspect::Snapshot;
    ///
    /// let ex = LocalExecutor::new();
    /// let task = ex.spawn(std::future::pending::<()>());
    /// ex.try_tick();
    /// assert!(Snapshot::of_process().task(task.id()).is_some());
    /// ```
    pub fn of_process() -> Snapshot {
        taken(|visit| each_task(visit), task_count, Children::All)
    }

    /// Returns the tasks, ascending by identity.
    ///
    /// # Examples
    ///
    /// See [`Snapshot::of`].
    pub fn tasks(&self) -> &[Record] {
        &self.tasks
    }

    /// Returns the task with this identity, if it was seen.
    ///
    /// # Examples
    ///
    /// See [`Record`].
    pub fn task(&self, id: TaskId) -> Option<&Record> {
        self.position(id).map(|index| &self.tasks[index])
    }

    /// Returns how many tasks wait in queues for their first poll; an estimate while others run.
    ///
    /// # Examples
    ///
    /// See [`Snapshot::of`].
    pub fn unpolled(&self) -> usize {
        self.unpolled
    }

    /// Says which task owns a lock, by the lock's address; then edges go on from the lock to that task.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_executor::Executor;
    /// use trill_inspect::Snapshot;
    /// use trill_sync::Mutex;
    ///
    /// let mutex = Mutex::new(());
    /// let ex = Executor::new();
    /// let task = ex.spawn(async {
    ///     let _guard = mutex.lock().await;
    ///     mutex.lock().await; // waits for itself
    /// });
    /// ex.try_tick();
    /// let mut snapshot = Snapshot::of(&ex);
    /// snapshot.add_owner(std::ptr::from_ref(&mutex).addr() as u64, task.id());
    /// # if cfg!(feature = "insight") {
    /// assert_eq!(snapshot.cycles()[0].len(), 2);
    /// # }
    /// ```
    pub fn add_owner(&mut self, lock: u64, owner: TaskId) {
        self.owners.insert(lock & ADDRESS_MASK, owner);
    }

    /// Returns the task that owns a lock, if that was [said](Snapshot::add_owner).
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_cell::TaskId;
    /// use trill_inspect::Snapshot;
    ///
    /// let (mut snapshot, task) = (Snapshot::of_process(), TaskId::next());
    /// snapshot.add_owner(0x1000, task);
    /// assert_eq!(snapshot.owner(0x1000), Some(task));
    /// ```
    pub fn owner(&self, lock: u64) -> Option<TaskId> {
        self.owners.get(&(lock & ADDRESS_MASK)).copied()
    }

    /// Returns who waits for which task or lock, ascending by who waits and for what.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_executor::Executor;
    /// use trill_inspect::{Node, Snapshot};
    ///
    /// let ex = Executor::new();
    /// let child = ex.spawn(std::future::pending::<()>());
    /// let child_id = child.id();
    /// let parent = ex.spawn(child);
    /// while ex.try_tick() {}
    /// let edges = Snapshot::of(&ex).edges();
    /// assert_eq!((edges[0].from, edges[0].to), (parent.id(), Node::Task(child_id)));
    /// ```
    pub fn edges(&self) -> Vec<Edge> {
        let mut edges = BTreeMap::new();
        for task in &self.tasks {
            for &from in &task.awaited_by {
                edges.insert((from, Node::Task(task.id)), None);
            }
        }
        for task in &self.tasks {
            let Some(wait) = &task.wait else { continue };
            let to = match wait.kind {
                Kind::Task => task.awaits().map(Node::Task),
                Kind::Lock => Some(Node::Lock(wait.value)),
                _ => None,
            };
            if let Some(to) = to {
                edges.insert((task.id, to), wait.location);
            }
        }
        let edges = edges.into_iter();
        edges
            .map(|((from, to), at)| Edge { from, to, at })
            .collect()
    }

    /// Returns cycles of tasks and locks that wait for each other: a shortest one of each set of nodes of which each waits
    /// for every other.
    ///
    /// Each begins with its smallest node. A cycle is a deadlock if none of its tasks waits for anything else that may come
    /// first, as a time limit.
    ///
    /// # Examples
    ///
    /// See [`Snapshot::add_owner`].
    pub fn cycles(&self) -> Vec<Vec<Node>> {
        cycles::find(&self.targets())
    }

    /// Returns the text of a table, one task a line, as `ps` prints it.
    ///
    /// # Examples
    ///
    /// See the [crate's page](crate).
    pub fn table(&self) -> Table<'_> {
        Table::new(self)
    }

    /// Returns the text of a tree: below each task those that it spawned.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_cell::Spawned;
    /// use trill_executor::{Executor, ambient};
    /// use trill_inspect::Snapshot;
    ///
    /// let ex = Executor::new();
    /// let parent = ex.builder().name("parent").spawn(async {
    ///     let child = Spawned::here().named("child");
    ///     ambient::spawn_as(std::future::pending::<()>(), child).ok().unwrap().await
    /// });
    /// while ex.try_tick() {}
    /// let text = Snapshot::of(&ex).tree().to_string();
    /// # if cfg!(feature = "insight") {
    /// let lines: Vec<_> = text.lines().collect();
    /// assert!(lines[0].starts_with(&format!("task {} \"parent\"", parent.id())), "{text}");
    /// assert!(lines[1].starts_with("  task ") && lines[1].contains("\"child\""), "{text}");
    /// # }
    /// ```
    pub fn tree(&self) -> Tree<'_> {
        Tree::new(self)
    }

    /// Returns the text of the await graph: below each task those that it awaits.
    ///
    /// What is awaited by several is followed once. A cycle is printed and not followed.
    ///
    /// # Examples
    ///
    /// See the [crate's page](crate).
    pub fn graph(&self) -> Graph<'_> {
        Graph::new(self)
    }

    /// What each node waits for.
    pub(crate) fn targets(&self) -> BTreeMap<Node, Vec<Node>> {
        let mut targets = BTreeMap::<Node, Vec<Node>>::new();
        for edge in self.edges() {
            targets
                .entry(Node::Task(edge.from))
                .or_default()
                .push(edge.to);
            if let Node::Lock(address) = edge.to {
                let owner = self.owner(address).map(Node::Task);
                targets
                    .entry(edge.to)
                    .or_insert_with(|| owner.into_iter().collect());
            }
        }
        targets
    }

    fn position(&self, id: TaskId) -> Option<usize> {
        self.tasks.binary_search_by_key(&id, |task| task.id).ok()
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table().fmt(f)
    }
}

/// Which children of scopes a snapshot shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Children {
    /// Those of the tasks that it shows.
    OfThese,
    All,
}

/// Takes a snapshot; `count` tells how many tasks there are, with those that were never polled.
fn taken(
    each: impl FnOnce(&mut dyn FnMut(&TaskRef<'_>)),
    count: impl FnOnce() -> usize,
    children: Children,
) -> Snapshot {
    /// Two that look at the same task would leave it out.
    static ONE: Mutex<()> = Mutex::new(());
    let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut tasks = Vec::new();
    each(&mut |task| {
        let header = task.header();
        let awaiters = [task.awaiter(), header.noted_awaiter()];
        tasks.push(Record::new(header, task.is_waiting(), &awaiters));
    });
    let unpolled = count().saturating_sub(tasks.len());
    let mut found = Vec::new();
    each_listed(|header, runner| {
        let awaiters = [runner, header.noted_awaiter()];
        found.push((runner, Record::new(header, true, &awaiters)));
    });
    drop(one);
    match children {
        Children::All => tasks.extend(found.into_iter().map(|(_, record)| record)),
        Children::OfThese => add_children(&mut tasks, found),
    }
    tasks.sort_unstable_by_key(|task| task.id);
    Snapshot {
        tasks,
        unpolled,
        owners: BTreeMap::new(),
    }
}

/// Adds the children of scopes that these tasks run, and the children of those.
fn add_children(tasks: &mut Vec<Record>, found: Vec<(Option<TaskId>, Record)>) {
    let mut by_runner = BTreeMap::<TaskId, Vec<Record>>::new();
    for (runner, record) in found {
        if let Some(runner) = runner {
            by_runner.entry(runner).or_default().push(record);
        }
    }
    let mut next = 0;
    while next < tasks.len() {
        tasks.extend(by_runner.remove(&tasks[next].id).unwrap_or_default());
        next += 1;
    }
}

/// What is kept of an address, see [`Kind::Lock`].
const ADDRESS_MASK: u64 = (1 << 48) - 1;
