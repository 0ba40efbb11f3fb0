//! What a row needs of a runtime, in traits; one file per runtime implements them.
//!
//! The rows are generic over these traits, so every peer runs the same code: monomorphized, without
//! a box or a dynamic call between the row and the runtime. The traits are split by what a runtime
//! can do, so that a runtime without one of them still runs the rows of the others.

pub(crate) mod compio;
mod confined;
pub(crate) mod files;
pub(crate) mod local;
pub(crate) mod monoio;
pub(crate) mod process;
pub(crate) mod python;
pub(crate) mod smol;
pub(crate) mod tls;
pub(crate) mod tokio;
pub(crate) mod trill;
pub(crate) mod udp;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::ops::DerefMut;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::args::One;
use crate::bare::Answer;
use crate::flavour::Flavour;
use crate::rows::{PeerName, Work};
use crate::work::{self, Plan};

use self::process::Process;
pub(crate) use self::tls::Tls;

/// Runs a row once with a peer; `None` if that peer cannot do it.
///
/// # Errors
///
/// When the operating system refuses a thread, a socket or memory that the row needs.
pub(crate) fn measure(peer: PeerName, work: Work, plan: &Plan) -> Option<io::Result<Vec<f64>>> {
    if let Some(done) = work::served(work, plan) {
        return Some(done);
    }
    if let Work::File(work) = work {
        return files::measure(peer, work, plan);
    }
    if let Work::Udp(work) = work {
        return udp::measure(peer, work, plan);
    }
    match (peer, plan.one.flavour) {
        (PeerName::Bare, _) if work == Work::Children => Some(work::process::bare(plan)),
        (PeerName::Bare, _) if work == Work::SleepCpu => Some(work::bare_sleeps::run(plan)),
        (PeerName::Bare, _) if work == Work::ForeignWake => Some(work::bare_wake::run(plan)),
        (PeerName::Tokio, Flavour::Workers(_)) => complete::<tokio::Tokio>(work, plan),
        (PeerName::Smol, Flavour::Workers(_)) => complete::<smol::Smol>(work, plan),
        (PeerName::Trill, Flavour::Workers(_)) => complete::<trill::Trill>(work, plan),
        (PeerName::Tokio, Flavour::Local) => rows::<local::LocalTokio>(work, plan),
        (PeerName::Smol, Flavour::Local) => rows::<local::LocalSmol>(work, plan),
        (PeerName::Trill, Flavour::Local) => rows::<local::LocalTrill>(work, plan),
        (PeerName::Monoio, _) => schedule::<monoio::Monoio>(work, plan),
        (PeerName::Compio, _) => schedule::<compio::Compio>(work, plan),
        (PeerName::Asyncio | PeerName::Uvloop, _) => Some(python::measure(plan)),
        (PeerName::Bare | PeerName::Before | PeerName::TrillRing, _) => None,
    }
}

/// Runs the echo server of a peer on `listener`; returns only if that is impossible.
///
/// # Errors
///
/// When the operating system refuses, or the peer has no sockets.
pub(crate) fn serve(
    peer: PeerName,
    flavour: Flavour,
    listener: std::net::TcpListener,
    buffer_bytes: usize,
) -> io::Result<()> {
    match (peer, flavour) {
        (PeerName::Tokio, Flavour::Workers(workers)) => {
            work::net::serve::<tokio::Tokio>(workers, listener, buffer_bytes)
        }
        (PeerName::Smol, Flavour::Workers(workers)) => {
            work::net::serve::<smol::Smol>(workers, listener, buffer_bytes)
        }
        (PeerName::Trill, Flavour::Workers(workers)) => {
            work::net::serve::<trill::Trill>(workers, listener, buffer_bytes)
        }
        (PeerName::Tokio, Flavour::Local) => {
            work::net::serve::<local::LocalTokio>(1, listener, buffer_bytes)
        }
        (PeerName::Smol, Flavour::Local) => {
            work::net::serve::<local::LocalSmol>(1, listener, buffer_bytes)
        }
        (PeerName::Trill, Flavour::Local) => {
            work::net::serve::<local::LocalTrill>(1, listener, buffer_bytes)
        }
        (PeerName::Bare, _) => {
            crate::bare::serve(listener, flavour.workers(), buffer_bytes, Answer::Echo)
        }
        (PeerName::Monoio, _) => monoio::serve(listener, buffer_bytes),
        (PeerName::Compio, _) => compio::serve(listener, buffer_bytes),
        (PeerName::Asyncio | PeerName::Uvloop | PeerName::Before | PeerName::TrillRing, _) => Err(
            io::Error::other("this peer is served by a program of its own"),
        ),
    }
}

/// Runs what serves HTTP, a proxy or, on the socket for them, calls; returns only if that is impossible.
///
/// # Errors
///
/// When the operating system refuses, or the peer has no such server.
pub(crate) fn serve_rows(
    one: &One,
    work: Work,
    listener: std::net::TcpListener,
    calls: Option<UnixListener>,
) -> io::Result<()> {
    match one.peer {
        PeerName::Tokio => serve_row::<tokio::Tokio>(one, work, listener, calls),
        PeerName::Smol => serve_row::<smol::Smol>(one, work, listener, calls),
        PeerName::Trill => serve_row::<trill::Trill>(one, work, listener, calls),
        PeerName::Bare => {
            let threads = one.flavour.workers();
            crate::bare::serve(listener, threads, BARE_BUFFER_BYTES, Answer::Http)
        }
        peer => Err(io::Error::other(format!("{peer} has no such server"))),
    }
}

fn serve_row<P: Http + Unix>(
    one: &One,
    work: Work,
    listener: std::net::TcpListener,
    calls: Option<UnixListener>,
) -> io::Result<()> {
    let workers = one.flavour.workers();
    match work {
        Work::Http { page, .. } => work::http::serve::<P>(workers, listener, page),
        Work::Proxy { .. } => {
            let backend = one
                .backend
                .ok_or_else(|| io::Error::other("a proxy needs --backend"))?;
            work::http::proxy::<P>(workers, listener, backend)
        }
        Work::Rpc { .. } => {
            let calls = calls.ok_or_else(|| io::Error::other("calls come over a Unix socket"))?;
            work::rpc::serve::<P>(workers, calls)
        }
        _ => Err(io::Error::other("this row has no server of its own")),
    }
}

/// Holds many pipelined requests.
const BARE_BUFFER_BYTES: usize = 8 << 10;

/// Runs a row that needs no more than tasks and timers.
fn schedule<P: Tasks + Timers>(work: Work, plan: &Plan) -> Option<io::Result<Vec<f64>>> {
    work::tasks::run::<P>(work, plan).or_else(|| work::time::run::<P>(work, plan))
}

/// Runs a row with a peer that has everything, on one thread or several.
fn rows<P: Tasks + Sync + Time + Blocking + Net>(
    work: Work,
    plan: &Plan,
) -> Option<io::Result<Vec<f64>>> {
    schedule::<P>(work, plan)
        .or_else(|| work::sync::run::<P>(work, plan))
        .or_else(|| work::blocking::run::<P>(work, plan))
        .or_else(|| work::net::run::<P>(work, plan))
        .or_else(|| work::hostile::run::<P>(work, plan))
        .or_else(|| work::growth::run::<P>(work, plan))
}

/// Runs any row with a peer that has workers.
fn complete<P: Outside + Sync + Time + Blocking + Net + Tls + Unix + Process>(
    work: Work,
    plan: &Plan,
) -> Option<io::Result<Vec<f64>>> {
    if let Work::Rpc { connections } = work {
        return Some(work::rpc::run::<P>(plan, connections));
    }
    rows::<P>(work, plan)
        .or_else(|| work::outside::run::<P>(work, plan))
        .or_else(|| work::tls::run::<P>(work, plan))
        .or_else(|| work::process::run::<P>(work, plan))
}

/// Runs `root` as a task of a runtime that `start` starts, while this thread waits on a std channel.
///
/// So the calling thread neither polls tasks nor drives sockets: the workers are all there is.
pub(crate) fn wait_for<T, F>(root: F, start: impl FnOnce(Root<T, F>)) -> io::Result<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let (sender, receiver) = mpsc::sync_channel(1);
    start(Root { root, sender });
    receiver
        .recv()
        .map_err(|_| io::Error::other("the measured task panicked"))
}

/// A row's first task, and where its output goes.
pub(crate) struct Root<T, F> {
    root: F,
    sender: mpsc::SyncSender<T>,
}

impl<T, F: Future<Output = T>> Root<T, F> {
    /// Runs the row.
    pub(crate) async fn run(self) {
        let output = self.root.await;
        // The other end waits until it has this.
        let _ = self.sender.send(output);
    }
}

/// Spawning and yielding.
pub(crate) trait Tasks: Send + 'static {
    /// A handle that gives the task's output, and panics if the task did.
    type Task<T: Send + 'static>: Future<Output = T> + Send + Unpin + 'static;

    /// Runs `root` as a task of a fresh runtime with so many worker threads.
    fn run<T, F>(workers: usize, root: F) -> io::Result<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static;

    /// Spawns from inside the runtime.
    fn spawn<T, F>(future: F) -> Self::Task<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static;

    /// Lets a task run without its handle.
    fn detach<T: Send + 'static>(task: Self::Task<T>);

    /// Lets other tasks run.
    fn yield_now() -> impl Future<Output = ()> + Send;
}

/// Spawning from threads that are no workers.
pub(crate) trait Outside: Tasks {
    /// What such a thread needs.
    type Handle: Send + 'static;

    /// Makes one inside the runtime.
    fn handle() -> Self::Handle;
    /// Spawns a task that nobody awaits.
    fn spawn_on(handle: &Self::Handle, future: impl Future<Output = ()> + Send + 'static);
}

/// Channels and locks.
pub(crate) trait Sync: Tasks {
    /// The sending half of a bounded channel.
    type Sender: Clone + Send + 'static;
    /// The receiving half.
    type Receiver: Send + 'static;
    /// An async mutex around a number.
    type Mutex: Send + std::marker::Sync + 'static;

    /// Makes a channel for `capacity` messages.
    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver);
    /// Sends, waiting for room. The receiver is alive.
    fn send(sender: &Self::Sender, message: u64) -> impl Future<Output = ()> + Send;
    /// Receives, or `None` once all senders are gone.
    fn recv(receiver: &mut Self::Receiver) -> impl Future<Output = Option<u64>> + Send;
    /// Makes a mutex around zero.
    fn mutex() -> Self::Mutex;
    /// Locks it.
    fn lock(mutex: &Self::Mutex)
    -> impl Future<Output = impl DerefMut<Target = u64> + Send> + Send;
}

/// Waiting for a time.
pub(crate) trait Timers: Tasks {
    /// Waits until an instant: the peer's own future, without a wrapper that would make it larger.
    fn sleep(deadline: Instant) -> impl Future<Output = impl Send> + Send;
    /// Runs `future` for at most `limit`; `None` when that was not enough.
    fn limit<F: Future + Send>(
        limit: Duration,
        future: F,
    ) -> impl Future<Output = Option<F::Output>> + Send
    where
        F::Output: Send;
}

/// Timers that have a name and can be moved.
pub(crate) trait Time: Tasks {
    /// The peer's own timer.
    type Sleep: Future<Output: Send> + Send + 'static;

    /// A timer for an instant.
    fn sleep_until(deadline: Instant) -> Self::Sleep;
    /// Moves it to another one.
    fn reset(sleep: Pin<&mut Self::Sleep>, deadline: Instant);
    /// Runs `future` for at most `limit`; `None` when that was not enough.
    fn timeout<F: Future + Send>(
        limit: Duration,
        future: F,
    ) -> impl Future<Output = Option<F::Output>> + Send
    where
        F::Output: Send;
}

impl<P: Time> Timers for P {
    fn sleep(deadline: Instant) -> impl Future<Output = impl Send> + Send {
        P::sleep_until(deadline)
    }

    fn limit<F: Future + Send>(
        limit: Duration,
        future: F,
    ) -> impl Future<Output = Option<F::Output>> + Send
    where
        F::Output: Send,
    {
        P::timeout(limit, future)
    }
}

/// The pool for blocking work.
pub(crate) trait Blocking: Tasks {
    /// Runs `work` on the pool.
    fn unblock<T, W>(work: W) -> impl Future<Output = T> + Send
    where
        W: FnOnce() -> T + Send + 'static,
        T: Send + 'static;
}

/// What hyper needs of a socket.
pub(crate) trait Http: Net + Blocking {
    /// The socket with hyper's traits.
    type Io: hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static;

    /// Puts them on.
    fn io(stream: Self::Stream) -> Self::Io;
}

/// Unix sockets.
pub(crate) trait Unix: Tasks {
    /// A listening socket.
    type Listening: Send + std::marker::Sync + 'static;
    /// A connected socket.
    type Socket: Send + 'static;

    /// Takes over a listening socket, which is in non-blocking mode, inside the runtime.
    fn take(listener: UnixListener) -> io::Result<Self::Listening>;
    /// Accepts a connection.
    fn pick_up(listener: &Self::Listening)
    -> impl Future<Output = io::Result<Self::Socket>> + Send;
    /// Connects.
    fn dial(path: PathBuf) -> impl Future<Output = io::Result<Self::Socket>> + Send;
    /// Reads some bytes, or 0 at the end.
    fn receive(
        socket: &mut Self::Socket,
        buffer: &mut [u8],
    ) -> impl Future<Output = io::Result<usize>> + Send;
    /// Writes all bytes.
    fn send_all(
        socket: &mut Self::Socket,
        bytes: &[u8],
    ) -> impl Future<Output = io::Result<()>> + Send;
}

/// TCP.
pub(crate) trait Net: Tasks {
    /// A listening socket.
    type Listener: Send + std::marker::Sync + 'static;
    /// A connected socket.
    type Stream: Send + 'static;

    /// Takes over a listening socket, which is in non-blocking mode, inside the runtime.
    fn listen(listener: std::net::TcpListener) -> io::Result<Self::Listener>;
    /// Accepts a connection.
    fn accept(listener: &Self::Listener) -> impl Future<Output = io::Result<Self::Stream>> + Send;
    /// Connects.
    fn connect(address: SocketAddr) -> impl Future<Output = io::Result<Self::Stream>> + Send;
    /// Sends small writes at once.
    fn set_nodelay(stream: &Self::Stream) -> io::Result<()>;
    /// Reads some bytes, or 0 at the end.
    fn read(
        stream: &mut Self::Stream,
        buffer: &mut [u8],
    ) -> impl Future<Output = io::Result<usize>> + Send;
    /// Writes all bytes.
    fn write_all(
        stream: &mut Self::Stream,
        bytes: &[u8],
    ) -> impl Future<Output = io::Result<()>> + Send;
}
