//! Limits: capacity by borrower, rate, retry with back-off and jitter.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
