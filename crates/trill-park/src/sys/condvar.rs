//! Sleeping where there is no futex, in loom models and under Miri: a mutex and a condition.

use std::sync::atomic::Ordering;
use std::time::Duration;

#[cfg(loom)]
use loom::sync::{Condvar, Mutex};
#[cfg(not(loom))]
use std::sync::{Condvar, Mutex};

use crate::primitive::AtomicU32;

/// Sleeps on a condition; the mutex orders the change of the word against the sleep.
#[derive(Debug)]
pub(crate) struct Sleeper {
    lock: Mutex<()>,
    changed: Condvar,
}

impl Sleeper {
    pub(crate) fn new() -> Sleeper {
        Sleeper {
            lock: Mutex::new(()),
            changed: Condvar::new(),
        }
    }

    /// Sleeps while `word` holds `value`, at most for `timeout`.
    pub(crate) fn sleep(&self, word: &AtomicU32, value: u32, timeout: Option<Duration>) {
        let Ok(mut guard) = self.lock.lock() else {
            return;
        };
        // Relaxed: the mutex orders this against `rouse`, which comes after the change of the word.
        while word.load(Ordering::Relaxed) == value {
            match timeout {
                #[cfg(not(loom))]
                Some(timeout) => {
                    drop(self.changed.wait_timeout(guard, timeout));
                    return;
                }
                // Loom has no clock: a timeout may pass at any moment, so it passes at once.
                #[cfg(loom)]
                Some(_) => return,
                None => match self.changed.wait(guard) {
                    Ok(woken) => guard = woken,
                    Err(_) => return,
                },
            }
        }
    }

    /// Rouses the sleeper; the word no longer holds the value it sleeps for.
    pub(crate) fn rouse(&self, _word: &AtomicU32) {
        // Taking the mutex waits until a sleeper that saw the old word is on the condition.
        drop(self.lock.lock());
        self.changed.notify_one();
    }
}
