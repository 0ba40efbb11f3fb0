//! The operating system's sockets: the only module that opens, binds, connects or accepts.
//!
//! Each system's file offers the same items.
//! Sockets are made non-blocking and close-on-exec in the call that makes them, where the system can.
//! `fd` and the like are the names of Unix; on Windows they are of sockets.
//!
//! `calls` has the hottest calls of Unix: `recv`, `send`, `readv` and `sendmsg` return a count, `accept4` of Linux a
//! descriptor, or -1 with the error in `errno`.

// The machines on which all calls have numbers, and always had.
#[cfg(all(
    any(target_os = "linux", target_os = "android"),
    target_pointer_width = "64",
    any(
        target_arch = "x86_64",
        target_arch = "aarch64",
        target_arch = "riscv64",
        target_arch = "loongarch64",
        target_arch = "powerpc64",
    )
))]
#[path = "calls_kernel.rs"]
mod calls;
#[cfg(all(
    unix,
    not(all(
        any(target_os = "linux", target_os = "android"),
        target_pointer_width = "64",
        any(
            target_arch = "x86_64",
            target_arch = "aarch64",
            target_arch = "riscv64",
            target_arch = "loongarch64",
            target_arch = "powerpc64",
        )
    ))
))]
#[path = "calls_libc.rs"]
mod calls;
#[cfg(unix)]
mod descriptors;
#[cfg_attr(unix, path = "handles_unix.rs")]
#[cfg_attr(windows, path = "handles_windows.rs")]
mod handles;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg_attr(
    any(target_os = "linux", target_os = "android"),
    path = "messages_linux.rs"
)]
#[cfg_attr(windows, path = "messages_windows.rs")]
#[cfg_attr(
    all(unix, not(any(target_os = "linux", target_os = "android"))),
    path = "messages_unix.rs"
)]
mod messages;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod options;
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
mod portable;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
mod urgent;
#[cfg(windows)]
mod windows;

#[cfg(any(target_os = "linux", target_os = "android"))]
use linux as system;
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
use portable as system;
#[cfg(windows)]
use windows as system;

#[cfg(unix)]
pub(crate) use descriptors::{recv_with_fds, send_with_fds};
pub(crate) use handles::{AsFd, BorrowedFd, OwnedFd, handles};
pub(crate) use messages::{
    ROW_REFUSED, SEGMENTS, recv_messages, send_messages, set_receive_offload,
};
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use options::{option, set_option};
pub(crate) use system::{accept, check_connected, set_fast_open};
#[cfg(unix)]
pub(crate) use system::{is_unnamed, peer_credentials};
#[cfg(unix)]
use unix::CONNECT_GOES_ON;
#[cfg(all(unix, any(feature = "tokio-io", feature = "hyper-rt")))]
pub(crate) use unix::recv_uninit;
#[cfg(unix)]
pub(crate) use unix::{
    DEAD_CONNECTION, FORBIDDEN, is_left_over, open_pair, peek, recv, recv_vectored, reuse_port,
    send, send_to, send_vectored, set_reuse_port, unix_address,
};
#[cfg(unix)]
pub(crate) use urgent::{is_at_urgent, recv_urgent, send_urgent};
#[cfg(windows)]
use windows::CONNECT_GOES_ON;
#[cfg(all(windows, any(feature = "tokio-io", feature = "hyper-rt")))]
pub(crate) use windows::recv_uninit;
#[cfg(windows)]
pub(crate) use windows::{
    DEAD_CONNECTION, FORBIDDEN, peek, recv, recv_vectored, reuse_port, send, send_vectored,
    set_reuse_port,
};

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use socket2::{Domain, SockAddr, Socket, Type};
use trill_world::World;

/// Fails in a simulated world, which has no sockets yet.
pub(crate) fn os_only(what: &str) -> io::Result<()> {
    if World::current().is_os() {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        format!("this simulated world has no network: {what} outside of it"),
    ))
}

/// Looks a name up; blocks.
pub(crate) fn look_up(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    (host, port).to_socket_addrs().map(Iterator::collect)
}

/// Makes a socket that does not block and that child programs do not inherit.
pub(crate) fn open(domain: Domain, kind: Type) -> io::Result<Socket> {
    let socket = Socket::new(domain, system::nonblocking(kind), None)?;
    system::set_nonblocking(&socket)?;
    Ok(socket)
}

/// Begins to connect; says whether that is done already.
pub(crate) fn begin_connect(socket: &Socket, address: &SockAddr) -> io::Result<bool> {
    let Err(error) = socket.connect(address) else {
        return Ok(true);
    };
    match error.raw_os_error() {
        Some(code) if CONNECT_GOES_ON.contains(&code) => Ok(false),
        _ => Err(error),
    }
}

/// Repeats a call of the standard library that a signal interrupted.
#[inline]
pub(crate) fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// How many buffers one vectored call takes; the system refuses or cuts longer lists.
pub(crate) const BUFFERS_MAX: usize = 1024;

/// How many bytes one call transfers at most on Linux: a count of this many says nothing of what is left.
pub(crate) const TRANSFER_BYTES_MAX: usize = 0x7fff_f000;
