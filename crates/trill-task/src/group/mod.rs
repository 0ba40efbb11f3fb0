//! Tasks that run in parallel and end together.

mod build;
mod child;
pub(crate) mod child_error;
mod child_handle;
mod error;
mod failure;
mod handle;
pub(crate) mod holder;
pub(crate) mod outcome;
mod refused;
mod run;
mod set;
mod set_next;
mod spawn_when_free;
mod start;
mod state;

pub use build::{TaskGroup, group};
pub use child_error::ChildError;
pub use child_handle::{Child, ChildEnded};
pub use error::GroupError;
pub use failure::Failure;
pub use handle::Group;
pub use refused::{Refused, WhyRefused};
pub use run::RunGroup;
pub use set::{SetTask, TaskSet};
pub use set_next::{JoinNext, JoinNextWithId, Shutdown};
pub use spawn_when_free::SpawnWhenFree;
pub use start::{NotReady, Ready, Start, StartError};
