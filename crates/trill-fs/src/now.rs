//! Whether transfers are tried at once.

use std::sync::atomic::{AtomicBool, Ordering};

/// Switches the tries on or off, for tests and measurements of what comes after them.
#[doc(hidden)]
pub fn set_try_now(on: bool) {
    ON.store(on, Ordering::Relaxed);
}

/// Whether transfers are tried at once.
#[inline]
pub(crate) fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

static ON: AtomicBool = AtomicBool::new(true);

/// The most that is copied at once on a task's own thread: 256 KiB take some 20 µs.
pub(crate) const NOW_MAX: usize = 256 << 10;

/// Stands for the file's own position.
pub(crate) const OWN_POSITION: u64 = u64::MAX;
