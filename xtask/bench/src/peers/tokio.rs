//! tokio's multi-threaded runtime with as many worker threads as asked for.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::ops::DerefMut;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Blocking, Http, Net, Outside, Sync, Tasks, Time, Unix};

/// The peer.
#[derive(Debug)]
pub(crate) struct Tokio;

/// `JoinHandle` without its error, as the rows never cancel a task they await.
pub(crate) struct Task<T>(tokio::task::JoinHandle<T>);

impl<T> Future for Task<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        Pin::new(&mut self.0)
            .poll(cx)
            .map(|result| result.expect("no row awaits a task that panics or is aborted"))
    }
}

impl<T> From<tokio::task::JoinHandle<T>> for Task<T> {
    fn from(handle: tokio::task::JoinHandle<T>) -> Self {
        Self(handle)
    }
}

impl Tasks for Tokio {
    type Task<T: Send + 'static> = Task<T>;

    fn run<T, F>(workers: usize, root: F) -> io::Result<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(workers)
            .enable_all()
            .build()?;
        let output = super::wait_for(root, |root| {
            runtime.spawn(root.run());
        });
        runtime.shutdown_background();
        output
    }

    fn spawn<T, F>(future: F) -> Task<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        Task(tokio::spawn(future))
    }

    fn detach<T: Send + 'static>(task: Task<T>) {
        drop(task);
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        tokio::task::yield_now()
    }
}

impl Outside for Tokio {
    type Handle = tokio::runtime::Handle;

    fn handle() -> Self::Handle {
        tokio::runtime::Handle::current()
    }

    fn spawn_on(handle: &Self::Handle, future: impl Future<Output = ()> + Send + 'static) {
        drop(handle.spawn(future));
    }
}

impl Sync for Tokio {
    type Sender = tokio::sync::mpsc::Sender<u64>;
    type Receiver = tokio::sync::mpsc::Receiver<u64>;
    type Mutex = tokio::sync::Mutex<u64>;

    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver) {
        tokio::sync::mpsc::channel(capacity)
    }

    async fn send(sender: &Self::Sender, message: u64) {
        let sent = sender.send(message).await;
        sent.expect("every row receives until its senders are done");
    }

    fn recv(receiver: &mut Self::Receiver) -> impl Future<Output = Option<u64>> + Send {
        receiver.recv()
    }

    fn mutex() -> Self::Mutex {
        tokio::sync::Mutex::new(0)
    }

    fn lock(
        mutex: &Self::Mutex,
    ) -> impl Future<Output = impl DerefMut<Target = u64> + Send> + Send {
        mutex.lock()
    }
}

impl Time for Tokio {
    type Sleep = tokio::time::Sleep;

    fn sleep_until(deadline: Instant) -> Self::Sleep {
        tokio::time::sleep_until(deadline.into())
    }

    fn reset(sleep: Pin<&mut Self::Sleep>, deadline: Instant) {
        sleep.reset(deadline.into());
    }

    async fn timeout<F: Future + Send>(limit: Duration, future: F) -> Option<F::Output>
    where
        F::Output: Send,
    {
        tokio::time::timeout(limit, future).await.ok()
    }
}

impl Blocking for Tokio {
    async fn unblock<T, W>(work: W) -> T
    where
        W: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let done = tokio::task::spawn_blocking(work).await;
        done.expect("no row panics on the pool")
    }
}

impl Net for Tokio {
    type Listener = tokio::net::TcpListener;
    type Stream = tokio::net::TcpStream;

    fn listen(listener: std::net::TcpListener) -> io::Result<Self::Listener> {
        tokio::net::TcpListener::from_std(listener)
    }

    async fn accept(listener: &Self::Listener) -> io::Result<Self::Stream> {
        Ok(listener.accept().await?.0)
    }

    fn connect(address: SocketAddr) -> impl Future<Output = io::Result<Self::Stream>> + Send {
        tokio::net::TcpStream::connect(address)
    }

    fn set_nodelay(stream: &Self::Stream) -> io::Result<()> {
        stream.set_nodelay(true)
    }

    async fn read(stream: &mut Self::Stream, buffer: &mut [u8]) -> io::Result<usize> {
        stream.read(buffer).await
    }

    async fn write_all(stream: &mut Self::Stream, bytes: &[u8]) -> io::Result<()> {
        stream.write_all(bytes).await
    }
}

impl Http for Tokio {
    type Io = hyper_util::rt::TokioIo<tokio::net::TcpStream>;

    fn io(stream: Self::Stream) -> Self::Io {
        hyper_util::rt::TokioIo::new(stream)
    }
}

impl Unix for Tokio {
    type Listening = tokio::net::UnixListener;
    type Socket = tokio::net::UnixStream;

    fn take(listener: std::os::unix::net::UnixListener) -> io::Result<Self::Listening> {
        tokio::net::UnixListener::from_std(listener)
    }

    async fn pick_up(listener: &Self::Listening) -> io::Result<Self::Socket> {
        Ok(listener.accept().await?.0)
    }

    async fn dial(path: PathBuf) -> io::Result<Self::Socket> {
        tokio::net::UnixStream::connect(path).await
    }

    async fn receive(socket: &mut Self::Socket, buffer: &mut [u8]) -> io::Result<usize> {
        socket.read(buffer).await
    }

    async fn send_all(socket: &mut Self::Socket, bytes: &[u8]) -> io::Result<()> {
        socket.write_all(bytes).await
    }
}
