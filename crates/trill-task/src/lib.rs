//! Structured concurrency: scopes, groups, cancel tokens, task-locals, waiting for many.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
