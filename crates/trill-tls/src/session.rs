//! TLS over a stream: what every type of this crate is about.
//!
//! Reading takes ciphertext from the stream, gives it to rustls and takes plaintext out; it writes only what is left over
//! from writing (see [`Session::poll_plain`]). Writing never reads. So two tasks can do the one and the other.

use std::io::{self, IoSlice, Read as _, Write};
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use futures_io::{AsyncRead, AsyncWrite};
use rustls::Connection;
use trill_cell::Kind;

use crate::error::{tls, truncated};
use crate::fan::{Fan, Side};
use crate::scratch::Scratch;

/// A connection: the stream, rustls, and what lies between.
pub(crate) struct Session<S> {
    pub(crate) io: S,
    /// In a box, since it is large and the futures of programs hold streams.
    pub(crate) tls: Box<Connection>,
    /// Ciphertext that was read and that rustls has no room for yet.
    ahead: Ahead,
    /// What went wrong in what was read; told after the plaintext that came before it.
    fault: Option<rustls::Error>,
    /// Whether something was written to the stream and not flushed.
    is_dirty: bool,
    ending: Ending,
    /// Whether the peer has said that it sends no more.
    peer_has_closed: bool,
    fan: Arc<Fan>,
    /// Of the fan.
    waker: Waker,
}

/// How far closing has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Open,
    /// close_notify is among what is to be sent.
    Notified,
    /// It is sent; the stream is to be closed.
    Sent,
    Closed,
}

impl<S> Session<S> {
    /// A connection whose peer has sent `ahead` already.
    pub(crate) fn new(io: S, tls: Box<Connection>, ahead: Vec<u8>) -> Session<S> {
        let fan = Arc::new(Fan::default());
        Session {
            io,
            tls,
            ahead: Ahead {
                bytes: ahead,
                start: 0,
            },
            fault: None,
            is_dirty: false,
            ending: Ending::Open,
            peer_has_closed: false,
            waker: Waker::from(fan.clone()),
            fan,
        }
    }

    /// Says whether plaintext is there, so that reading does not wait.
    pub(crate) fn has_plain(&mut self) -> bool {
        matches!(self.tls.reader().into_first_chunk(), Ok(chunk) if !chunk.is_empty())
    }

    /// The first of the plaintext that is there, empty at the end of the stream.
    pub(crate) fn plain(&mut self) -> io::Result<&[u8]> {
        self.tls.reader().into_first_chunk()
    }

    /// Drops plaintext that was used, as far as [`Session::plain`] showed it.
    pub(crate) fn consume(&mut self, count: usize) {
        io::BufRead::consume(&mut self.tls.reader(), count);
    }

    pub(crate) fn fault(&self) -> Option<io::Error> {
        self.fault.clone().map(tls)
    }

    /// Gives rustls ciphertext as long as it has room, and takes plaintext out to `out` from `filled` on. Returns how
    /// much ciphertext was taken.
    fn feed(&mut self, bytes: &[u8], out: &mut [u8], filled: &mut usize) -> usize {
        let mut rest = bytes;
        while !rest.is_empty() && self.fault.is_none() {
            if self.has_plain() {
                *filled += take_plain(&mut self.tls, &mut out[*filled..]);
                if self.has_plain() {
                    break;
                }
            }
            match self.tls.read_tls(&mut rest) {
                // After close_notify nothing is read.
                Ok(0) => break,
                Ok(_) => match self.tls.process_new_packets() {
                    Ok(state) => self.peer_has_closed = state.peer_has_closed(),
                    Err(error) => self.fault = Some(error),
                },
                // There is neither plaintext to take out nor a record that could be complete.
                Err(error) => self.fault = Some(rustls::Error::General(error.to_string())),
            }
        }
        *filled += take_plain(&mut self.tls, &mut out[*filled..]);
        bytes.len() - rest.len()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// Waits until there is plaintext, or the end of it; an error comes after all plaintext. Puts as much as there is
    /// into `out`, and returns how much that is: 0 if it is empty, and at the end.
    ///
    /// While nothing comes, what was written goes out: who writes a request and waits for the answer does not have to
    /// flush.
    #[track_caller]
    pub(crate) fn poll_plain(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut filled = 0;
        loop {
            match self.tls.reader().into_first_chunk() {
                // The end of the stream, or data for who looks at it in place.
                Ok(chunk) if chunk.is_empty() || out.is_empty() => return Poll::Ready(Ok(filled)),
                Ok(_) => {
                    filled += take_plain(&mut self.tls, &mut out[filled..]);
                    if filled == out.len() || self.ahead.is_empty() {
                        return Poll::Ready(Ok(filled));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) if filled > 0 => return Poll::Ready(Ok(filled)),
                Err(_) => return Poll::Ready(Err(self.fault().unwrap_or_else(truncated))),
            }
            if let Some(fault) = self.fault() {
                if filled > 0 {
                    return Poll::Ready(Ok(filled));
                }
                // The peer is told why, if the stream takes it at once.
                let _ = self.poll_flush(cx, Side::Reader);
                return Poll::Ready(Err(fault));
            }
            if !self.ahead.is_empty() {
                self.feed_ahead(out, &mut filled);
            } else if filled == 0 {
                filled = ready!(self.poll_more(cx, out))?;
            }
            if filled > 0 && (filled == out.len() || self.ahead.is_empty()) {
                return Poll::Ready(Ok(filled));
            }
        }
    }

    /// Gives rustls ciphertext once: what is there, or what the stream has.
    #[track_caller]
    pub(crate) fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.ahead.is_empty() {
            return self.poll_more(cx, &mut []).map_ok(|_| ());
        }
        self.feed_ahead(&mut [], &mut 0);
        Poll::Ready(Ok(()))
    }

    fn feed_ahead(&mut self, out: &mut [u8], filled: &mut usize) {
        let mut ahead = std::mem::take(&mut self.ahead);
        ahead.start += self.feed(ahead.rest(), out, filled);
        if !ahead.is_empty() {
            self.ahead = ahead;
        }
    }

    /// Reads ciphertext from the stream once, and gives it to rustls.
    #[track_caller]
    fn poll_more(&mut self, cx: &mut Context<'_>, out: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut scratch = Scratch::take();
        // Enough for what is asked for, so that little has to be kept, and for one record at least.
        let records = out.len() / RECORD_BYTES + 1;
        let want = (records * (RECORD_BYTES + RECORD_AROUND_BYTES)).min(scratch.len());
        let count = match Pin::new(&mut self.io).poll_read(cx, &mut scratch[..want]) {
            Poll::Ready(Ok(count)) => count,
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {
                return Poll::Ready(Ok(0));
            }
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending => {
                if self.tls.wants_write() || self.is_dirty {
                    // An error is told to who writes, and the end of the stream to who reads.
                    let _ = self.poll_flush(cx, Side::Reader);
                }
                return Poll::Pending;
            }
        };
        if count == 0 {
            // From now on its reader says whether the end was announced.
            self.tls.read_tls(&mut io::empty())?;
            return Poll::Ready(Ok(0));
        }
        let mut filled = 0;
        let taken = self.feed(&scratch[..count], out, &mut filled);
        self.ahead.keep(&scratch[taken..count]);
        Poll::Ready(Ok(filled))
    }

    /// Sends what is encrypted.
    #[track_caller]
    fn poll_send(&mut self, cx: &mut Context<'_>, side: Side) -> Poll<io::Result<()>> {
        if !self.tls.wants_write() {
            return Poll::Ready(Ok(()));
        }
        let location = Location::caller();
        self.fan.register(side, cx.waker());
        let mut cx = Context::from_waker(&self.waker);
        while self.tls.wants_write() {
            let mut sink = Sink {
                io: &mut self.io,
                cx: &mut cx,
                is_pending: false,
            };
            let written = self.tls.write_tls(&mut sink);
            match written {
                _ if sink.is_pending => {
                    // The stream has told a line of this crate.
                    trill_cell::waiting(Kind::Other, 0, location);
                    return Poll::Pending;
                }
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(_) => self.is_dirty = true,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Encrypts what `write` gives to rustls, once what was encrypted before is sent, and sends as much as the stream
    /// takes.
    #[track_caller]
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(&mut rustls::Writer<'_>) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        if self.ending != Ending::Open {
            let text = "the stream was closed, so nothing can be written any more";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::BrokenPipe, text)));
        }
        if let Some(fault) = self.fault() {
            return Poll::Ready(Err(fault));
        }
        ready!(self.poll_send(cx, Side::Writer))?;
        let count = write(&mut self.tls.writer())?;
        match self.poll_send(cx, Side::Writer) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            // The rest goes out with the next write, flush or read.
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(count)),
        }
    }

    /// Sends everything, and flushes the stream.
    #[track_caller]
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>, side: Side) -> Poll<io::Result<()>> {
        ready!(self.poll_send(cx, side))?;
        if self.is_dirty {
            self.fan.register(side, cx.waker());
            let mut cx = Context::from_waker(&self.waker);
            ready!(Pin::new(&mut self.io).poll_flush(&mut cx))?;
            self.is_dirty = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Sends everything and close_notify, and closes the stream.
    #[track_caller]
    pub(crate) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            match self.ending {
                Ending::Open => {
                    // Data that cannot be sent is an error also if the peer does not listen any more.
                    ready!(self.poll_send(cx, Side::Writer))?;
                    self.tls.send_close_notify();
                    self.ending = Ending::Notified;
                }
                Ending::Notified => {
                    let flushed = ready!(self.poll_flush(cx, Side::Writer));
                    self.ending = Ending::Sent;
                    self.unless_gone(flushed)?;
                }
                Ending::Sent => {
                    self.fan.register(Side::Writer, cx.waker());
                    let mut cx = Context::from_waker(&self.waker);
                    let closed = ready!(Pin::new(&mut self.io).poll_close(&mut cx));
                    self.ending = Ending::Closed;
                    self.unless_gone(closed)?;
                }
                Ending::Closed => return Poll::Ready(Ok(())),
            }
        }
    }

    /// A peer that has said goodbye may be gone before it hears ours.
    fn unless_gone(&self, result: io::Result<()>) -> io::Result<()> {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};
        match result {
            Err(error) if self.peer_has_closed => match error.kind() {
                BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected => Ok(()),
                _ => Err(error),
            },
            result => result,
        }
    }
}

/// Copies plaintext that is there; 0 if there is none.
fn take_plain(tls: &mut Connection, out: &mut [u8]) -> usize {
    if out.is_empty() {
        return 0;
    }
    tls.reader().read(out).unwrap_or(0)
}

/// Bytes that were read before they could be used.
#[derive(Debug, Default)]
struct Ahead {
    bytes: Vec<u8>,
    start: usize,
}

impl Ahead {
    fn rest(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    fn is_empty(&self) -> bool {
        self.start == self.bytes.len()
    }

    /// Keeps `bytes`, when there is nothing else.
    fn keep(&mut self, bytes: &[u8]) {
        debug_assert!(self.is_empty(), "more is read only when this is used up");
        self.start = 0;
        // The memory is given back with the last of it: an idle connection holds none.
        self.bytes = bytes.to_vec();
    }
}

/// The stream as rustls writes to it.
struct Sink<'a, 'c, S> {
    io: &'a mut S,
    cx: &'a mut Context<'c>,
    is_pending: bool,
}

impl<S> Sink<'_, '_, S> {
    fn ready(&mut self, polled: Poll<io::Result<usize>>) -> io::Result<usize> {
        match polled {
            Poll::Ready(result) => result,
            Poll::Pending => {
                self.is_pending = true;
                Err(io::ErrorKind::WouldBlock.into())
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> Write for Sink<'_, '_, S> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let polled = Pin::new(&mut *self.io).poll_write(self.cx, buf);
        self.ready(polled)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let polled = Pin::new(&mut *self.io).poll_write_vectored(self.cx, bufs);
        self.ready(polled)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The most plaintext in a record.
const RECORD_BYTES: usize = 16 * 1024;

/// What a record of TLS 1.3 has around its plaintext: five bytes before, the kind and a tag behind.
const RECORD_AROUND_BYTES: usize = 22;
