//! Descriptors that travel in messages.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage,
};

use super::system;
use crate::unix::{FDS_MAX, ReceivedFds};

/// Room for as many descriptors as a message can have, so that none is lost before it can be closed.
const SPACE: usize = rustix::cmsg_space!(ScmRights(FDS_MAX));

/// Sends bytes with descriptors.
pub(crate) fn send_with_fds(
    socket: BorrowedFd<'_>,
    bytes: &[u8],
    fds: &[BorrowedFd<'_>],
) -> io::Result<usize> {
    super::again(|| {
        let mut space = [const { MaybeUninit::uninit() }; SPACE];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !fds.is_empty() {
            let fits = control.push(SendAncillaryMessage::ScmRights(fds));
            debug_assert!(fits, "the caller has counted the descriptors");
        }
        rustix::net::sendmsg(socket, &[IoSlice::new(bytes)], &mut control, system::SEND)
    })
}

/// Receives bytes with up to `fds_max` descriptors, and closes the others.
pub(crate) fn recv_with_fds(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
    fds_max: usize,
) -> io::Result<ReceivedFds> {
    let mut space = [const { MaybeUninit::uninit() }; SPACE];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = super::again(|| {
        let buffers = &mut [IoSliceMut::new(buffer)];
        rustix::net::recvmsg(socket, buffers, &mut control, system::RECV_FDS)
    })?;
    let mut fds: Vec<OwnedFd> = Vec::new();
    let mut is_truncated = received.flags.contains(ReturnFlags::CTRUNC);
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = message {
            for fd in received {
                if fds.len() < fds_max {
                    system::keep_from_children(&fd)?;
                    fds.push(fd);
                } else {
                    // It is closed here.
                    is_truncated = true;
                }
            }
        }
    }
    Ok(ReceivedFds {
        len: received.bytes,
        fds,
        is_truncated,
    })
}
