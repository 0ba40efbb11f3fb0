//! Servers that end gracefully, and buffered connections.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
