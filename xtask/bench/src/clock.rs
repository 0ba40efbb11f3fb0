//! Reads the operating system's clock for the measurements.
//!
//! The stopwatch stands outside what it measures, so it does not ask `trill-world`, whose clock a
//! measured runtime may replace.
#![allow(clippy::disallowed_methods)]

use std::time::{Duration, Instant};

/// A span of wall time that has begun.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    /// Starts a span now.
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }

    /// Nanoseconds since the start, shared by `items`.
    pub(crate) fn ns_per(self, items: usize) -> f64 {
        per(self.elapsed(), items)
    }
}

/// The present instant.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Nanoseconds of `span`, shared by `items`.
pub(crate) fn per(span: Duration, items: usize) -> f64 {
    span.as_nanos() as f64 / items as f64
}

/// Starts a plain thread of the harness, which belongs to no runtime.
///
/// # Errors
///
/// When the operating system has no thread left.
pub(crate) fn start_thread<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<std::thread::JoinHandle<T>> {
    std::thread::Builder::new().name(name.into()).spawn(body)
}
