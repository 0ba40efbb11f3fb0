//! Datagrams that wait to be sent.

use std::io;
use std::net::SocketAddr;

use super::MESSAGES_MAX;
use crate::sys::{self, BorrowedFd};

/// Datagrams to be sent with few system calls, by [`UdpSocket::send_batch`](crate::UdpSocket::send_batch).
///
/// It is a queue: sending takes datagrams from its front, so what is left after an error or a drop is exactly what was
/// not sent. Its memory is kept and used again.
///
/// On Linux one call (`sendmmsg`) takes up to 32 messages, and a row of datagrams of one length to one address is one
/// message that the kernel or the network card takes apart (`UDP_SEGMENT`, since Linux 4.18). Where the
/// kernel refuses that, as for datagrams that are longer than a packet of the network may be, the batch notices and
/// goes on without. Elsewhere each datagram is a call.
///
/// # Examples
///
/// ```
/// use trill_net::{SendBatch, UdpSocket};
///
/// trill_park::block_on(async {
///     let receiver = UdpSocket::bind("127.0.0.1:0").await?;
///     let sender = UdpSocket::bind("127.0.0.1:0").await?;
///     let mut batch = SendBatch::new();
///     for number in 0..10_u8 {
///         batch.push(receiver.local_addr()?, &[number; 100]);
///     }
///     while !batch.is_empty() {
///         sender.send_batch(&mut batch).await?;
///     }
///     assert_eq!(receiver.recv(&mut [0; 200]).await?, 100);
///     # Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SendBatch {
    /// All datagrams since the batch was empty, one after the other.
    bytes: Vec<u8>,
    /// Where the first one begins that was not sent.
    start: usize,
    /// All datagrams since the batch was empty.
    datagrams: Vec<Waiting>,
    /// How many of them were sent.
    sent: usize,
    segments: bool,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    len: usize,
    to: Option<SocketAddr>,
}

/// One entry of a system call: a datagram, or a row of them.
#[derive(Clone, Copy)]
pub(crate) struct Message<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) to: Option<SocketAddr>,
    /// How long each datagram is but the last; 0 if this is one datagram.
    pub(crate) segment: u16,
    /// How many datagrams it is.
    datagrams: usize,
}

impl SendBatch {
    /// Makes an empty batch.
    ///
    /// # Examples
    ///
    /// See [`SendBatch`].
    pub fn new() -> SendBatch {
        SendBatch::with_capacity(0, 0)
    }

    /// Makes an empty batch with room for `datagrams` that have `bytes` together.
    ///
    /// # Examples
    ///
    /// ```
    /// let batch = trill_net::SendBatch::with_capacity(64, 64 * 1200);
    /// assert!(batch.is_empty());
    /// ```
    pub fn with_capacity(datagrams: usize, bytes: usize) -> SendBatch {
        SendBatch {
            bytes: Vec::with_capacity(bytes),
            start: 0,
            datagrams: Vec::with_capacity(datagrams),
            sent: 0,
            segments: true,
        }
    }

    /// Adds a datagram to an address at the end. It may be empty.
    ///
    /// # Examples
    ///
    /// See [`SendBatch`].
    pub fn push(&mut self, to: SocketAddr, datagram: &[u8]) {
        self.add(Some(to), datagram);
    }

    /// Adds a datagram to the peer that [`UdpSocket::connect`](crate::UdpSocket::connect) has set.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::{SendBatch, UdpSocket};
    ///
    /// trill_park::block_on(async {
    ///     let a = UdpSocket::bind("127.0.0.1:0").await?;
    ///     let b = UdpSocket::bind("127.0.0.1:0").await?;
    ///     a.connect(b.local_addr()?).await?;
    ///     let mut batch = SendBatch::new();
    ///     batch.push_to_peer(b"hello");
    ///     assert_eq!(a.send_batch(&mut batch).await?, 1);
    ///     assert_eq!(b.recv(&mut [0; 8]).await?, 5);
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn push_to_peer(&mut self, datagram: &[u8]) {
        self.add(None, datagram);
    }

    fn add(&mut self, to: Option<SocketAddr>, datagram: &[u8]) {
        self.bytes.extend_from_slice(datagram);
        let len = datagram.len();
        self.datagrams.push(Waiting { len, to });
    }

    /// Returns how many datagrams wait to be sent.
    ///
    /// # Examples
    ///
    /// See [`SendBatch::pop`].
    pub fn len(&self) -> usize {
        self.waiting().len()
    }

    /// Says whether no datagram waits.
    ///
    /// # Examples
    ///
    /// See [`SendBatch`].
    pub fn is_empty(&self) -> bool {
        self.waiting().is_empty()
    }

    /// Takes the first datagram out without sending it: its address, and how many bytes it had. For one that the
    /// system refuses, as because it is too long.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::{SendBatch, UdpSocket};
    ///
    /// trill_park::block_on(async {
    ///     let a = UdpSocket::bind("127.0.0.1:0").await?;
    ///     let b = UdpSocket::bind("127.0.0.1:0").await?;
    ///     let to = b.local_addr()?;
    ///     let mut batch = SendBatch::new();
    ///     batch.push(to, &[0; 100_000]);
    ///     batch.push(to, b"short");
    ///     assert!(a.send_batch(&mut batch).await.is_err());
    ///     assert_eq!(batch.len(), 2);
    ///     assert_eq!(batch.pop(), Some((Some(to), 100_000)));
    ///     assert_eq!(a.send_batch(&mut batch).await?, 1);
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn pop(&mut self) -> Option<(Option<SocketAddr>, usize)> {
        let first = *self.waiting().first()?;
        self.advance(1);
        Some((first.to, first.len))
    }

    /// Forgets all datagrams, and keeps the memory.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut batch = trill_net::SendBatch::new();
    /// batch.push_to_peer(b"hello");
    /// batch.clear();
    /// assert!(batch.is_empty());
    /// ```
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.datagrams.clear();
        self.start = 0;
        self.sent = 0;
    }

    /// Says whether the kernel is asked to take rows of datagrams apart: at first yes, and no once it has refused.
    ///
    /// # Examples
    ///
    /// See [`SendBatch::set_segmentation`].
    pub fn segmentation(&self) -> bool {
        self.segments
    }

    /// Sets whether the kernel is asked to take rows of datagrams apart, where it can.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut batch = trill_net::SendBatch::new();
    /// batch.set_segmentation(false);
    /// assert!(!batch.segmentation());
    /// ```
    pub fn set_segmentation(&mut self, segmentation: bool) {
        self.segments = segmentation;
    }

    /// Sends what one system call takes, and returns how many datagrams that was.
    pub(super) fn send(&mut self, fd: BorrowedFd<'_>) -> io::Result<usize> {
        loop {
            let messages = self.messages(self.segments && sys::SEGMENTS);
            let messages = messages.as_slice();
            let error = match sys::send_messages(fd, messages) {
                Ok(count) => {
                    let sent = messages[..count].iter().map(|one| one.datagrams).sum();
                    self.advance(sent);
                    return Ok(sent);
                }
                Err(error) => error,
            };
            // An error is about the first message: with an earlier one there would have been a count.
            if messages[0].datagrams == 1 || !is_refusal(&error) {
                return Err(error);
            }
            self.segments = false;
        }
    }

    fn waiting(&self) -> &[Waiting] {
        &self.datagrams[self.sent..]
    }

    fn advance(&mut self, count: usize) {
        for one in &self.datagrams[self.sent..][..count] {
            self.start += one.len;
        }
        self.sent += count;
        if self.is_empty() {
            self.clear();
        }
    }

    /// The first messages for a system call; with `rows` a message may be several datagrams.
    fn messages(&self, rows: bool) -> Messages<'_> {
        let mut messages = Messages::default();
        let mut waiting = self.waiting().iter().peekable();
        let mut start = self.start;
        while let Some(first) = waiting.next() {
            let (mut len, mut datagrams, mut is_last) = (first.len, 1, first.len == 0 || !rows);
            while !is_last && datagrams < SEGMENTS_MAX {
                let fits = |next: &&Waiting| {
                    next.to == first.to
                        && (1..=first.len).contains(&next.len)
                        && len + next.len <= ROW_BYTES_MAX
                };
                let Some(next) = waiting.next_if(fits) else {
                    break;
                };
                len += next.len;
                datagrams += 1;
                is_last = next.len < first.len;
            }
            let bytes = &self.bytes[start..start + len];
            start += len;
            messages.list[messages.len] = Message {
                bytes,
                to: first.to,
                segment: if datagrams > 1 { first.len as u16 } else { 0 },
                datagrams,
            };
            messages.len += 1;
            if messages.len == MESSAGES_MAX {
                break;
            }
        }
        messages
    }
}

impl Default for SendBatch {
    fn default() -> SendBatch {
        SendBatch::new()
    }
}

/// Messages for one system call, on the stack.
struct Messages<'a> {
    list: [Message<'a>; MESSAGES_MAX],
    len: usize,
}

impl Messages<'_> {
    fn as_slice(&self) -> &[Message<'_>] {
        &self.list[..self.len]
    }
}

impl Default for Messages<'_> {
    fn default() -> Self {
        let none = Message {
            bytes: &[],
            to: None,
            segment: 0,
            datagrams: 0,
        };
        Messages {
            list: [none; MESSAGES_MAX],
            len: 0,
        }
    }
}

/// Whether the kernel may have refused a row only because it is one.
fn is_refusal(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    code.is_some_and(|code| sys::ROW_REFUSED.contains(&code))
}

/// How many datagrams a row has at most; Linux allowed that many first.
const SEGMENTS_MAX: usize = 64;

/// How many bytes a row has at most: what fits into an IPv4 packet, without its headers.
const ROW_BYTES_MAX: usize = 65_507;

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(datagrams: &[(u16, usize)]) -> Vec<(usize, u16, usize)> {
        let mut batch = SendBatch::new();
        for (port, len) in datagrams {
            batch.push(([127, 0, 0, 1], *port).into(), &vec![0; *len]);
        }
        let messages = batch.messages(true);
        let messages = messages.as_slice().iter();
        messages
            .map(|one| (one.bytes.len(), one.segment, one.datagrams))
            .collect()
    }

    #[test]
    fn a_row_is_of_one_address_and_one_length_and_may_end_with_a_shorter_one() {
        assert_eq!(rows(&[(1, 10), (1, 10), (1, 10)]), [(30, 10, 3)]);
        assert_eq!(rows(&[(1, 10), (1, 4), (1, 4)]), [(14, 10, 2), (4, 0, 1)]);
        assert_eq!(rows(&[(1, 10), (2, 10)]), [(10, 0, 1), (10, 0, 1)]);
        assert_eq!(rows(&[(1, 4), (1, 10)]), [(4, 0, 1), (10, 0, 1)]);
        assert_eq!(rows(&[(1, 0), (1, 0)]), [(0, 0, 1), (0, 0, 1)]);
        assert_eq!(rows(&[(1, 4), (1, 0)]), [(4, 0, 1), (0, 0, 1)]);
    }

    #[test]
    fn a_row_has_a_limit_of_datagrams_and_of_bytes() {
        assert_eq!(rows(&[(1, 10); 70]), [(640, 10, 64), (60, 10, 6)]);
        assert_eq!(
            rows(&[(1, 30_000); 3]),
            [(60_000, 30_000, 2), (30_000, 0, 1)]
        );
        assert_eq!(rows(&[(1, 100_000)]), [(100_000, 0, 1)]);
        let many: Vec<_> = (0..100).map(|port| (port, 5)).collect();
        assert_eq!(rows(&many).len(), MESSAGES_MAX);
    }

    #[test]
    fn what_was_sent_leaves_the_front() {
        let mut batch = SendBatch::new();
        batch.push_to_peer(b"abc");
        batch.push_to_peer(b"de");
        batch.push_to_peer(b"f");
        batch.advance(2);
        assert_eq!(batch.messages(true).as_slice()[0].bytes, b"f");
        assert_eq!(batch.pop(), Some((None, 1)));
        assert_eq!(batch.pop(), None);
        assert_eq!((batch.bytes.len(), batch.start), (0, 0));
    }
}
