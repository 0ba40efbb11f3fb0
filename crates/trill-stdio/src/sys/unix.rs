//! Unix: by the kind of the open file.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::{Errno, FdFlags};
use rustix::net::{RecvFlags, SendFlags};

use crate::stream::{Opened, Which};

/// See the contract.
#[derive(Debug)]
pub(crate) struct Channel {
    fd: OwnedFd,
    /// Asked not to block call by call; else the open file is this process's own and does not block.
    is_socket: bool,
}

/// See the contract.
#[derive(Debug)]
pub(crate) struct Device {
    fd: OwnedFd,
    which: Which,
}

/// See the contract.
pub(crate) fn open(which: Which, as_device: bool) -> io::Result<Opened> {
    let standard = match which {
        Which::Stdin => rustix::stdio::stdin(),
        Which::Stdout => rustix::stdio::stdout(),
        Which::Stderr => rustix::stdio::stderr(),
    };
    match rustix::io::fcntl_getfd(standard) {
        Err(Errno::BADF) => return Ok(Opened::Closed("is closed")),
        // What was inherited came through `exec`, which closes what has this flag; what this process opens has it.
        Ok(flags) if flags.contains(FdFlags::CLOEXEC) => {
            return Ok(Opened::Closed(
                "was closed, and something else was opened with its number",
            ));
        }
        flags => flags?,
    };
    // Of our own, so that whoever closes the number later, and opens something else, does not give us that.
    let fd = rustix::io::fcntl_dupfd_cloexec(standard, FIRST_NUMBER)?;
    let kind = FileType::from_raw_mode(rustix::fs::fstat(&fd)?.st_mode);
    let channel = match kind {
        _ if as_device => None,
        FileType::Socket => Some(Channel {
            fd: fd.try_clone()?,
            is_socket: true,
        }),
        FileType::Fifo => open_again(&fd, which),
        FileType::CharacterDevice if rustix::termios::isatty(&fd) => open_again(&fd, which),
        _ => None,
    };
    Ok(match channel {
        Some(channel) => Opened::Channel(channel),
        None => Opened::Device(Device { fd, which }),
    })
}

/// Opens the file anew, for this process alone, so that it need not block. Nothing if that is not possible.
fn open_again(fd: &OwnedFd, which: Which) -> Option<Channel> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let (wanted, other) = match which {
        Which::Stdin => (OFlags::RDONLY, OFlags::WRONLY),
        Which::Stdout | Which::Stderr => (OFlags::WRONLY, OFlags::RDONLY),
    };
    // The other end of the pipe would open just as well; using this one shall fail as it does.
    let given = rustix::fs::fcntl_getfl(fd).ok()? & OFlags::RWMODE;
    if given == other {
        return None;
    }
    let flags = wanted | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let path = format!("/proc/self/fd/{}", fd.as_raw_fd());
    // Refused without /proc, for another user's terminal, or for a pipe that nobody reads.
    let again = rustix::fs::open(path, flags, Mode::empty()).ok()?;
    Some(Channel {
        fd: again,
        is_socket: false,
    })
}

impl Channel {
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        uninterrupted(|| match self.is_socket {
            true => rustix::net::recv(&self.fd, &mut *buffer, RecvFlags::DONTWAIT)
                .map(|(count, _)| count),
            false => rustix::io::read(&self.fd, &mut *buffer),
        })
    }

    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        uninterrupted(|| match self.is_socket {
            true => rustix::net::send(&self.fd, bytes, SOCKET_SEND),
            false => rustix::io::write(&self.fd, bytes),
        })
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Device {
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        uninterrupted(|| rustix::io::read(&self.fd, &mut *buffer))
    }

    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        uninterrupted(|| rustix::io::write(&self.fd, bytes))
    }

    pub(crate) fn number(&self) -> u64 {
        self.which as u64
    }
}

fn uninterrupted(mut call: impl FnMut() -> rustix::io::Result<usize>) -> io::Result<usize> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            result => return Ok(result?),
        }
    }
}

/// Above the standard streams, of which one may be closed.
const FIRST_NUMBER: i32 = 3;

/// A peer that is gone is an error and no signal, where the system can.
#[cfg(not(target_vendor = "apple"))]
const SOCKET_SEND: SendFlags = SendFlags::DONTWAIT.union(SendFlags::NOSIGNAL);
#[cfg(target_vendor = "apple")]
const SOCKET_SEND: SendFlags = SendFlags::DONTWAIT;
