//! Children as the operating system shows them.
//!
//! Contract. `numbers` knows a child by its number; the caller sees to it that nobody reaps the child meanwhile, because
//! a number that is free may be given to another process. `Pidfd` is a descriptor that stands for one process for ever,
//! and becomes readable when that has ended; `Pidfd::open` is refused on systems that have none.
//! `look` returns the exit status of a child that has ended, nothing of one that has not, and `ECHILD` if the process is
//! no child of this one or was reaped.

#[cfg(not(target_os = "linux"))]
#[path = "no_pidfd.rs"]
mod pidfd;
#[cfg(target_os = "linux")]
mod pidfd;

pub(crate) mod numbers;

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use rustix::process::{WaitIdOptions, WaitIdStatus};

pub(crate) use pidfd::Pidfd;

/// Whether a look at a child that has ended also takes it from the system's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reap {
    Yes,
    No,
}

/// The options of a look that does not wait.
fn options(reap: Reap) -> WaitIdOptions {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
    match reap {
        Reap::Yes => look,
        Reap::No => look | WaitIdOptions::NOWAIT,
    }
}

/// Packs a status as `wait` does; all Unix systems agree on it.
fn status(found: &WaitIdStatus) -> ExitStatus {
    let raw = match (found.exit_status(), found.terminating_signal()) {
        (Some(code), _) => (code & 0xff) << 8,
        (None, Some(signal)) => signal | if found.dumped() { CORE_DUMPED } else { 0 },
        (None, None) => unreachable!("only ends of processes were asked for"),
    };
    ExitStatus::from_raw(raw)
}

const CORE_DUMPED: i32 = 0x80;
