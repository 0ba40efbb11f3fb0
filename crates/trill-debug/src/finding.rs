//! What debug mode has found.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use trill_cell::{Header, TaskId, Wait, What};

/// A mistake that debug mode has found.
///
/// Its text is one line that names the task and the place.
///
/// # Examples
///
/// See the [crate's page](crate).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Finding {
    /// A poll of a task kept its thread for long.
    #[non_exhaustive]
    SlowPoll {
        /// The task.
        task: TaskInfo,
        /// How long the poll took.
        took: Duration,
    },
    /// A thread that polls a future was blocked by a call.
    #[non_exhaustive]
    BlockingCall {
        /// The task that is polled; `None` in the future of a `block_on`.
        task: Option<TaskInfo>,
        /// Where the call is.
        at: &'static Location<'static>,
    },
    /// A lock was held across a long await.
    #[non_exhaustive]
    LockHeld {
        /// The task that took it, as it was then.
        task: TaskInfo,
        /// Where it was awaited.
        at: &'static Location<'static>,
        /// For how long until now, since the first poll of the task that returned `Pending` meanwhile.
        held: Duration,
        /// Whether it is still held.
        still: bool,
    },
    /// A task was dropped before it ended because its runtime shuts down.
    #[non_exhaustive]
    DroppedUnfinished {
        /// The task, and what it waited for.
        task: TaskInfo,
    },
    /// Something failed, and nobody can receive it.
    #[non_exhaustive]
    Unhandled {
        /// What kind of failure it is.
        what: What,
        /// The whole report.
        message: String,
    },
    /// Something that belongs to one thread was used on another one.
    #[non_exhaustive]
    WrongThread {
        /// What it is, as [`HomeThread::here`](crate::HomeThread::here) was told.
        what: &'static str,
        /// Where it got its home.
        made_at: &'static Location<'static>,
        /// Where it was used.
        at: &'static Location<'static>,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::SlowPoll { task, took } => write!(
                f,
                "a poll of {task} took {took:.1?}: give way in between, or move the work to a thread"
            ),
            Finding::BlockingCall { task, at } => {
                let who: &dyn fmt::Display = match task {
                    Some(task) => task,
                    None => &"the future of a `block_on`",
                };
                write!(
                    f,
                    "{who} blocks its thread at {at}: `.await` instead, or move the work to a thread"
                )
            }
            Finding::LockHeld {
                task,
                at,
                held,
                still,
            } => {
                let verb = if *still { "holds" } else { "held" };
                write!(
                    f,
                    "{task} {verb} the lock that it took at {at} across an await, for {held:.1?}"
                )
            }
            Finding::DroppedUnfinished { task } => {
                write!(f, "{task} was dropped unfinished at shutdown")?;
                if let Some(wait) = &task.wait {
                    write!(f, ", waiting for {}", wait.kind)?;
                    if let Some(location) = wait.location {
                        write!(f, " at {location}")?;
                    }
                }
                Ok(())
            }
            Finding::Unhandled { message, .. } => f.write_str(message),
            Finding::WrongThread { what, made_at, at } => write!(
                f,
                "{what}, which belongs to the thread that made it at {made_at}, is used on another one at {at}"
            ),
        }
    }
}

/// A task, as it was when something was found.
///
/// # Examples
///
/// ```
/// use trill_cell::{Header, Spawned};
/// use trill_debug::TaskInfo;
///
/// let header = Header::new(Spawned::here().named("reader"));
/// let task = TaskInfo::of(&header);
/// assert_eq!(task.id, header.id());
/// # if cfg!(feature = "insight") {
/// assert!(task.to_string().contains("\"reader\""));
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TaskInfo {
    /// Its identity.
    pub id: TaskId,
    /// Its name, if it has one.
    pub name: Option<Box<str>>,
    /// Where it was spawned.
    pub site: Option<&'static Location<'static>>,
    /// What it waited for, if it did.
    pub wait: Option<Wait>,
}

impl TaskInfo {
    /// Copies what a header tells.
    ///
    /// # Examples
    ///
    /// See [`TaskInfo`].
    pub fn of(task: &Header) -> TaskInfo {
        TaskInfo {
            id: task.id(),
            name: task.name().map(Box::from),
            site: task.site(),
            wait: task.wait(),
        }
    }
}

impl fmt::Display for TaskInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}", self.id)?;
        if let Some(name) = &self.name {
            write!(f, " {name:?}")?;
        }
        if let Some(site) = self.site {
            write!(f, " ({site})")?;
        }
        Ok(())
    }
}
