//! Reading a named pipe, whose end may not be one.
//!
//! Opened without blocking, the reading end of a named pipe can be read at once: nothing, as at the end, until a
//! writer opens it. `poll` tells the two apart: it reports a hang-up only when there was a writer.

use std::io;
use std::os::fd::BorrowedFd;

use crate::sys::{self, End};

/// Reads; `WouldBlock` if there was no writer yet.
pub(crate) fn read(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    // Each round means that a writer came between two calls; the last one brings what that wrote.
    for _ in 0..ROUNDS_MAX {
        let count = sys::read(fd, buffer)?;
        if count > 0 || buffer.is_empty() {
            return Ok(count);
        }
        match sys::look(fd)? {
            End::Not => {}
            End::Real => return Ok(0),
            End::Never => return Err(io::ErrorKind::WouldBlock.into()),
        }
    }
    // Others read what comes before this one does; to be asked again does no harm.
    Err(io::ErrorKind::Interrupted.into())
}

/// Far more than ever happens.
const ROUNDS_MAX: usize = 1_000;
