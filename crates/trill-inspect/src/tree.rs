//! Tasks below those that spawned them.

use std::collections::BTreeMap;
use std::fmt;

use trill_cell::TaskId;

use crate::record::{Named, Place, Record, Waits};
use crate::rows;
use crate::snapshot::Snapshot;

/// The text of a tree by parent; made by [`Snapshot::tree`].
///
/// A task whose parent has ended, or was not looked at, stands at the left.
///
/// # Examples
///
/// See [`Snapshot::tree`].
#[derive(Clone, Copy, Debug)]
pub struct Tree<'a>(&'a Snapshot);

impl<'a> Tree<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot) -> Tree<'a> {
        Tree(snapshot)
    }
}

impl fmt::Display for Tree<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut children = BTreeMap::<Option<TaskId>, Vec<&Record>>::new();
        for task in self.0.tasks() {
            let parent = task.parent.filter(|parent| self.0.task(*parent).is_some());
            children.entry(parent).or_default().push(task);
        }
        // The next one is at the end.
        let below = |parent: Option<TaskId>, depth: usize| {
            let tasks = children.get(&parent).into_iter().flatten().rev();
            tasks.map(move |task| (*task, depth))
        };
        let mut left: Vec<_> = below(None, 0).collect();
        while let Some((task, depth)) = left.pop() {
            rows::indent(f, depth)?;
            writeln!(f, "{}", Line(task))?;
            left.extend(below(Some(task.id), depth + 1));
        }
        rows::unpolled(self.0.unpolled(), f)
    }
}

/// One task in a tree or a graph.
pub(crate) struct Line<'a>(pub(crate) &'a Record);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let task = self.0;
        Named(task).fmt(f)?;
        if let Some(wait) = &task.wait {
            write!(f, " waits for {}", Waits(task))?;
            if wait.location.is_some() {
                write!(f, " at {}", Place(wait.location))?;
            }
        }
        if !task.is_waiting {
            f.write_str(", ready")?;
        }
        match task.site {
            Some(site) => write!(f, " (spawned at {})", Place(Some(site))),
            None => Ok(()),
        }
    }
}
