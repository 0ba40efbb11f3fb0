//! What hyper asks of a runtime, on this crate's sockets and timers and any executor.

mod executor;
mod io;
mod timer;

pub use executor::HyperExecutor;
pub use timer::{HyperSleep, HyperTimer};
