//! The operating system's pipes.
//!
//! Contract. `pipe` and `open` return descriptors that do not block and are closed in children; each system's file
//! offers `pipe`. Calls that a signal interrupts are repeated.

#[cfg(target_vendor = "apple")]
#[path = "apple.rs"]
mod make;
#[cfg(not(target_vendor = "apple"))]
mod make;

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

pub(crate) use make::pipe;

/// Opens an end of a named pipe.
///
/// # Errors
///
/// `InvalidInput` if something else is at the path, and what the system says: `ENXIO` for a writer without a reader.
pub(crate) fn open(path: &Path, end: OFlags) -> io::Result<OwnedFd> {
    let flags = end | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let fd = rustix::fs::open(path, flags, Mode::empty())?;
    is_pipe(&fd)?;
    Ok(fd)
}

/// Fails unless the descriptor is of a pipe.
pub(crate) fn is_pipe(fd: &OwnedFd) -> io::Result<()> {
    let kind = FileType::from_raw_mode(rustix::fs::fstat(fd)?.st_mode);
    if kind == FileType::Fifo {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("it is no pipe, but a {kind:?}: use what is made for that"),
    ))
}

/// Fails unless the descriptor can be used in this direction, or both.
pub(crate) fn is_open_for(fd: &OwnedFd, end: OFlags) -> io::Result<()> {
    let given = rustix::fs::fcntl_getfl(fd)? & OFlags::RWMODE;
    if given == end || given == OFlags::RDWR {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "it is the other end of a pipe",
    ))
}

pub(crate) fn set_blocking(fd: &OwnedFd, blocking: bool) -> io::Result<()> {
    Ok(rustix::io::ioctl_fionbio(fd, !blocking)?)
}

#[inline]
pub(crate) fn read(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match rustix::io::read(fd, &mut *buffer) {
            Err(Errno::INTR) => {}
            result => return Ok(result?),
        }
    }
}

#[inline]
pub(crate) fn write(fd: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match rustix::io::write(fd, bytes) {
            Err(Errno::INTR) => {}
            result => return Ok(result?),
        }
    }
}

/// What a look at the reading end of a pipe finds, of which a read has just said that it is at its end.
pub(crate) enum End {
    /// There is something to read after all.
    Not,
    /// All writers are gone.
    Real,
    /// There was no writer yet.
    Never,
}

pub(crate) fn look(fd: BorrowedFd<'_>) -> io::Result<End> {
    let mut fds = [PollFd::from_borrowed_fd(fd, PollFlags::IN)];
    loop {
        match rustix::event::poll(&mut fds, Some(&Timespec::default())) {
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
            Ok(_) => break,
        }
    }
    let found = fds[0].revents();
    Ok(if found.contains(PollFlags::IN) {
        End::Not
    } else if found.is_empty() {
        End::Never
    } else {
        End::Real
    })
}
