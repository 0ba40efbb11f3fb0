//! Callbacks on an executor: soon, later, at a deadline, when a descriptor is ready.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
