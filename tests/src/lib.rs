//! The harness shared by the tests of this package.

mod server;

pub use server::{Server, exchange};
