//! A pipe in memory, of which the script is the other end.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures_lite::io::{AsyncRead, AsyncWrite};

/// Both ends of it; clones are the same pipe.
#[derive(Clone, Default)]
pub(crate) struct Pipe(Rc<RefCell<State>>);

#[derive(Default)]
struct State {
    bytes: VecDeque<u8>,
    /// How many bytes fit in.
    room: usize,
    ended: bool,
    closed: u32,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Pipe {
    /// Makes a pipe that holds up to `room` bytes of who writes to it.
    pub(crate) fn new(room: usize) -> Pipe {
        let pipe = Pipe::default();
        pipe.0.borrow_mut().room = room;
        pipe
    }

    /// Puts bytes in for who reads.
    pub(crate) fn feed(&self, bytes: &[u8]) {
        let mut state = self.0.borrow_mut();
        state.bytes.extend(bytes);
        wake(&mut state.reader);
    }

    /// There is no more to read.
    pub(crate) fn end(&self) {
        let mut state = self.0.borrow_mut();
        state.ended = true;
        wake(&mut state.reader);
    }

    /// Takes what was written, and makes room for as much.
    pub(crate) fn take(&self) -> Vec<u8> {
        let mut state = self.0.borrow_mut();
        wake(&mut state.writer);
        state.bytes.drain(..).collect()
    }

    /// Makes room for everything.
    pub(crate) fn open_wide(&self) {
        let mut state = self.0.borrow_mut();
        state.room = usize::MAX;
        wake(&mut state.writer);
    }

    /// How often it was closed.
    pub(crate) fn closed(&self) -> u32 {
        self.0.borrow().closed
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.0.borrow_mut();
        if state.bytes.is_empty() && !state.ended {
            state.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let count = buf.len().min(state.bytes.len());
        for (place, byte) in buf.iter_mut().zip(state.bytes.drain(..count)) {
            *place = byte;
        }
        wake(&mut state.writer);
        Poll::Ready(Ok(count))
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.0.borrow_mut();
        let count = bytes
            .len()
            .min(state.room.saturating_sub(state.bytes.len()));
        if count == 0 && !bytes.is_empty() {
            state.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        state.bytes.extend(&bytes[..count]);
        wake(&mut state.reader);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.0.borrow_mut();
        state.closed += 1;
        state.ended = true;
        wake(&mut state.reader);
        Poll::Ready(Ok(()))
    }
}
