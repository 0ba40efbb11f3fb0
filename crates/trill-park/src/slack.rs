//! Timer slack: how late the kernel may end a timed wait to save power.
//!
//! Miri knows no such setting, so there is none under it.

/// Sets the calling thread's timer slack to 1 ns when it first waits with a deadline, and back when dropped.
///
/// Mean lateness of a sleep is 44–77 µs so, and 124–133 µs at the default slack of 50 µs.
#[derive(Debug, Default)]
pub(crate) struct Slack {
    #[cfg(all(target_os = "linux", not(miri)))]
    before: Option<std::num::NonZeroU64>,
}

#[cfg(all(target_os = "linux", not(miri)))]
impl Slack {
    /// Sets the slack, once; a kernel that refuses only makes timers later.
    #[inline]
    pub(crate) fn tighten(&mut self) {
        if self.before.is_none() {
            self.tighten_now();
        }
    }

    #[cold]
    fn tighten_now(&mut self) {
        let before = rustix::thread::current_timer_slack().unwrap_or(DEFAULT_NS);
        self.before = std::num::NonZeroU64::new(before).or(std::num::NonZeroU64::new(DEFAULT_NS));
        let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1));
    }
}

#[cfg(all(target_os = "linux", not(miri)))]
impl Drop for Slack {
    fn drop(&mut self) {
        if self.before.is_some() {
            let _ = rustix::thread::set_current_timer_slack(self.before);
        }
    }
}

#[cfg(any(not(target_os = "linux"), miri))]
impl Slack {
    /// Other systems have no such setting.
    pub(crate) fn tighten(&mut self) {}
}

/// The kernel's default, in nanoseconds.
#[cfg(all(target_os = "linux", not(miri)))]
const DEFAULT_NS: u64 = 50_000;
