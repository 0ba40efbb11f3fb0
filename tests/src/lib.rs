//! The harness shared by the tests of this package.

mod server;

pub use server::{Server, exchange};

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
