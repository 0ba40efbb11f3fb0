//! Portals: calls between threads and tasks.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
