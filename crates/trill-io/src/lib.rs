//! Buffered streams with limits and flow control over futures-io.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
