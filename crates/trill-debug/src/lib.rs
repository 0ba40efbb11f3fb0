//! Debug mode: slow polls, lost failures, blocking calls, locks held for long.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
