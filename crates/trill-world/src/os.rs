//! The operating system's arm of the door: the only place that asks it directly.
#![allow(clippy::disallowed_methods)] // This is the door.

use std::io;
use std::thread;
use std::time::{Instant, SystemTime};

use crate::simulate::Body;

/// The monotonic clock.
#[inline]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The wall clock.
pub(crate) fn system_time() -> SystemTime {
    SystemTime::now()
}

/// Starts a detached thread.
pub(crate) fn start_thread(name: String, body: Body) -> io::Result<()> {
    thread::Builder::new().name(name).spawn(body).map(drop)
}
