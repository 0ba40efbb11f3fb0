//! Structured concurrency: scopes, groups, cancel tokens, task-locals, waiting for many.

pub mod many;

pub use many::{
    TaskHandle, Until, as_completed, gather, join_all, map_concurrent, race, try_gather,
    try_join_all, try_map_concurrent, wait,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
