//! Tasks below those that await them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::edge::Node;
use crate::rows;
use crate::snapshot::Snapshot;
use crate::tree::Line;

/// The text of the await graph; made by [`Snapshot::graph`].
///
/// # Examples
///
/// See [`Snapshot::graph`].
#[derive(Clone, Copy, Debug)]
pub struct Graph<'a>(&'a Snapshot);

impl<'a> Graph<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot) -> Graph<'a> {
        Graph(snapshot)
    }

    fn line(&self, node: Node, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match node {
            Node::Task(id) => match self.0.task(id) {
                Some(task) => write!(f, "{}", Line(task)),
                // Of another executor, not polled yet, or it has ended since.
                None => write!(f, "{node}, not listed"),
            },
            Node::Lock(_) => write!(f, "{node}"),
        }
    }
}

impl fmt::Display for Graph<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let targets = self.0.targets();
        let awaited: BTreeSet<Node> = targets.values().flatten().copied().collect();
        let tasks = self.0.tasks().iter().map(|task| Node::Task(task.id));
        let mut all: BTreeSet<Node> = tasks.collect();
        all.extend(targets.keys());
        // First what nobody awaits, so that everything else hangs below something; then what is only in cycles.
        let (roots, others): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|node| !awaited.contains(node));
        let mut shown = BTreeSet::new();
        for root in roots.into_iter().chain(others) {
            if !shown.contains(&root) {
                self.show(root, &targets, &mut shown, f)?;
            }
        }
        for cycle in self.0.cycles() {
            f.write_str("cycle: ")?;
            for node in &cycle {
                write!(f, "{node} -> ")?;
            }
            writeln!(f, "{}", cycle[0])?;
        }
        rows::unpolled(self.0.unpolled(), f)
    }
}

impl Graph<'_> {
    /// Writes a node and, once, what hangs below it.
    fn show(
        &self,
        root: Node,
        targets: &BTreeMap<Node, Vec<Node>>,
        shown: &mut BTreeSet<Node>,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        // Steps still to do, the next one at the end.
        let mut left = vec![Step::Enter(root, 0)];
        let mut way = BTreeSet::new();
        while let Some(step) = left.pop() {
            let (node, depth) = match step {
                Step::Enter(node, depth) => (node, depth),
                Step::Leave(node) => {
                    way.remove(&node);
                    continue;
                }
            };
            rows::indent(f, depth)?;
            if way.contains(&node) {
                writeln!(f, "{node}, which is above: a cycle")?;
                continue;
            }
            let below = targets.get(&node).map_or(&[][..], Vec::as_slice);
            if !shown.insert(node) {
                let more = if below.is_empty() {
                    ""
                } else {
                    ", shown before"
                };
                writeln!(f, "{node}{more}")?;
                continue;
            }
            self.line(node, f)?;
            f.write_str("\n")?;
            way.insert(node);
            left.push(Step::Leave(node));
            let enter = |node: &Node| Step::Enter(*node, depth + 1);
            left.extend(below.iter().rev().map(enter));
        }
        Ok(())
    }
}

enum Step {
    Enter(Node, usize),
    Leave(Node),
}
