//! Limits: how many at a time, how many in a period, how often again.
//!
//! # The smallest program
//!
//! ```
//! use std::time::Duration;
//! use trill_limit::{CapacityLimiter, RateLimiter, Retry};
//!
//! static AT_ONCE: CapacityLimiter = CapacityLimiter::new(8);
//! static RATE: RateLimiter = RateLimiter::new(100, Duration::from_secs(1)).burst(10);
//!
//! async fn fetch(_page: &str) -> Result<String, std::io::Error> {
//!     Ok("text".to_string())
//! }
//!
//! async fn fetch_politely(page: &str) -> Result<String, Box<dyn std::error::Error>> {
//!     let _token = AT_ONCE.acquire().await?;
//!     let retry = Retry::new(Duration::from_millis(100));
//!     let text = retry.run(async || {
//!         RATE.acquire(1).await.map_err(std::io::Error::other)?;
//!         fetch(page).await
//!     });
//!     Ok(text.await?)
//! }
//!
//! assert_eq!(trill_park::block_on(fetch_politely("index")).unwrap(), "text");
//! ```
//!
//! # How it works
//!
//! * [`CapacityLimiter`] lends tokens that belong to a [`Borrower`], by default the current task. Nobody can have two, the
//!   total can change at any time, and tokens go to those who came first.
//! * [`RateLimiter`] is the generic cell rate algorithm: one number that says how far ahead of an even pace the permits are,
//!   in a unit in which nothing is ever rounded. Only the first in line has a timer.
//! * [`Retry`] is a policy: attempts, delays with [`Jitter`], time limits, and functions that judge errors.
//! * Time and chance come from the current world, so under a virtual clock everything repeats to the nanosecond. Chance is the
//!   stream `limit.retry`.
//!
//! # Why the back-off is written here
//!
//! A dozen lines of arithmetic were looked for in well-kept crates. `backon` (1.6, Apache-2.0, MSRV 1.85, one dependency) is the
//! best of them, but draws its jitter from a generator of its own, which can be seeded and not replaced, so a run in a simulated
//! world would not draw from that world; and its jitter only adds to the step, without full, equal or decorrelated kinds.
//! `backoff` is unmaintained (RUSTSEC-2025-0012), and `retry-policies` brings `rand`.
//!
//! # What it does not do
//!
//! Limits hold in one process: a limit that several share needs a place they share. It does not queue work, and no limiter
//! cancels what has begun; `trill-task` bounds the width of groups.

mod capacity;
mod leaf;
mod rate;
mod retry;

pub use capacity::{
    AcquireCapacity, AlreadyBorrowed, Borrower, CapacityLimiter, CapacityStatistics, CapacityToken,
    OnBehalfOf, TryAcquireCapacityError,
};
pub use rate::{AcquireRate, BurstExceeded, RateLimiter, TryAcquireRateError};
pub use retry::{Delays, GaveUp, Hint, Hook, Jitter, Retried, Retry, RetryError, Retrying, Worth};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
