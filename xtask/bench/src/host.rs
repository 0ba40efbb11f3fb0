//! What the operating system counts: CPU time, resident memory, descriptors, and what it is.
//!
//! `getrusage` is reached through `libc`, because rustix does not offer it.
#![allow(unsafe_code)]

use std::io;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal};

/// CPU time used by all threads of a process.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cpu {
    /// In user mode.
    pub(crate) user: Duration,
    /// In the kernel.
    pub(crate) system: Duration,
}

impl Cpu {
    /// CPU time of this process until now.
    pub(crate) fn used() -> Self {
        // SAFETY: `rusage` is plain integers, for which zero is a value.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: the pointer is to a live `rusage`, which the call fills. It fails only for an
        // unknown first argument. `tests::cpu_time_grows_with_work` reads what it wrote.
        let code = unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) };
        assert_eq!(code, 0, "getrusage knows RUSAGE_SELF");
        let span =
            |time: libc::timeval| Duration::new(time.tv_sec as u64, (time.tv_usec as u32) * 1000);
        Self {
            user: span(usage.ru_utime),
            system: span(usage.ru_stime),
        }
    }

    /// User and system time together.
    pub(crate) fn total(self) -> Duration {
        self.user + self.system
    }

    /// What was used since `earlier`.
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
        }
    }
}

/// Bytes of memory this process has in RAM.
///
/// # Errors
///
/// When `/proc` is not mounted.
pub(crate) fn resident_bytes() -> io::Result<usize> {
    let text = std::fs::read_to_string("/proc/self/statm")?;
    let pages = text.split(' ').nth(1).and_then(|word| word.parse().ok());
    let pages: usize = pages.ok_or_else(|| io::Error::other("statm has no second number"))?;
    Ok(pages * rustix::param::page_size())
}

/// Raises the limit of open descriptors as far as this process may, and returns it.
///
/// # Errors
///
/// When the operating system refuses.
pub(crate) fn raise_descriptor_limit() -> io::Result<usize> {
    let limit = rustix::process::getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    rustix::process::setrlimit(Resource::Nofile, raised)?;
    Ok(limit
        .maximum
        .map_or(DESCRIPTORS_MAX, |limit| limit as usize))
}

/// Makes the kernel end this process when its parent ends, however that happens.
///
/// # Errors
///
/// When the operating system refuses.
pub(crate) fn die_with_parent() -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    Ok(())
}

/// Kernel, machine and processors, as the head of the table names them.
pub(crate) fn describe() -> String {
    let name = rustix::system::uname();
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "{} {} {}, {cpus} processors, {}",
        name.sysname().to_string_lossy(),
        name.release().to_string_lossy(),
        name.machine().to_string_lossy(),
        model().unwrap_or_else(|| "unknown model".into()),
    )
}

/// How many threads wanted to run in the last minute, as the kernel counts: above 0.2 or so, someone
/// else uses the machine and times are not to be trusted.
pub(crate) fn load() -> Option<String> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    Some(text.split(' ').next()?.to_string())
}

fn model() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_string())
}

/// Where there is no limit at all, as many as a row asks for at most.
const DESCRIPTORS_MAX: usize = 1_000_100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_grows_with_work() {
        let before = Cpu::used();
        let mut sum = 0u64;
        while Cpu::used().since(before).total() < Duration::from_millis(5) {
            sum = std::hint::black_box(sum.wrapping_mul(31).wrapping_add(1));
        }
        assert!(Cpu::used().total() > before.total());
    }

    #[test]
    fn resident_memory_is_more_than_nothing() {
        assert!(resident_bytes().expect("/proc is mounted") > 4096);
    }
}
