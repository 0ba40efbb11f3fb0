//! Stands in where the system cannot be asked for what is at hand.

use std::os::fd::OwnedFd;

use rustix::io::Errno;

pub(crate) fn read_now(_: &OwnedFd, _: &mut [u8], _: u64) -> Result<usize, Errno> {
    Err(Errno::OPNOTSUPP)
}

pub(crate) fn write_now(_: &OwnedFd, _: &[u8], _: u64) -> Result<usize, Errno> {
    Err(Errno::OPNOTSUPP)
}
