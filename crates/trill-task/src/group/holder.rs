//! What a task keeps open: the group that it is a child or the body of.
//!
//! A future that runs a group may be dropped, and its children end a little later, on their executor. If that group was
//! run by a child of another one, the outer group must not end before. So each child of the inner one holds the outer
//! child's place, too. It finds it as a task-local, which only that task carries.

use std::any::Any;
use std::sync::{Arc, Weak};

use crate::local::TaskLocal;

/// Keeps a group open as long as it lives.
pub(crate) type Hold = Arc<dyn Any + Send + Sync>;

/// Where the current task's [`Hold`] is found. Weak: the task must not keep its group open after its end.
pub(crate) type Holder = Weak<dyn Any + Send + Sync>;

pub(crate) static HOLDER: TaskLocal<Holder> = TaskLocal::new();

/// What the current task keeps open.
pub(crate) fn current() -> Option<Holder> {
    HOLDER.get()
}

/// Sets what the current task keeps open.
pub(crate) fn set(holder: Holder) {
    HOLDER.set(holder);
}
