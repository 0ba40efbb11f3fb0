//! The executor that belongs to one thread.

#![cfg_attr(not(loom), allow(unreachable_pub))] // Public for the models only.

mod executor;
mod run;
mod schedule;
mod state;

pub use executor::LocalExecutor;
pub use run::{LocalRun, LocalTick};
#[cfg_attr(not(loom), allow(unused_imports))]
pub use state::LocalState;
