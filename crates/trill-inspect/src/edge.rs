//! Who waits for what.

use std::fmt;
use std::panic::Location;

use trill_cell::TaskId;

/// What a task can wait for that others are behind.
///
/// # Examples
///
/// ```
/// let lock = trill_inspect::Node::Lock(0x1000);
/// assert_eq!(lock.to_string(), "lock 0x1000");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Node {
    /// A task that has not ended.
    Task(TaskId),
    /// A lock, by the lower 48 bits of its address.
    Lock(u64),
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Node::Task(id) => write!(f, "task {id}"),
            Node::Lock(address) => write!(f, "lock {address:#x}"),
        }
    }
}

/// A task waits for something.
///
/// # Examples
///
/// See [`Snapshot::edges`](crate::Snapshot::edges).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Edge {
    /// Who waits. Not in the snapshot if it belongs to an executor that was not looked at, or ended meanwhile.
    pub from: TaskId,
    /// For what.
    pub to: Node,
    /// The line of the await, if it was the last leaf of the task's last poll.
    pub at: Option<&'static Location<'static>>,
}
