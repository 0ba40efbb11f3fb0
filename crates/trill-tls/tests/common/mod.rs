//! What the tests have in common: a pipe in memory, and who trusts whom.
#![allow(dead_code)] // Each test uses a part of it.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, UNIX_EPOCH};

use futures_io::{AsyncRead, AsyncWrite};
use trill_tls::self_signed::Authority;
use trill_tls::{
    Identity, TlsAcceptor, TlsAcceptorBuilder, TlsConnector, TlsConnectorBuilder, TlsStream,
};

/// The certificates of all tests: made once, since that takes time.
pub(crate) struct Trust {
    pub(crate) authority: Authority,
    pub(crate) other: Authority,
    pub(crate) localhost: Identity,
    pub(crate) expired: Identity,
    pub(crate) client: Identity,
    pub(crate) foreign_client: Identity,
}

pub(crate) static TRUST: LazyLock<Trust> = LazyLock::new(|| {
    let authority = Authority::new("trill tests").unwrap();
    let other = Authority::new("somebody else").unwrap();
    let expired = authority.issue_for_time(["localhost"], years(30), years(31));
    Trust {
        localhost: issue(&authority, "localhost"),
        expired: expired.unwrap().into_identity(),
        client: issue(&authority, "client"),
        foreign_client: issue(&other, "client"),
        authority,
        other,
    }
});

/// So many years after 1970.
pub(crate) fn years(count: u32) -> std::time::SystemTime {
    UNIX_EPOCH + Duration::from_secs(31_556_952) * count
}

pub(crate) fn issue(authority: &Authority, name: &str) -> Identity {
    authority.issue([name]).unwrap().into_identity()
}

pub(crate) fn accepting() -> TlsAcceptorBuilder {
    TlsAcceptor::builder().identity(TRUST.localhost.clone())
}

pub(crate) fn connecting() -> TlsConnectorBuilder {
    TlsConnector::builder().roots(TRUST.authority.roots())
}

/// Both ends of a connection in memory.
pub(crate) type Pair = (TlsStream<End>, TlsStream<End>);

/// Shakes hands over a pipe of `room` bytes each way: the client's end, the server's end.
pub(crate) fn agreed(room: usize) -> Pair {
    agreed_over(pipe(room))
}

pub(crate) fn agreed_over((near, far): (End, End)) -> Pair {
    let (client, server) = shake(
        &connecting().build().unwrap(),
        &accepting().build().unwrap(),
        (near, far),
    );
    (client.unwrap(), server.unwrap())
}

/// What became of both sides of a handshake, the client's first.
pub(crate) fn shake(
    connector: &TlsConnector,
    acceptor: &TlsAcceptor,
    (near, far): (End, End),
) -> (io::Result<TlsStream<End>>, io::Result<TlsStream<End>>) {
    both(connector.connect("localhost", near), acceptor.accept(far))
}

/// Shakes hands, and lets the server say something that the client hears.
pub(crate) fn greet(connector: &TlsConnector, acceptor: &TlsAcceptor, (near, far): (End, End)) {
    // The server is done when its tickets are read, which the client does when it reads on.
    let client = async {
        let mut tls = connector.connect("localhost", near).await.unwrap();
        let mut buffer = [0; 2];
        tls.read_exact(&mut buffer).await.unwrap();
        buffer
    };
    let server = async {
        let mut tls = acceptor.accept(far).await.unwrap();
        tls.write_all(b"hi").await.unwrap();
        tls.flush().await.unwrap();
    };
    assert_eq!(&both(client, server).0, b"hi");
}

/// Runs two futures to their ends, side by side, and panics if both wait for ever.
pub(crate) fn both<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut a_out, mut b_out) = (None, None);
    let woken = [Woken::new(), Woken::new()];
    while a_out.is_none() || b_out.is_none() {
        let mut moved = false;
        if a_out.is_none() && woken[0].take() {
            moved = true;
            a_out = ready(woken[0].poll(a.as_mut()));
        }
        if b_out.is_none() && woken[1].take() {
            moved = true;
            b_out = ready(woken[1].poll(b.as_mut()));
        }
        let (a, b) = (a_out.is_none(), b_out.is_none());
        assert!(
            moved,
            "nobody is woken; still waiting: the first {a}, the second {b}"
        );
    }
    (a_out.unwrap(), b_out.unwrap())
}

/// Runs one future that nobody outside has to wake.
pub(crate) fn alone<A: Future>(a: A) -> A::Output {
    both(a, async {}).0
}

fn ready<T>(polled: Poll<T>) -> Option<T> {
    match polled {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// Counts wakes.
pub(crate) struct Woken(AtomicUsize);

impl Woken {
    /// Woken once, so that it is polled first.
    pub(crate) fn new() -> Arc<Woken> {
        Arc::new(Woken(AtomicUsize::new(1)))
    }

    pub(crate) fn take(&self) -> bool {
        self.0.swap(0, Ordering::Relaxed) > 0
    }

    pub(crate) fn poll<F: Future>(self: &Arc<Self>, future: Pin<&mut F>) -> Poll<F::Output> {
        let waker = Waker::from(self.clone());
        future.poll(&mut Context::from_waker(&waker))
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// One end of a pipe in memory.
#[derive(Debug)]
pub(crate) struct End {
    incoming: Arc<Mutex<Flow>>,
    outgoing: Arc<Mutex<Flow>>,
    /// The most bytes that one call moves.
    step: usize,
    /// How often it was read from.
    pub(crate) reads: Arc<AtomicUsize>,
}

/// One direction.
#[derive(Debug, Default)]
struct Flow {
    bytes: VecDeque<u8>,
    room: usize,
    /// No more comes.
    ended: bool,
    /// Nobody reads.
    deaf: bool,
    /// How many bytes have been written.
    carried: usize,
    /// After how many the connection is cut.
    cut_at: usize,
    is_cut: bool,
    flushes: usize,
    /// As of a socket: one waker for each direction, the last one.
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// A pipe that holds `room` bytes in each direction.
pub(crate) fn pipe(room: usize) -> (End, End) {
    pipe_in_steps(room, usize::MAX)
}

/// A pipe of which one call moves at most `step` bytes.
pub(crate) fn pipe_in_steps(room: usize, step: usize) -> (End, End) {
    let flow = || {
        Arc::new(Mutex::new(Flow {
            room,
            cut_at: usize::MAX,
            ..Flow::default()
        }))
    };
    let (there, back) = (flow(), flow());
    let end = |incoming: &Arc<Mutex<Flow>>, outgoing: &Arc<Mutex<Flow>>| End {
        incoming: incoming.clone(),
        outgoing: outgoing.clone(),
        step,
        reads: Arc::default(),
    };
    (end(&back, &there), end(&there, &back))
}

impl End {
    /// Cuts both directions once this end has written `count` bytes.
    pub(crate) fn cut_after(&self, count: usize) {
        let mut flow = lock(&self.outgoing);
        flow.cut_at = count;
        flow.is_cut |= flow.carried >= count;
    }

    /// Tells how many bytes this end has written, also when it is gone.
    pub(crate) fn carried_by(&self) -> impl Fn() -> usize + use<> {
        let flow = self.outgoing.clone();
        move || lock(&flow).carried
    }

    /// How many bytes this end has written.
    pub(crate) fn carried(&self) -> usize {
        lock(&self.outgoing).carried
    }

    /// How often this end was flushed.
    pub(crate) fn flushes(&self) -> usize {
        lock(&self.outgoing).flushes
    }

    /// Changes how much this end can write before the other reads.
    pub(crate) fn set_room(&self, room: usize) {
        let mut flow = lock(&self.outgoing);
        flow.room = room;
        wake(&mut flow.writer);
    }

    /// What lies in the pipe for the other end.
    pub(crate) fn on_the_way(&self) -> usize {
        lock(&self.outgoing).bytes.len()
    }

    fn is_cut(&self) -> bool {
        lock(&self.incoming).is_cut || lock(&self.outgoing).is_cut
    }
}

impl AsyncRead for End {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let is_cut = self.is_cut();
        let mut flow = lock(&self.incoming);
        if flow.bytes.is_empty() && !flow.ended && !is_cut {
            flow.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let count = buf.len().min(flow.bytes.len()).min(self.step);
        for (place, byte) in buf.iter_mut().zip(flow.bytes.drain(..count)) {
            *place = byte;
        }
        wake(&mut flow.writer);
        Poll::Ready(Ok(count))
    }
}

impl AsyncWrite for End {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let is_cut = self.is_cut();
        let mut flow = lock(&self.outgoing);
        if flow.deaf || flow.ended || is_cut {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let room = flow.room.saturating_sub(flow.bytes.len());
        let count = bytes
            .len()
            .min(room)
            .min(self.step)
            .min(flow.cut_at - flow.carried);
        if count == 0 {
            flow.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        flow.bytes.extend(&bytes[..count]);
        flow.carried += count;
        flow.is_cut = flow.carried == flow.cut_at;
        let is_cut = flow.is_cut;
        wake(&mut flow.reader);
        drop(flow);
        if is_cut {
            wake(&mut lock(&self.incoming).writer);
        }
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        lock(&self.outgoing).flushes += 1;
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut flow = lock(&self.outgoing);
        flow.ended = true;
        wake(&mut flow.reader);
        Poll::Ready(Ok(()))
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let mut flow = lock(&self.outgoing);
        flow.ended = true;
        wake(&mut flow.reader);
        drop(flow);
        let mut flow = lock(&self.incoming);
        flow.deaf = true;
        wake(&mut flow.writer);
    }
}

fn lock(flow: &Mutex<Flow>) -> MutexGuard<'_, Flow> {
    flow.lock().unwrap()
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

/// Bytes that differ from their neighbours, so that one too many or too few is noticed.
pub(crate) fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 31 + at / 251) as u8).collect()
}
