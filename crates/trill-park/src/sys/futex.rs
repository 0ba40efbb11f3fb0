//! Sleeping on Linux: the futex.
#![allow(unsafe_code)] // A system call for which the standard library has no function.

use std::ffi::{c_int, c_long};
use std::io;
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Sleeps on the word itself and needs no state.
#[derive(Debug)]
pub(crate) struct Sleeper;

impl Sleeper {
    pub(crate) fn new() -> Sleeper {
        Sleeper
    }

    /// Sleeps while `word` holds `value`, at most for `timeout`.
    pub(crate) fn sleep(&self, word: &AtomicU32, value: u32, timeout: Option<Duration>) {
        let timeout = timeout.map(KernelTimespec::of);
        // Relaxed: the caller reads the word again with an ordering of its own.
        while word.load(Ordering::Relaxed) == value {
            let waited = wait(word, value, timeout.as_ref());
            // Roused, too late, or interrupted by a signal: with a deadline the caller looks at the clock again.
            if timeout.is_some() {
                return;
            }
            match waited {
                // The word had changed.
                Err(error) if error.raw_os_error() == Some(libc::EAGAIN) => return,
                // Roused, which the word tells, or interrupted by a signal.
                Ok(()) | Err(_) => {}
            }
        }
    }

    /// Rouses the sleeper; the word no longer holds the value it sleeps for.
    pub(crate) fn rouse(&self, word: &AtomicU32) {
        let one: c_int = 1;
        // SAFETY: the kernel compares the address with those of sleepers and reads nothing. `tests/block_on.rs` would
        // hang if it were another one than `wait` gives.
        unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), WAKE, one) };
    }
}

/// Sleeps until the word is roused, unless it holds another value than `value`.
fn wait(word: &AtomicU32, value: u32, timeout: Option<&KernelTimespec>) -> io::Result<()> {
    let timeout = timeout.map_or(ptr::null(), ptr::from_ref);
    // SAFETY: the kernel reads the word, which is borrowed for the call, atomically, and `timeout`, which is null or
    // borrowed and has its layout. This function upholds it; `tests/wakes.rs` would hang, and the test below would
    // sleep for another time.
    let waited = unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), WAIT, value, timeout) };
    if waited == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// The time that `SYS_futex` takes on every machine for which this file is compiled: two longs, whatever the C library
/// means by `timespec`. On 32 bits that is the older of two calls, and it is in all kernels.
#[repr(C)]
struct KernelTimespec {
    seconds: c_long,
    nanoseconds: c_long,
}

impl KernelTimespec {
    /// What does not fit, 68 years at least, is cut: a sleep may end early.
    fn of(delay: Duration) -> KernelTimespec {
        KernelTimespec {
            seconds: c_long::try_from(delay.as_secs()).unwrap_or(c_long::MAX),
            // Below 10^9, which fits 32 bits.
            nanoseconds: delay.subsec_nanos() as c_long,
        }
    }
}

// The word is not shared with other processes, so the kernel need not look at what its page is mapped from.
const WAIT: c_int = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
const WAKE: c_int = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // A thread of the test itself, in no world.
mod tests {
    use super::*;

    #[test]
    fn the_kernel_understands_word_and_time() {
        let word = AtomicU32::new(7);
        let error = wait(&word, 8, None)
            .err()
            .and_then(|error| error.raw_os_error());
        assert_eq!(error, Some(libc::EAGAIN), "it sleeps for another value");
        for delay in [
            Duration::ZERO,
            Duration::from_nanos(1),
            Duration::from_micros(1),
        ] {
            let error = wait(&word, 7, Some(&KernelTimespec::of(delay))).err();
            let error = error.and_then(|error| error.raw_os_error());
            assert_eq!(error, Some(libc::ETIMEDOUT), "{delay:?}");
        }
        let wrong = KernelTimespec {
            seconds: 0,
            nanoseconds: 1_000_000_000,
        };
        let error = wait(&word, 7, Some(&wrong))
            .err()
            .and_then(|error| error.raw_os_error());
        assert_eq!(
            error,
            Some(libc::EINVAL),
            "nanoseconds lie where the kernel reads them"
        );
    }

    #[test]
    fn a_time_beyond_all_clocks_is_one_the_kernel_takes() {
        let word = AtomicU32::new(7);
        let timeout = KernelTimespec::of(Duration::MAX);
        assert_eq!(timeout.seconds, c_long::MAX);
        let error = wait(&word, 8, Some(&timeout))
            .err()
            .and_then(|error| error.raw_os_error());
        assert_eq!(error, Some(libc::EAGAIN), "not EINVAL");
    }

    #[test]
    fn a_sleeper_is_roused() {
        static WORD: AtomicU32 = AtomicU32::new(0);
        let sleeper = std::thread::spawn(|| Sleeper.sleep(&WORD, 0, None));
        // Relaxed: the futex orders it.
        WORD.store(1, Ordering::Relaxed);
        Sleeper.rouse(&WORD);
        assert!(sleeper.join().is_ok());
    }
}
