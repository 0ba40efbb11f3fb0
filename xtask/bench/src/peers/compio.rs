//! compio on its own driver: io_uring where the kernel allows it, else epoll.
//!
//! It has no channels, locks or `yield_now` of its own: the latter is the harness's. Its reads own their buffers, so its
//! echo server is written here, for compio's way.

use std::future::Future;
use std::io;
use std::time::{Duration, Instant};

use compio::BufResult;
use compio::io::{AsyncRead, AsyncWriteExt};

use super::confined::Confined;
use super::{Tasks, Timers};
use crate::serve::OPEN;
use crate::work::signal::yield_once;

/// The peer.
#[derive(Debug)]
pub(crate) struct Compio;

impl Tasks for Compio {
    type Task<T: Send + 'static> = Confined<Joined<T>>;

    fn run<T, F>(_workers: usize, root: F) -> io::Result<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let runtime = compio::runtime::Runtime::new()?;
        Ok(runtime.block_on(async { Self::spawn(root).await }))
    }

    fn spawn<T, F>(future: F) -> Self::Task<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        Confined::new(Joined(compio::runtime::spawn(future)))
    }

    fn detach<T: Send + 'static>(task: Self::Task<T>) {
        task.into_inner().0.detach();
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        yield_once()
    }
}

impl Timers for Compio {
    fn sleep(deadline: Instant) -> impl Future<Output = impl Send> + Send {
        Confined::new(compio::time::sleep_until(deadline))
    }

    async fn limit<F: Future + Send>(limit: Duration, future: F) -> Option<F::Output>
    where
        F::Output: Send,
    {
        Confined::new(compio::time::timeout(limit, future))
            .await
            .ok()
    }
}

/// A handle without its error, as the rows never await a task that panics.
#[derive(Debug)]
pub(crate) struct Joined<T>(compio::runtime::JoinHandle<T>);

impl<T> Future for Joined<T> {
    type Output = T;

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<T> {
        let polled = std::pin::Pin::new(&mut self.0).poll(cx);
        polled.map(|joined| joined.unwrap_or_else(|_| panic!("a measured task panicked")))
    }
}

/// The echo server.
///
/// # Errors
///
/// When the operating system refuses.
pub(crate) fn serve(listener: std::net::TcpListener, buffer_bytes: usize) -> io::Result<()> {
    let runtime = compio::runtime::Runtime::new()?;
    runtime.block_on(async move {
        let listener = compio::net::TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            rustix::net::sockopt::set_tcp_nodelay(&stream, true)?;
            OPEN.opened();
            compio::runtime::spawn(echo(stream, buffer_bytes)).detach();
        }
    })
}

async fn echo(mut stream: compio::net::TcpStream, buffer_bytes: usize) {
    let mut buffer = Vec::with_capacity(buffer_bytes);
    loop {
        let BufResult(read, filled) = stream.read(buffer).await;
        if !matches!(read, Ok(1..)) {
            break;
        }
        let BufResult(written, mut emptied) = stream.write_all(filled).await;
        if written.is_err() {
            break;
        }
        emptied.clear();
        buffer = emptied;
    }
    OPEN.closed();
}
