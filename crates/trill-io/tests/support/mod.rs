//! Streams that do what a test says.
#![allow(dead_code, unreachable_pub)] // No file needs all of it.
#![allow(clippy::unwrap_used)] // Only tests call it.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};

use futures_io::{AsyncRead, AsyncWrite};
use trill_cell::Kind;

/// What a scripted reader does next.
#[derive(Debug)]
pub enum Event {
    Data(Vec<u8>),
    /// Returns `Pending` once, and wakes at once.
    Wait,
    /// Returns `Pending` until the end of the test.
    Hang,
    Fail(io::Error),
}

/// A reader that follows a script, and then has ended.
#[derive(Debug, Default)]
pub struct Script {
    pub events: VecDeque<Event>,
    /// How often it was polled after its end.
    pub after_end: usize,
    ended: bool,
}

impl Script {
    pub fn new(events: impl IntoIterator<Item = Event>) -> Script {
        Script {
            events: events.into_iter().collect(),
            ..Script::default()
        }
    }

    /// `data` in pieces, with a wait before each; a bit of `cuts` says whether to cut after that byte.
    pub fn cut(data: &[u8], cuts: u64) -> Script {
        let mut events = Vec::new();
        let mut piece = Vec::new();
        for (at, byte) in data.iter().enumerate() {
            piece.push(*byte);
            if at + 1 == data.len() || cuts >> (at % 64) & 1 == 1 {
                events.push(Event::Wait);
                events.push(Event::Data(std::mem::take(&mut piece)));
            }
        }
        events.push(Event::Wait);
        Script::new(events)
    }
}

impl AsyncRead for Script {
    #[track_caller]
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match self.events.pop_front() {
            Some(Event::Data(mut data)) => {
                let count = data.len().min(buf.len());
                buf[..count].copy_from_slice(&data[..count]);
                let rest = data.split_off(count);
                if !rest.is_empty() {
                    self.events.push_front(Event::Data(rest));
                }
                Poll::Ready(Ok(count))
            }
            Some(Event::Wait) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Event::Hang) => {
                self.events.push_front(Event::Hang);
                trill_cell::waiting(Kind::Readable, 1, Location::caller());
                Poll::Pending
            }
            Some(Event::Fail(error)) => Poll::Ready(Err(error)),
            None => {
                self.after_end += usize::from(self.ended);
                self.ended = true;
                Poll::Ready(Ok(0))
            }
        }
    }
}

/// A writer that takes as much as a test allows.
#[derive(Clone, Debug, Default)]
pub struct Sink(Arc<Mutex<Inside>>);

#[derive(Debug, Default)]
pub struct Inside {
    /// How many bytes it still takes.
    pub room: usize,
    /// How many bytes it takes at most in one write; 0 means any number.
    pub at_once: usize,
    pub taken: Vec<u8>,
    /// Fails every write and flush with this error.
    pub error: Option<io::ErrorKind>,
    pub polls: usize,
    pub flushes: usize,
    pub closes: usize,
    /// Waits in flush and close.
    pub holds_end: bool,
    pub panics: bool,
    pub drops: usize,
    /// Only the last that polled, as most streams do.
    pub waker: Option<Waker>,
    /// Runs once, inside the next poll: what another thread would do meanwhile.
    pub meanwhile: Meanwhile,
}

#[derive(Default)]
pub struct Meanwhile(pub Option<Box<dyn FnOnce() + Send>>);

impl std::fmt::Debug for Meanwhile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Meanwhile")
    }
}

impl Sink {
    pub fn new(room: usize) -> Sink {
        let sink = Sink::default();
        sink.inside().room = room;
        sink
    }

    pub fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap()
    }

    /// The end that a writer writes to.
    pub fn end(&self) -> SinkEnd {
        SinkEnd(self.clone())
    }

    /// Takes `room` more bytes from now on.
    pub fn allow(&self, room: usize) {
        let mut inside = self.inside();
        inside.room += room;
        let waker = inside.waker.take();
        drop(inside);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Runs `body` inside the next poll of the stream.
    pub fn meanwhile(&self, body: impl FnOnce() + Send + 'static) {
        self.inside().meanwhile.0 = Some(Box::new(body));
    }

    pub fn fail(&self, kind: io::ErrorKind) {
        self.inside().error = Some(kind);
        self.allow(0);
    }

    pub fn taken(&self) -> Vec<u8> {
        self.inside().taken.clone()
    }
}

/// What a writer owns of a [`Sink`].
#[derive(Debug)]
pub struct SinkEnd(Sink);

impl Drop for SinkEnd {
    fn drop(&mut self) {
        if let Ok(mut inside) = self.0.0.lock() {
            inside.drops += 1;
        }
    }
}

impl SinkEnd {
    #[track_caller]
    fn poll(
        &self,
        cx: &mut Context<'_>,
        step: impl FnOnce(&mut Inside) -> Option<usize>,
    ) -> Poll<io::Result<usize>> {
        let meanwhile = self.0.0.lock().unwrap().meanwhile.0.take();
        if let Some(meanwhile) = meanwhile {
            meanwhile();
        }
        let mut inside = self.0.0.lock().unwrap();
        inside.polls += 1;
        if inside.panics {
            drop(inside);
            panic!("a stream that panics");
        }
        if let Some(kind) = inside.error {
            return Poll::Ready(Err(kind.into()));
        }
        match step(&mut inside) {
            Some(count) => Poll::Ready(Ok(count)),
            None => {
                inside.waker = Some(cx.waker().clone());
                trill_cell::waiting(Kind::Writable, 2, Location::caller());
                Poll::Pending
            }
        }
    }
}

impl AsyncWrite for SinkEnd {
    #[track_caller]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll(cx, |inside| {
            let most = match inside.at_once {
                0 => inside.room,
                at_once => inside.room.min(at_once),
            };
            let count = buf.len().min(most);
            inside.room -= count;
            inside.taken.extend_from_slice(&buf[..count]);
            (count > 0).then_some(count)
        })
    }

    #[track_caller]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(cx, |inside| {
            inside.flushes += usize::from(!inside.holds_end);
            (!inside.holds_end).then_some(0)
        })
        .map_ok(|_| ())
    }

    #[track_caller]
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(cx, |inside| {
            inside.closes += usize::from(!inside.holds_end);
            (!inside.holds_end).then_some(0)
        })
        .map_ok(|_| ())
    }
}

/// A future, polled by hand as a task of its own would be.
pub struct Hand<F: Future> {
    future: Pin<Box<F>>,
    wakes: Arc<Wakes>,
    waker: Waker,
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Wakes>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl<F: Future> Hand<F> {
    pub fn new(future: F) -> Hand<F> {
        let wakes = Arc::new(Wakes::default());
        Hand {
            future: Box::pin(future),
            waker: Waker::from(wakes.clone()),
            wakes,
        }
    }

    pub fn poll(&mut self) -> Poll<F::Output> {
        self.future
            .as_mut()
            .poll(&mut Context::from_waker(&self.waker))
    }

    /// How often it was woken since this was last asked.
    pub fn wakes(&self) -> usize {
        self.wakes.0.swap(0, Ordering::Relaxed)
    }

    /// Polls it if it was woken, and asserts that it was, and that it is ready.
    #[track_caller]
    pub fn woken_ready(&mut self) -> F::Output {
        assert!(self.wakes() > 0, "it was not woken");
        match self.poll() {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("it is not ready"),
        }
    }
}

/// Polls a future that is ready.
#[track_caller]
pub fn ready<F: Future>(future: F) -> F::Output {
    match Hand::new(future).poll() {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it is not ready"),
    }
}

/// Chance that is the same each time.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.next() as usize % n
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }
}
