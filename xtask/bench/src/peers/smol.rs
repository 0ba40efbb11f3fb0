//! smol: one static executor, run by as many threads as workers, each inside smol's own `block_on`.
//!
//! That is what `smol::spawn` does with `SMOL_THREADS` set; here the number comes as an argument.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::ops::DerefMut;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::{Duration, Instant};

use smol::io::{AsyncReadExt, AsyncWriteExt};

use super::{Blocking, Http, Net, Outside, Sync, Tasks, Time, Unix};
use crate::clock::start_thread;

static EXECUTOR: smol::Executor<'static> = smol::Executor::new();

/// The peer.
#[derive(Debug)]
pub(crate) struct Smol;

impl Tasks for Smol {
    type Task<T: Send + 'static> = smol::Task<T>;

    fn run<T, F>(workers: usize, root: F) -> io::Result<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        for index in 0..workers {
            start_thread(&format!("smol-{index}"), || {
                smol::block_on(EXECUTOR.run(std::future::pending::<()>()))
            })?;
        }
        super::wait_for(root, |root| EXECUTOR.spawn(root.run()).detach())
    }

    fn spawn<T, F>(future: F) -> smol::Task<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        EXECUTOR.spawn(future)
    }

    fn detach<T: Send + 'static>(task: smol::Task<T>) {
        task.detach();
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        smol::future::yield_now()
    }
}

impl Outside for Smol {
    type Handle = ();

    fn handle() -> Self::Handle {}

    fn spawn_on((): &Self::Handle, future: impl Future<Output = ()> + Send + 'static) {
        EXECUTOR.spawn(future).detach();
    }
}

impl Sync for Smol {
    type Sender = smol::channel::Sender<u64>;
    type Receiver = smol::channel::Receiver<u64>;
    type Mutex = smol::lock::Mutex<u64>;

    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver) {
        smol::channel::bounded(capacity)
    }

    async fn send(sender: &Self::Sender, message: u64) {
        let sent = sender.send(message).await;
        sent.expect("every row receives until its senders are done");
    }

    async fn recv(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.recv().await.ok()
    }

    fn mutex() -> Self::Mutex {
        smol::lock::Mutex::new(0)
    }

    fn lock(
        mutex: &Self::Mutex,
    ) -> impl Future<Output = impl DerefMut<Target = u64> + Send> + Send {
        mutex.lock()
    }
}

impl Time for Smol {
    type Sleep = smol::Timer;

    fn sleep_until(deadline: Instant) -> Self::Sleep {
        smol::Timer::at(deadline)
    }

    fn reset(sleep: Pin<&mut Self::Sleep>, deadline: Instant) {
        sleep.get_mut().set_at(deadline);
    }

    fn timeout<F: Future + Send>(
        limit: Duration,
        future: F,
    ) -> impl Future<Output = Option<F::Output>> + Send
    where
        F::Output: Send,
    {
        smol::future::or(async { Some(future.await) }, async move {
            smol::Timer::after(limit).await;
            None
        })
    }
}

impl Blocking for Smol {
    fn unblock<T, W>(work: W) -> impl Future<Output = T> + Send
    where
        W: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        smol::unblock(work)
    }
}

impl Net for Smol {
    type Listener = smol::net::TcpListener;
    type Stream = smol::net::TcpStream;

    fn listen(listener: std::net::TcpListener) -> io::Result<Self::Listener> {
        smol::net::TcpListener::try_from(listener)
    }

    async fn accept(listener: &Self::Listener) -> io::Result<Self::Stream> {
        Ok(listener.accept().await?.0)
    }

    fn connect(address: SocketAddr) -> impl Future<Output = io::Result<Self::Stream>> + Send {
        smol::net::TcpStream::connect(address)
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

impl Http for Smol {
    type Io = smol_hyper::rt::FuturesIo<smol::net::TcpStream>;

    fn io(stream: Self::Stream) -> Self::Io {
        smol_hyper::rt::FuturesIo::new(stream)
    }
}

impl Unix for Smol {
    type Listening = smol::net::unix::UnixListener;
    type Socket = smol::net::unix::UnixStream;

    fn take(listener: std::os::unix::net::UnixListener) -> io::Result<Self::Listening> {
        smol::net::unix::UnixListener::try_from(listener)
    }

    async fn pick_up(listener: &Self::Listening) -> io::Result<Self::Socket> {
        Ok(listener.accept().await?.0)
    }

    async fn dial(path: PathBuf) -> io::Result<Self::Socket> {
        smol::net::unix::UnixStream::connect(path).await
    }

    async fn receive(socket: &mut Self::Socket, buffer: &mut [u8]) -> io::Result<usize> {
        socket.read(buffer).await
    }

    async fn send_all(socket: &mut Self::Socket, bytes: &[u8]) -> io::Result<()> {
        socket.write_all(bytes).await
    }
}
