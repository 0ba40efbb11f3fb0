//! Many datagrams in many calls, on Windows.

use std::io;
use std::net::SocketAddr;

use rustix::fd::BorrowedFd;
use rustix::net::{RecvFlags, SocketAddrAny};
use socket2::SockRef;

use crate::udp::batch::{MESSAGES_MAX, Message, Slot};

/// Each datagram is a message.
pub(crate) const SEGMENTS: bool = false;

/// No row is sent, so none is refused.
pub(crate) const ROW_REFUSED: &[i32] = &[];

/// Sends the first messages, at most [`MESSAGES_MAX`] of them; returns how many.
pub(crate) fn send_messages(fd: BorrowedFd<'_>, messages: &[Message<'_>]) -> io::Result<usize> {
    let socket = SockRef::from(&fd);
    let first = &messages[..messages.len().min(MESSAGES_MAX)];
    count(first.iter(), |message| {
        debug_assert_eq!(message.segment, 0, "rows are for systems that take them");
        match message.to {
            Some(to) => socket.send_to(message.bytes, &to.into()).map(drop),
            None => socket.send(message.bytes).map(drop),
        }
    })
}

/// Receives up to as many messages as there are slots and [`MESSAGES_MAX`] allows, each into its `size` bytes of
/// `bytes`; returns how many. One that is longer is an error here.
pub(crate) fn recv_messages(
    fd: BorrowedFd<'_>,
    bytes: &mut [u8],
    size: usize,
    slots: &mut [Slot],
) -> io::Result<usize> {
    let room = slots.iter_mut().take(MESSAGES_MAX);
    count(room.zip(bytes.chunks_exact_mut(size)), |(slot, buffer)| {
        let (len, _, sender) =
            super::windows::again(|| rustix::net::recvfrom(fd, &mut *buffer, RecvFlags::empty()))?;
        let sender = sender.and_then(|sender: SocketAddrAny| SocketAddr::try_from(sender).ok());
        let Some(sender) = sender else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a datagram came without an internet address: is this a UDP socket?",
            ));
        };
        *slot = Slot {
            len,
            sender,
            segment: 0,
            is_truncated: false,
        };
        Ok(())
    })
}

/// Asks the system to hand over rows of datagrams as one message; it does not.
pub(crate) fn set_receive_offload(_: BorrowedFd<'_>, _: bool) -> io::Result<bool> {
    Ok(false)
}

/// Does something for each until it fails. Only a failure of the first is told: what was done before counts more, and a
/// failure that stays is met again.
fn count<T>(
    each: impl Iterator<Item = T>,
    mut act: impl FnMut(T) -> io::Result<()>,
) -> io::Result<usize> {
    let mut done = 0;
    for one in each {
        match act(one) {
            Ok(()) => done += 1,
            Err(_) if done > 0 => break,
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}
