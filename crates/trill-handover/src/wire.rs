//! How descriptors and their names travel from one process to the other.
//!
//! A greeting, the number of names, and each name with its length before it; numbers are of four bytes, little end first.
//! The descriptors come with the greeting. Then the one side says that it is ready, and the other that it knows.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use trill_net::unix::{FDS_MAX, UnixStream};

/// Sends descriptors with their names.
pub(crate) async fn send(stream: &UnixStream, all: &[(String, OwnedFd)]) -> io::Result<()> {
    let mut text = Vec::new();
    number(&mut text, all.len());
    for (name, _) in all {
        number(&mut text, name.len());
        text.extend(name.as_bytes());
    }
    let fds: Vec<BorrowedFd<'_>> = all.iter().map(|(_, fd)| fd.as_fd()).collect();
    // A stream that was just made has room for a few bytes.
    let sent = stream.send_with_fds(GREETING, &fds).await?;
    stream.write_all(&GREETING[sent..]).await?;
    stream.write_all(&text).await
}

/// Receives descriptors with their names.
pub(crate) async fn recv(stream: &UnixStream) -> io::Result<Vec<(String, OwnedFd)>> {
    let mut greeting = [0; GREETING.len()];
    let received = stream.recv_with_fds(&mut greeting, FDS_MAX).await?;
    if received.len == 0 {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "the process before gives its sockets to its own user alone, and not to this one",
        ));
    }
    stream.read_exact(&mut greeting[received.len..]).await?;
    if greeting != *GREETING {
        return Err(wrong("what listens there hands no sockets over"));
    }
    if received.is_truncated {
        return Err(wrong(
            "this process may not open as many descriptors as it was given",
        ));
    }
    let count = read_number(stream).await?;
    if count != received.fds.len() {
        return Err(wrong("there are more names than sockets, or fewer"));
    }
    let mut all = Vec::with_capacity(count);
    for fd in received.fds {
        let len = read_number(stream).await?;
        if len > NAME_BYTES_MAX {
            return Err(wrong("a name is too long"));
        }
        let mut name = vec![0; len];
        stream.read_exact(&mut name).await?;
        let name = String::from_utf8(name).map_err(|_| wrong("a name is no text"))?;
        all.push((name, fd));
    }
    Ok(all)
}

fn number(text: &mut Vec<u8>, number: usize) {
    text.extend((number as u32).to_le_bytes());
}

async fn read_number(stream: &UnixStream) -> io::Result<usize> {
    let mut bytes = [0; 4];
    stream.read_exact(&mut bytes).await?;
    Ok(u32::from_le_bytes(bytes) as usize)
}

fn wrong(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

/// Begins what is sent, and names its form.
const GREETING: &[u8; 8] = b"trill-h1";

/// How long a name is at most.
pub(crate) const NAME_BYTES_MAX: usize = 255;

/// The one that took the sockets can serve.
pub(crate) const READY: u8 = b'R';

/// The one that gave them has stopped.
pub(crate) const KNOWN: u8 = b'K';

/// What the socket is called over which sockets are handed over; no other may be called so.
pub(crate) const CONTROL: &str = "trill-handover";
