//! Children known by their numbers.

use std::process::ExitStatus;

use rustix::io::{Errno, Result};
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
};

use super::{Reap, options, status};

/// See the contract.
pub(crate) fn look(pid: Pid, reap: Reap) -> Result<Option<ExitStatus>> {
    let found = waitid(WaitId::Pid(pid), options(reap))?;
    Ok(found.as_ref().map(status))
}

/// Blocks the thread until the child has ended, and leaves it to be reaped.
pub(crate) fn wait_for_end(pid: Pid) -> Result<()> {
    loop {
        match waitid(
            WaitId::Pid(pid),
            WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
        ) {
            Err(Errno::INTR) => {}
            waited => return waited.map(|_| ()),
        }
    }
}

/// Sends a signal to a child that was not reaped.
pub(crate) fn send(pid: Pid, signal: Signal) -> Result<()> {
    kill_process(pid, signal)
}

/// Sends a signal to the group that a child leads which was not reaped. No process being left is no error.
pub(crate) fn send_to_group(leader: Pid, signal: Signal) -> Result<()> {
    match kill_process_group(leader, signal) {
        Err(Errno::SRCH) => Ok(()),
        sent => sent,
    }
}
