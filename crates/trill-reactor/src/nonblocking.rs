//! Puts descriptors into non-blocking mode.

use std::io;

use rustix::fd::AsFd;

/// Makes operations on a descriptor return `WouldBlock` instead of waiting.
pub(crate) fn set(fd: impl AsFd) -> io::Result<()> {
    Ok(rustix::io::ioctl_fionbio(fd, true)?)
}
