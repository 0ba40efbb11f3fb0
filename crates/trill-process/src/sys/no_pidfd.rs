//! Systems without descriptors of processes.

use std::convert::Infallible;
use std::os::fd::{AsFd, BorrowedFd};
use std::process::ExitStatus;

use rustix::io::{Errno, Result};
use rustix::process::{Pid, Signal};

use super::Reap;

/// See the contract.
#[derive(Debug)]
pub(crate) struct Pidfd(Infallible);

impl Pidfd {
    pub(crate) fn open(_pid: Pid) -> Result<Pidfd> {
        Err(Errno::NOSYS)
    }

    pub(crate) fn look(&self, _reap: Reap) -> Result<Option<ExitStatus>> {
        match self.0 {}
    }

    pub(crate) fn send(&self, _signal: Signal) -> Result<()> {
        match self.0 {}
    }
}

impl AsFd for Pidfd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self.0 {}
    }
}
