//! Sleeping on Linux: the futex.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rustix::thread::futex::{self, Flags};
use rustix::time::Timespec;

/// Sleeps on the word itself and needs no state.
#[derive(Debug)]
pub(crate) struct Sleeper;

impl Sleeper {
    pub(crate) fn new() -> Sleeper {
        Sleeper
    }

    /// Sleeps while `word` holds `value`, at most for `timeout`.
    pub(crate) fn sleep(&self, word: &AtomicU32, value: u32, timeout: Option<Duration>) {
        // A timeout that does not fit a timespec is over 292 billion years: sleep without one.
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        // Relaxed: the caller reads the word again with an ordering of its own.
        while word.load(Ordering::Relaxed) == value {
            match futex::wait(word, Flags::PRIVATE, value, timeout.as_ref()) {
                // The word had changed, or the time has passed.
                Err(rustix::io::Errno::AGAIN | rustix::io::Errno::TIMEDOUT) => return,
                // Roused, or interrupted by a signal: with a deadline the caller looks at the clock again.
                Ok(()) | Err(_) if timeout.is_some() => return,
                Ok(()) | Err(_) => {}
            }
        }
    }

    /// Rouses the sleeper; the word no longer holds the value it sleeps for.
    pub(crate) fn rouse(&self, word: &AtomicU32) {
        // The call fails only for a bad address, and a reference is none.
        let _ = futex::wake(word, Flags::PRIVATE, 1);
    }
}
