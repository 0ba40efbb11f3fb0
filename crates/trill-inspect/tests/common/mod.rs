//! What several tests need.
#![allow(dead_code)] // Each test file uses a part of it.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::future::{Future, pending};

use trill_cell::Spawned;
use trill_executor::{Executor, Task, ambient};
use trill_inspect::{Record, Snapshot};

/// Runs an executor until nothing is ready.
pub(crate) fn settle(ex: &Executor<'_>) {
    while ex.try_tick() {}
}

/// Spawns a task that waits for ever where this is called.
#[track_caller]
pub(crate) fn spawn(name: &str) -> Task<()> {
    spawn_with(name, pending())
}

/// Spawns a task with a name where this is called.
#[track_caller]
pub(crate) fn spawn_with<F>(name: &str, future: F) -> Task<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    ambient::spawn_as(future, Spawned::here().named(name))
        .ok()
        .unwrap()
}

/// The task with this name.
#[track_caller]
pub(crate) fn named<'a>(snapshot: &'a Snapshot, name: &str) -> &'a Record {
    let mut tasks = snapshot.tasks().iter();
    tasks
        .find(|task| task.name.as_deref() == Some(name))
        .unwrap_or_else(|| panic!("no {name} in\n{snapshot}"))
}
