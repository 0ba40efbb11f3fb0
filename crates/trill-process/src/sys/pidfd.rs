//! Children known by descriptors: Linux since 5.4.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::{Errno, Result};
use rustix::process::{Pid, PidfdFlags, Signal, WaitId, pidfd_open, pidfd_send_signal, waitid};

use super::{Reap, options, status};

/// See the contract.
#[derive(Debug)]
pub(crate) struct Pidfd(OwnedFd);

impl Pidfd {
    /// Opens that of a child which this process has just started.
    ///
    /// Whoever ignores `SIGCHLD` may have lost the child by now, and its number may be another's: a look tells.
    pub(crate) fn open(pid: Pid) -> Result<Pidfd> {
        let pidfd = Pidfd(pidfd_open(pid, PidfdFlags::empty())?);
        // Linux before 5.4 does not know this way to wait, and a sandbox may refuse it: asked until it was granted once.
        if !CAN_WAIT.load(Ordering::Relaxed) {
            pidfd.look(Reap::No)?;
            CAN_WAIT.store(true, Ordering::Relaxed);
        }
        Ok(pidfd)
    }

    pub(crate) fn look(&self, reap: Reap) -> Result<Option<ExitStatus>> {
        let found = waitid(WaitId::PidFd(self.0.as_fd()), options(reap))?;
        Ok(found.as_ref().map(status))
    }

    /// Sends a signal. The process being gone is no error.
    pub(crate) fn send(&self, signal: Signal) -> Result<()> {
        match pidfd_send_signal(&self.0, signal) {
            Err(Errno::SRCH) => Ok(()),
            sent => sent,
        }
    }
}

/// Whether the system has granted a wait for a pidfd.
static CAN_WAIT: AtomicBool = AtomicBool::new(false);

impl AsFd for Pidfd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
