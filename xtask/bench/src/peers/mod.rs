//! What a row needs of a runtime, in traits; one file per runtime implements them.
//!
//! The rows are generic over these traits, so every peer runs the same code: monomorphized, without
//! a box or a dynamic call between the row and the runtime. The traits are split by what a runtime
//! can do, so that a runtime without one of them still runs the rows of the others.

pub(crate) mod smol;
pub(crate) mod tokio;
pub(crate) mod trill;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::ops::DerefMut;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::rows::{PeerName, Work};
use crate::work::{self, Plan};

/// Runs a row once with a peer; `None` if that peer cannot do it.
///
/// # Errors
///
/// When the operating system refuses a thread, a socket or memory that the row needs.
pub(crate) fn measure(peer: PeerName, work: Work, plan: &Plan) -> Option<io::Result<Vec<f64>>> {
    match peer {
        PeerName::Tokio => complete::<tokio::Tokio>(work, plan),
        PeerName::Smol => complete::<smol::Smol>(work, plan),
        PeerName::Trill => complete::<trill::Trill>(work, plan),
        PeerName::Bare => work::served(work, plan),
    }
}

/// Runs the echo server of a peer on `listener`; returns only if that is impossible.
///
/// # Errors
///
/// When the operating system refuses, or the peer has no sockets.
pub(crate) fn serve(
    peer: PeerName,
    workers: usize,
    listener: std::net::TcpListener,
    buffer_bytes: usize,
) -> io::Result<()> {
    match peer {
        PeerName::Tokio => work::net::serve::<tokio::Tokio>(workers, listener, buffer_bytes),
        PeerName::Smol => work::net::serve::<smol::Smol>(workers, listener, buffer_bytes),
        PeerName::Trill => work::net::serve::<trill::Trill>(workers, listener, buffer_bytes),
        PeerName::Bare => crate::bare::serve(listener, buffer_bytes),
    }
}

/// Runs any row with a peer that has everything.
pub(crate) fn complete<P: Tasks + Sync + Time + Blocking + Net>(
    work: Work,
    plan: &Plan,
) -> Option<io::Result<Vec<f64>>> {
    work::served(work, plan)
        .or_else(|| work::tasks::run::<P>(work, plan))
        .or_else(|| work::sync::run::<P>(work, plan))
        .or_else(|| work::time::run::<P>(work, plan))
        .or_else(|| work::blocking::run::<P>(work, plan))
        .or_else(|| work::net::run::<P>(work, plan))
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

/// Timers.
pub(crate) trait Time: Tasks {
    /// Waits until an instant: the peer's own future, without a wrapper that would make it larger.
    fn sleep_until(deadline: Instant) -> impl Future<Output = impl Send> + Send;
    /// Runs `future` for at most `limit`; `None` when that was not enough.
    fn timeout<F: Future + Send>(
        limit: Duration,
        future: F,
    ) -> impl Future<Output = Option<F::Output>> + Send
    where
        F::Output: Send;
}

/// The pool for blocking work.
pub(crate) trait Blocking: Tasks {
    /// Runs `work` on the pool.
    fn unblock<T, W>(work: W) -> impl Future<Output = T> + Send
    where
        W: FnOnce() -> T + Send + 'static,
        T: Send + 'static;
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
