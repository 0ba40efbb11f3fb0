//! What time it is, in the current world.

use std::time::{Instant, SystemTime};

use crate::os;
use crate::world::simulation;

/// Returns the current instant of the monotonic clock.
///
/// On the operating system this is [`Instant::now`], about 25 ns.
///
/// # Examples
///
/// ```
/// let start = trill_world::now();
/// assert!(trill_world::now() >= start);
/// ```
#[inline]
pub fn now() -> Instant {
    match simulation() {
        None => os::now(),
        Some(simulation) => simulation.now(),
    }
}

/// Returns the time of day, which may jump.
///
/// # Examples
///
/// ```
/// assert!(trill_world::system_time() > std::time::UNIX_EPOCH);
/// ```
pub fn system_time() -> SystemTime {
    match simulation() {
        None => os::system_time(),
        Some(simulation) => simulation.system_time(),
    }
}

/// Returns a count that grows with time, read in a few nanoseconds, for measuring short stretches.
///
/// On x86-64 it is the processor's time stamp counter, elsewhere nanoseconds.
/// A simulated world always counts nanoseconds of its own clock.
/// Only differences mean something, and only on one machine.
///
/// # Examples
///
/// ```
/// let before = trill_world::ticks();
/// let spent = trill_world::ticks().wrapping_sub(before);
/// assert!(spent < u64::MAX / 2);
/// ```
#[inline]
pub fn ticks() -> u64 {
    match simulation() {
        None => counter::read(),
        Some(simulation) => {
            let since = simulation
                .now()
                .saturating_duration_since(simulation.origin());
            u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
        }
    }
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
mod counter {
    #![allow(unsafe_code)] // Reading the counter is an intrinsic that is marked unsafe.

    /// Reads the time stamp counter.
    #[inline]
    pub(super) fn read() -> u64 {
        // SAFETY: every x86-64 processor has RDTSC, and it touches no memory. The processor upholds this; the
        // test `ticks_grow` would fail on one that traps.
        unsafe { std::arch::x86_64::_rdtsc() }
    }
}

#[cfg(not(all(target_arch = "x86_64", not(miri))))]
mod counter {
    use std::sync::OnceLock;
    use std::time::Instant;

    use crate::os;

    /// Counts nanoseconds since the first call.
    pub(super) fn read() -> u64 {
        static ORIGIN: OnceLock<Instant> = OnceLock::new();
        let since = os::now().saturating_duration_since(*ORIGIN.get_or_init(os::now));
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }
}
