//! trill's runtime with as many workers as asked for, the calling thread among them.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::ops::DerefMut;
use std::time::{Duration, Instant};

use super::{Blocking, Net, Sync, Tasks, Time};

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
    fn sleep_until(deadline: Instant) -> impl Future<Output = impl Send> + Send {
        trill::time::sleep_until(deadline)
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
