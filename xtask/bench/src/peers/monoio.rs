//! monoio on its own driver: io_uring where the kernel allows it, else epoll.
//!
//! It has no channels, locks or `yield_now` of its own: the latter is the harness's. Its reads own their buffers, so its
//! echo server is written here, for monoio's way.

use std::future::Future;
use std::io;
use std::time::{Duration, Instant};

use monoio::io::{AsyncReadRent, AsyncWriteRentExt};

use super::confined::Confined;
use super::{Tasks, Timers};
use crate::serve::OPEN;
use crate::work::signal::yield_once;

/// The peer.
#[derive(Debug)]
pub(crate) struct Monoio;

impl Tasks for Monoio {
    type Task<T: Send + 'static> = Confined<monoio::task::JoinHandle<T>>;

    fn run<T, F>(_workers: usize, root: F) -> io::Result<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let mut runtime = monoio::RuntimeBuilder::<monoio::FusionDriver>::new()
            .enable_timer()
            .build()?;
        let output = runtime.block_on(async { monoio::spawn(root).await });
        // Dropping it with a hundred thousand waiting tasks took longer than two minutes; the process ends anyway.
        std::mem::forget(runtime);
        Ok(output)
    }

    fn spawn<T, F>(future: F) -> Self::Task<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        Confined::new(monoio::spawn(future))
    }

    fn detach<T: Send + 'static>(task: Self::Task<T>) {
        drop(task);
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        yield_once()
    }
}

impl Timers for Monoio {
    fn sleep(deadline: Instant) -> impl Future<Output = impl Send> + Send {
        Confined::new(monoio::time::sleep_until(deadline.into()))
    }

    async fn limit<F: Future + Send>(limit: Duration, future: F) -> Option<F::Output>
    where
        F::Output: Send,
    {
        Confined::new(monoio::time::timeout(limit, future))
            .await
            .ok()
    }
}

/// The echo server.
///
/// # Errors
///
/// When the operating system refuses.
pub(crate) fn serve(listener: std::net::TcpListener, buffer_bytes: usize) -> io::Result<()> {
    let mut runtime = monoio::RuntimeBuilder::<monoio::FusionDriver>::new().build()?;
    runtime.block_on(async move {
        let listener = monoio::net::TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            OPEN.opened();
            monoio::spawn(echo(stream, buffer_bytes));
        }
    })
}

async fn echo(mut stream: monoio::net::TcpStream, buffer_bytes: usize) {
    let mut buffer = Vec::with_capacity(buffer_bytes);
    loop {
        let (read, filled) = stream.read(buffer).await;
        if !matches!(read, Ok(1..)) {
            break;
        }
        let (written, mut emptied) = stream.write_all(filled).await;
        if written.is_err() {
            break;
        }
        emptied.clear();
        buffer = emptied;
    }
    OPEN.closed();
}
