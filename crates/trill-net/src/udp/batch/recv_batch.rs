//! Datagrams that were received.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::slice::{Chunks, ChunksExact, Iter};

use super::MESSAGES_MAX;
use crate::sys::{self, BorrowedFd};

/// Room for datagrams that are received with few system calls, by
/// [`UdpSocket::recv_batch`](crate::UdpSocket::recv_batch).
///
/// Its memory is used again for each call, which replaces what was in it. On Linux one call (`recvmmsg`) takes up to 32
/// messages, and with [`UdpSocket::set_receive_offload`](crate::UdpSocket::set_receive_offload) a message may be a row
/// of datagrams that came together. Elsewhere each datagram is a call.
///
/// # Examples
///
/// ```
/// use trill_net::{RecvBatch, UdpSocket};
///
/// trill_park::block_on(async {
///     let receiver = UdpSocket::bind("127.0.0.1:0").await?;
///     let sender = UdpSocket::bind("127.0.0.1:0").await?;
///     for text in ["one", "two", "three"] {
///         sender.send_to(text.as_bytes(), receiver.local_addr()?).await?;
///     }
///     let mut batch = RecvBatch::new(16, 1500);
///     let mut got = Vec::new();
///     while got.len() < 3 {
///         receiver.recv_batch(&mut batch).await?;
///         for datagram in &batch {
///             assert_eq!(datagram.sender(), sender.local_addr()?);
///             assert!(!datagram.is_truncated());
///             got.push(datagram.bytes().to_vec());
///         }
///     }
///     assert_eq!(got, [&b"one"[..], b"two", b"three"]);
///     # Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct RecvBatch {
    bytes: Box<[u8]>,
    /// How many bytes each slot has.
    size: usize,
    slots: Box<[Slot]>,
    /// How many of them were filled.
    filled: usize,
    datagrams: usize,
}

/// What is known of one received message.
#[derive(Clone, Copy)]
pub(crate) struct Slot {
    pub(crate) len: usize,
    pub(crate) sender: SocketAddr,
    /// How long each datagram is but the last, if it is a row of them; else 0.
    pub(crate) segment: usize,
    pub(crate) is_truncated: bool,
}

impl RecvBatch {
    /// Makes room for `messages`, each of up to `bytes`: what a datagram has more is lost, and is an error on Windows.
    ///
    /// With [`UdpSocket::set_receive_offload`](crate::UdpSocket::set_receive_offload) a message is a row of datagrams, so
    /// `bytes` should be 65,535 then.
    ///
    /// # Panics
    ///
    /// If `messages` or `bytes` is 0.
    ///
    /// # Examples
    ///
    /// See [`RecvBatch`].
    #[track_caller]
    pub fn new(messages: usize, bytes: usize) -> RecvBatch {
        assert!(
            messages > 0 && bytes > 0,
            "a batch for {messages} messages of {bytes} bytes receives nothing: make both at least 1"
        );
        let none = Slot {
            len: 0,
            sender: SocketAddr::from(([0, 0, 0, 0], 0)),
            segment: 0,
            is_truncated: false,
        };
        RecvBatch {
            bytes: vec![0; messages * bytes].into(),
            size: bytes,
            slots: vec![none; messages].into(),
            filled: 0,
            datagrams: 0,
        }
    }

    /// Returns how many datagrams the last call received.
    ///
    /// # Examples
    ///
    /// See [`RecvBatch::clear`].
    pub fn len(&self) -> usize {
        self.datagrams
    }

    /// Says whether there are none.
    ///
    /// # Examples
    ///
    /// See [`RecvBatch::clear`].
    pub fn is_empty(&self) -> bool {
        self.datagrams == 0
    }

    /// Forgets the datagrams, as the next call does anyway.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut batch = trill_net::RecvBatch::new(16, 1500);
    /// batch.clear();
    /// assert!(batch.is_empty());
    /// assert_eq!(batch.len(), 0);
    /// ```
    pub fn clear(&mut self) {
        self.filled = 0;
        self.datagrams = 0;
    }

    /// Returns the datagrams in the order in which they came.
    ///
    /// # Examples
    ///
    /// ```
    /// let batch = trill_net::RecvBatch::new(16, 1500);
    /// assert!(batch.iter().next().is_none());
    /// ```
    pub fn iter(&self) -> Datagrams<'_> {
        Datagrams {
            slots: self.slots[..self.filled].iter(),
            bytes: self.bytes.chunks_exact(self.size),
            row: None,
        }
    }

    /// Receives what one system call takes, and returns how many datagrams that is.
    pub(super) fn recv(&mut self, fd: BorrowedFd<'_>) -> io::Result<usize> {
        self.clear();
        let count = self.slots.len().min(MESSAGES_MAX);
        let slots = &mut self.slots[..count];
        self.filled = sys::recv_messages(fd, &mut self.bytes, self.size, slots)?;
        let counts = slots[..self.filled].iter().map(Slot::datagrams);
        self.datagrams = counts.sum();
        Ok(self.datagrams)
    }
}

impl Slot {
    fn datagrams(&self) -> usize {
        match self.segment {
            0 => 1,
            segment => self.len.div_ceil(segment).max(1),
        }
    }
}

impl fmt::Debug for RecvBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvBatch")
            .field("len", &self.datagrams)
            .field("messages", &self.slots.len())
            .field("bytes", &self.size)
            .finish()
    }
}

impl<'a> IntoIterator for &'a RecvBatch {
    type Item = Datagram<'a>;
    type IntoIter = Datagrams<'a>;

    fn into_iter(self) -> Datagrams<'a> {
        self.iter()
    }
}

/// A datagram in a [`RecvBatch`].
///
/// # Examples
///
/// See [`RecvBatch`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram<'a> {
    bytes: &'a [u8],
    sender: SocketAddr,
    is_truncated: bool,
}

impl<'a> Datagram<'a> {
    /// Returns what it carries; it may be empty.
    ///
    /// # Examples
    ///
    /// See [`RecvBatch`].
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns who sent it.
    ///
    /// # Examples
    ///
    /// See [`RecvBatch`].
    pub fn sender(&self) -> SocketAddr {
        self.sender
    }

    /// Says whether it had more bytes than the batch has room for in a message: the rest is lost.
    ///
    /// # Examples
    ///
    /// See [`RecvBatch`].
    pub fn is_truncated(&self) -> bool {
        self.is_truncated
    }
}

/// The datagrams of a [`RecvBatch`]; from [`RecvBatch::iter`].
///
/// # Examples
///
/// See [`RecvBatch`].
#[derive(Clone, Debug)]
pub struct Datagrams<'a> {
    slots: Iter<'a, Slot>,
    bytes: ChunksExact<'a, u8>,
    /// What is left of a row.
    row: Option<(Chunks<'a, u8>, &'a Slot)>,
}

impl<'a> Iterator for Datagrams<'a> {
    type Item = Datagram<'a>;

    fn next(&mut self) -> Option<Datagram<'a>> {
        loop {
            if let Some((rest, slot)) = &mut self.row {
                if let Some(bytes) = rest.next() {
                    let is_last = rest.len() == 0;
                    return Some(slot.datagram(bytes, slot.is_truncated && is_last));
                }
                self.row = None;
            }
            let (slot, bytes) = (self.slots.next()?, self.bytes.next()?);
            let bytes = &bytes[..slot.len];
            if slot.segment == 0 || bytes.is_empty() {
                return Some(slot.datagram(bytes, slot.is_truncated));
            }
            self.row = Some((bytes.chunks(slot.segment), slot));
        }
    }
}

impl Slot {
    fn datagram<'a>(&self, bytes: &'a [u8], is_truncated: bool) -> Datagram<'a> {
        Datagram {
            bytes,
            sender: self.sender,
            is_truncated,
        }
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot")
            .field("len", &self.len)
            .field("sender", &self.sender)
            .finish_non_exhaustive()
    }
}
