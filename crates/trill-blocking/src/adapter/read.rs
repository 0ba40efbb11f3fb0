//! Reading: one job per empty buffer.

use std::io::{self, Read};
use std::mem;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncBufRead, AsyncRead};

use super::{Done, Unblock, tell};

/// What was read from the object and not yet taken.
pub(super) struct Unread {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// How many bytes the next read has room for, unless that is more than the capacity.
    room: usize,
    /// The end of file or an error, to be reported once.
    news: Option<io::Result<()>>,
}

impl Unread {
    pub(super) fn new() -> Unread {
        Unread {
            buffer: Vec::new(),
            start: 0,
            end: 0,
            room: FIRST_READ_BYTES,
            news: None,
        }
    }

    /// Takes the buffer, with room for the next read.
    fn take_buffer(&mut self, bytes_max: usize) -> Vec<u8> {
        (self.start, self.end) = (0, 0);
        let room = self.room.min(bytes_max);
        if self.buffer.len() < room {
            // Fresh zeroes come from the operating system without being written.
            self.buffer = vec![0; room];
        }
        mem::take(&mut self.buffer)
    }

    /// The bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Takes what a job has read. There are no bytes left at that time.
    pub(super) fn fill(&mut self, buffer: Vec<u8>, result: io::Result<usize>) {
        self.buffer = buffer;
        (self.start, self.end) = (0, 0);
        match result {
            Ok(0) => self.news = Some(Ok(())),
            Ok(count) if count <= self.buffer.len() => {
                self.end = count;
                if count == self.room {
                    self.room *= 2;
                }
            }
            Ok(count) => {
                let text = format!(
                    "the reader says it put {count} bytes into a buffer of {}",
                    self.buffer.len()
                );
                self.news = Some(Err(io::Error::other(text)));
            }
            Err(error) => self.news = Some(Err(error)),
        }
    }

    /// Forgets everything; the position is elsewhere.
    pub(super) fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
        self.news = None;
    }
}

impl<T: Read + Send + 'static> Unblock<T> {
    /// Waits until there are bytes, or the end of file, which is no bytes.
    fn poll_unread(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if !self.unread.bytes().is_empty() {
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_idle(cx));
            if let Some(news) = self.unread.news.take() {
                return Poll::Ready(news);
            }
            if self.unread.bytes().is_empty() {
                self.start_read()?;
            }
        }
    }

    /// Submits one call of `read`.
    fn start_read(&mut self) -> io::Result<()> {
        let mut buffer = self.unread.take_buffer(self.buffer_bytes);
        self.start(move |object| {
            let result = loop {
                match object.read(&mut buffer) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    result => break result,
                }
            };
            Done::Read(buffer, result)
        })
    }
}

impl<T: Read + Send + 'static> AsyncRead for Unblock<T> {
    #[track_caller]
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if to.is_empty() {
            return Poll::Ready(Ok(0));
        }
        ready!(tell(self.poll_unread(cx), Location::caller()))?;
        let bytes = self.unread.bytes();
        let count = bytes.len().min(to.len());
        to[..count].copy_from_slice(&bytes[..count]);
        self.as_mut().consume(count);
        Poll::Ready(Ok(count))
    }
}

impl<T: Read + Send + 'static> AsyncBufRead for Unblock<T> {
    #[track_caller]
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        ready!(tell(this.poll_unread(cx), Location::caller()))?;
        Poll::Ready(Ok(this.unread.bytes()))
    }

    fn consume(mut self: Pin<&mut Self>, count: usize) {
        let unread = &mut self.unread;
        unread.start = (unread.start + count).min(unread.end);
        self.sought = None;
    }
}

/// Enough for what terminals, pipes and small files give at once. Only a reader that fills it gets a larger buffer, so
/// many idle ones cost little.
const FIRST_READ_BYTES: usize = 16 * 1024;
