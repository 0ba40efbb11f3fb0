//! trill's runtime with as many workers as asked for, the calling thread among them.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::ops::DerefMut;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::{Duration, Instant};

use super::{Blocking, Http, Net, Outside, Sync, Tasks, Time, Unix};

/// The peer.
#[derive(Debug)]
pub(crate) struct Trill;

impl Tasks for Trill {
    type Task<T: Send + 'static> = trill::Task<T>;

    fn run<T, F>(workers: usize, root: F) -> io::Result<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let runtime = trill::Runtime::builder().workers(workers).build()?;
        // The calling thread is a worker, so the number of threads that poll is that of the other peers; the root
        // is a task among others here as well.
        Ok(runtime.run(async { trill::spawn(root).await }))
    }

    fn spawn<T, F>(future: F) -> trill::Task<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        trill::spawn(future)
    }

    fn detach<T: Send + 'static>(task: trill::Task<T>) {
        task.detach();
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        trill::task::yield_now()
    }
}

impl Outside for Trill {
    type Handle = trill::Handle;

    fn handle() -> Self::Handle {
        trill::Handle::current()
    }

    fn spawn_on(handle: &Self::Handle, future: impl Future<Output = ()> + Send + 'static) {
        // It gives the future back if the runtime is gone.
        if let Ok(task) = handle.spawn(future) {
            task.detach();
        }
    }
}

impl Sync for Trill {
    type Sender = trill::channel::Sender<u64>;
    type Receiver = trill::channel::Receiver<u64>;
    type Mutex = trill::lock::Mutex<u64>;

    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver) {
        trill::channel::bounded(capacity)
    }

    async fn send(sender: &Self::Sender, message: u64) {
        let sent = sender.send(message).await;
        sent.expect("every row receives until its senders are done");
    }

    async fn recv(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.recv().await.ok()
    }

    fn mutex() -> Self::Mutex {
        trill::lock::Mutex::new(0)
    }

    fn lock(
        mutex: &Self::Mutex,
    ) -> impl Future<Output = impl DerefMut<Target = u64> + Send> + Send {
        mutex.lock()
    }
}

impl Time for Trill {
    type Sleep = trill::time::Sleep;

    fn sleep_until(deadline: Instant) -> Self::Sleep {
        trill::time::sleep_until(deadline)
    }

    fn reset(sleep: Pin<&mut Self::Sleep>, deadline: Instant) {
        sleep.get_mut().reset(deadline);
    }

    async fn timeout<F: Future + Send>(limit: Duration, future: F) -> Option<F::Output>
    where
        F::Output: Send,
    {
        trill::time::timeout(limit, future).await.ok()
    }
}

impl Blocking for Trill {
    fn unblock<T, W>(work: W) -> impl Future<Output = T> + Send
    where
        W: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        trill::unblock(work)
    }
}

impl Net for Trill {
    type Listener = trill::net::TcpListener;
    type Stream = trill::net::TcpStream;

    fn listen(listener: std::net::TcpListener) -> io::Result<Self::Listener> {
        trill::net::TcpListener::try_from(listener)
    }

    async fn accept(listener: &Self::Listener) -> io::Result<Self::Stream> {
        Ok(listener.accept().await?.0)
    }

    fn connect(address: SocketAddr) -> impl Future<Output = io::Result<Self::Stream>> + Send {
        trill::net::TcpStream::connect(address)
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

impl Http for Trill {
    type Io = trill::net::TcpStream;

    fn io(stream: Self::Stream) -> Self::Io {
        stream
    }
}

impl Unix for Trill {
    type Listening = trill::net::unix::UnixListener;
    type Socket = trill::net::unix::UnixStream;

    fn take(listener: std::os::unix::net::UnixListener) -> io::Result<Self::Listening> {
        trill::net::unix::UnixListener::try_from(listener)
    }

    async fn pick_up(listener: &Self::Listening) -> io::Result<Self::Socket> {
        Ok(listener.accept().await?.0)
    }

    async fn dial(path: PathBuf) -> io::Result<Self::Socket> {
        trill::net::unix::UnixStream::connect(path).await
    }

    async fn receive(socket: &mut Self::Socket, buffer: &mut [u8]) -> io::Result<usize> {
        socket.read(buffer).await
    }

    async fn send_all(socket: &mut Self::Socket, bytes: &[u8]) -> io::Result<()> {
        socket.write_all(bytes).await
    }
}
