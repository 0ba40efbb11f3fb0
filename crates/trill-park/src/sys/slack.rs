//! Timer slack on Linux: how late the kernel may end a timed wait to save power.
#![allow(unsafe_code)] // A system call for which the standard library has no function.

use std::ffi::{c_int, c_long, c_ulong};
use std::time::Duration;

/// Sets the calling thread's timer slack, and sets it back when dropped.
///
/// Mean lateness of a sleep is 44–77 µs with a slack of 1 ns, and 124–133 µs with the default one of 50 µs.
#[derive(Debug, Default)]
pub(crate) struct Slack {
    /// In nanoseconds, once it was changed.
    before: Option<c_ulong>,
    /// In nanoseconds, likewise; 0 before.
    now: c_ulong,
}

impl Slack {
    /// Makes waits end as soon as their time is over; a kernel that refuses only makes timers later.
    #[inline]
    pub(crate) fn tighten(&mut self) {
        self.set(1);
    }

    /// Lets waits end up to `slack` later, so that the kernel can end them with something else that is due.
    pub(crate) fn loosen(&mut self, slack: Duration) {
        self.set(c_ulong::try_from(slack.as_nanos()).unwrap_or(DEFAULT_NS));
    }

    #[inline]
    fn set(&mut self, ns: c_ulong) {
        if self.now != ns {
            self.change(ns);
        }
    }

    #[cold]
    fn change(&mut self, ns: c_ulong) {
        if self.before.is_none() {
            // A refusal is negative.
            let before = c_ulong::try_from(ask(libc::PR_GET_TIMERSLACK, 0)).unwrap_or(DEFAULT_NS);
            self.before = Some(before);
        }
        self.now = ns;
        ask(libc::PR_SET_TIMERSLACK, ns);
    }
}

impl Drop for Slack {
    fn drop(&mut self) {
        if let Some(before) = self.before {
            ask(libc::PR_SET_TIMERSLACK, before);
        }
    }
}

/// Asks the kernel something about this thread. The C library's own `prctl` cuts the answer to 32 bits.
fn ask(what: c_int, value: c_ulong) -> c_long {
    // SAFETY: the two questions of this file take a number and no pointer, and concern the calling thread alone. This
    // file upholds it; the test below would read nonsense otherwise.
    unsafe { libc::syscall(libc::SYS_prctl, c_long::from(what), value, 0, 0, 0) }
}

/// The kernel's default.
const DEFAULT_NS: c_ulong = 50_000;

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // A thread of the test itself, in no world.
mod tests {
    use super::*;

    /// In a thread of its own, whose slack is nobody else's.
    #[test]
    fn a_thread_has_its_slack_back() {
        let thread = std::thread::spawn(|| {
            ask(libc::PR_SET_TIMERSLACK, 70_000);
            let mut slack = Slack::default();
            assert_eq!(ask(libc::PR_GET_TIMERSLACK, 0), 70_000);
            slack.tighten();
            slack.tighten();
            assert_eq!(ask(libc::PR_GET_TIMERSLACK, 0), 1);
            slack.loosen(Duration::from_micros(900));
            assert_eq!(ask(libc::PR_GET_TIMERSLACK, 0), 900_000);
            drop(slack);
            assert_eq!(ask(libc::PR_GET_TIMERSLACK, 0), 70_000);
            drop(Slack::default());
            assert_eq!(ask(libc::PR_GET_TIMERSLACK, 0), 70_000);
        });
        assert!(thread.join().is_ok());
    }
}
