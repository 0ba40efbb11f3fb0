//! Tells which tasks had not ended when their runtime was dropped.

use std::cell::RefCell;
use std::panic::Location;
use std::sync::{Arc, Once};

use trill_cell::{Ended, Header, Observer, TaskId, Unhandled, What, observe};

use super::shared::Shared;
use super::teardown::report_in;

thread_local! {
    /// The tasks that were dropped on this thread while it ends a runtime.
    static DROPPED: RefCell<Option<Vec<Dropped>>> = const { RefCell::new(None) };
}

struct Dropped {
    task: TaskId,
    name: Option<String>,
    site: Option<&'static Location<'static>>,
}

/// Collects the tasks that are dropped on this thread from now on; dropping what is returned tells of them.
pub(super) fn names(shared: Arc<Shared>) -> Names {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        observe(&Watching);
    });
    DROPPED.set(Some(Vec::new()));
    Names(shared)
}

/// From [`names`].
pub(super) struct Names(Arc<Shared>);

impl Drop for Names {
    fn drop(&mut self) {
        let dropped = DROPPED.take().unwrap_or_default();
        for task in dropped.iter().take(NAMED_MAX) {
            let message = "its runtime was dropped";
            let mut failure = Unhandled::new(What::Unfinished, &message).task(task.task);
            failure.name = task.name.as_deref();
            failure.site = task.site;
            report_in(&self.0, &failure);
        }
        if dropped.len() > NAMED_MAX {
            let message = format!("and {} more tasks", dropped.len() - NAMED_MAX);
            report_in(&self.0, &Unhandled::new(What::Unfinished, &message));
        }
    }
}

struct Watching;

impl Observer for Watching {
    fn ended(&self, task: &Header, how: Ended<'_>) {
        if !matches!(how, Ended::Dropped) {
            return;
        }
        DROPPED.with_borrow_mut(|dropped| {
            if let Some(dropped) = dropped {
                dropped.push(Dropped {
                    task: task.id(),
                    name: task.name().map(str::to_owned),
                    site: task.site(),
                });
            }
        });
    }
}

/// How many tasks are named one by one.
const NAMED_MAX: usize = 10;
