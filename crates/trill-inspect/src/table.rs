//! Tasks as a table.

use std::fmt;

use crate::record::{Place, Record, Waits};
use crate::rows;
use crate::snapshot::Snapshot;

/// The text of a table, one task a line; made by [`Snapshot::table`].
///
/// # Examples
///
/// ```
/// use trill_executor::Executor;
/// use trill_inspect::Snapshot;
///
/// let ex = Executor::new();
/// let task = ex.builder().name("reader").spawn(std::future::pending::<()>());
/// ex.try_tick();
/// let text = Snapshot::of(&ex).table().to_string();
/// assert!(text.starts_with("TASK"));
/// assert_eq!(text.lines().count(), 2);
/// # drop(task);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Table<'a>(&'a Snapshot);

impl<'a> Table<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot) -> Table<'a> {
        Table(snapshot)
    }
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = [
            "TASK",
            "NAME",
            "STATE",
            "POLLS",
            "BUSY",
            "PARENT",
            "AWAITED BY",
            "WAITS FOR",
            "AT",
            "SPAWNED AT",
        ];
        let mut rows = vec![head.map(String::from).to_vec()];
        rows.extend(self.0.tasks().iter().map(cells));
        rows::columns(&rows, f)?;
        rows::unpolled(self.0.unpolled(), f)
    }
}

fn cells(task: &Record) -> Vec<String> {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| String::from("-"));
    let awaited_by: Vec<_> = task.awaited_by.iter().map(ToString::to_string).collect();
    vec![
        task.id.to_string(),
        or_dash(task.name.as_deref().map(|name| format!("{name:?}"))),
        String::from(if task.is_waiting { "waits" } else { "ready" }),
        task.polls.to_string(),
        format!("{:.1?}", task.busy),
        or_dash(task.parent.map(|parent| parent.to_string())),
        or_dash((!awaited_by.is_empty()).then(|| awaited_by.join(","))),
        Waits(task).to_string(),
        Place(task.wait.and_then(|wait| wait.location)).to_string(),
        Place(task.site).to_string(),
    ]
}
