//! Children known by descriptors: Linux since 5.4.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::ExitStatus;

use rustix::io::{Errno, Result};
use rustix::process::{Pid, PidfdFlags, Signal, WaitId, pidfd_open, pidfd_send_signal, waitid};

use super::{Reap, options, status};

/// See the contract.
#[derive(Debug)]
pub(crate) struct Pidfd(OwnedFd);

impl Pidfd {
    /// Opens that of a child which this process has just started.
    pub(crate) fn open(pid: Pid) -> Result<Pidfd> {
        let pidfd = Pidfd(pidfd_open(pid, PidfdFlags::empty())?);
        // Whoever ignores SIGCHLD may have lost the child by now, and its number may be another's. Linux before 5.4
        // does not know this way to wait.
        pidfd.look(Reap::No)?;
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

impl AsFd for Pidfd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
