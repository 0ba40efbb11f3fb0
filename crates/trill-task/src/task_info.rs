//! What the running task knows of itself.

use std::panic::Location;

use trill_cell::{Header, TaskId};

/// Returns what is known of the task that is being polled on this thread, or `None` outside any.
///
/// # Examples
///
/// ```
/// let ex = trill_executor::Executor::new();
/// let task = ex.builder().name("reader").spawn(async { trill_task::current() });
/// let id = task.id();
/// let known = trill_park::block_on(ex.run(task)).unwrap();
/// assert_eq!(known.id, id);
/// # if cfg!(feature = "insight") {
/// assert_eq!(known.name.as_deref(), Some("reader"));
/// assert_eq!(known.site.unwrap().file(), file!());
/// # }
/// assert!(trill_task::current().is_none());
/// ```
pub fn current() -> Option<TaskInfo> {
    trill_cell::current(TaskInfo::of)
}

/// What is known of a task; see [`current`].
///
/// # Examples
///
/// See [`current`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskInfo {
    /// Its identity, unique in the process.
    pub id: TaskId,
    /// Its name, if it was given one. `None` without the feature `insight`.
    pub name: Option<String>,
    /// Where it was spawned. `None` without the feature `insight`.
    pub site: Option<&'static Location<'static>>,
    /// The task that spawned it, if a task did. `None` without the feature `insight`.
    pub parent: Option<TaskId>,
}

impl TaskInfo {
    fn of(header: &Header) -> TaskInfo {
        TaskInfo {
            id: header.id(),
            name: header.name().map(str::to_string),
            site: header.site(),
            parent: header.parent(),
        }
    }
}
