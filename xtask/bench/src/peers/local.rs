//! The single-threaded flavours of trill, tokio and smol: only starting and spawning differ.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::ops::DerefMut;
use std::time::{Duration, Instant};

use super::smol::Smol;
use super::tokio::Tokio;
use super::trill::Trill;
use super::{Blocking, Net, Sync, Tasks, Time};

thread_local! {
    static TRILL: &'static trill::LocalExecutor<'static> =
        Box::leak(Box::new(trill::LocalExecutor::new()));
    static SMOL: &'static smol::LocalExecutor<'static> =
        Box::leak(Box::new(smol::LocalExecutor::new()));
}

/// trill's `LocalExecutor` in its `block_on`.
#[derive(Debug)]
pub(crate) struct LocalTrill;

impl Tasks for LocalTrill {
    type Task<T: Send + 'static> = trill::Task<T>;

    fn run<T, F>(_workers: usize, root: F) -> io::Result<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let executor = TRILL.with(|executor| *executor);
        Ok(trill::block_on(executor.run(executor.spawn(root))))
    }

    fn spawn<T, F>(future: F) -> Self::Task<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        TRILL.with(|executor| executor.spawn(future))
    }

    fn detach<T: Send + 'static>(task: Self::Task<T>) {
        task.detach();
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        Trill::yield_now()
    }
}

/// tokio's current-thread runtime with a `LocalSet`.
#[derive(Debug)]
pub(crate) struct LocalTokio;

impl Tasks for LocalTokio {
    type Task<T: Send + 'static> = <Tokio as Tasks>::Task<T>;

    fn run<T, F>(_workers: usize, root: F) -> io::Result<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let tasks = tokio::task::LocalSet::new();
        Ok(runtime.block_on(tasks.run_until(async { Self::spawn(root).await })))
    }

    fn spawn<T, F>(future: F) -> Self::Task<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        tokio::task::spawn_local(future).into()
    }

    fn detach<T: Send + 'static>(task: Self::Task<T>) {
        drop(task);
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        Tokio::yield_now()
    }
}

/// smol's `LocalExecutor` in its `block_on`.
#[derive(Debug)]
pub(crate) struct LocalSmol;

impl Tasks for LocalSmol {
    type Task<T: Send + 'static> = smol::Task<T>;

    fn run<T, F>(_workers: usize, root: F) -> io::Result<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let executor = SMOL.with(|executor| *executor);
        Ok(smol::block_on(executor.run(executor.spawn(root))))
    }

    fn spawn<T, F>(future: F) -> smol::Task<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        SMOL.with(|executor| executor.spawn(future))
    }

    fn detach<T: Send + 'static>(task: smol::Task<T>) {
        task.detach();
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        Smol::yield_now()
    }
}

/// Channels, locks, timers, the pool and sockets are those of the flavour with workers.
macro_rules! the_rest_of {
    ($local:ty => $shared:ty) => {
        impl Sync for $local {
            type Sender = <$shared as Sync>::Sender;
            type Receiver = <$shared as Sync>::Receiver;
            type Mutex = <$shared as Sync>::Mutex;

            fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver) {
                <$shared>::bounded(capacity)
            }

            fn send(sender: &Self::Sender, message: u64) -> impl Future<Output = ()> + Send {
                <$shared>::send(sender, message)
            }

            fn recv(receiver: &mut Self::Receiver) -> impl Future<Output = Option<u64>> + Send {
                <$shared>::recv(receiver)
            }

            fn mutex() -> Self::Mutex {
                <$shared>::mutex()
            }

            fn lock(
                mutex: &Self::Mutex,
            ) -> impl Future<Output = impl DerefMut<Target = u64> + Send> + Send {
                <$shared>::lock(mutex)
            }
        }

        impl Time for $local {
            type Sleep = <$shared as Time>::Sleep;

            fn sleep_until(deadline: Instant) -> Self::Sleep {
                <$shared>::sleep_until(deadline)
            }

            fn reset(sleep: std::pin::Pin<&mut Self::Sleep>, deadline: Instant) {
                <$shared>::reset(sleep, deadline);
            }

            fn timeout<F: Future + Send>(
                limit: Duration,
                future: F,
            ) -> impl Future<Output = Option<F::Output>> + Send
            where
                F::Output: Send,
            {
                <$shared>::timeout(limit, future)
            }
        }

        impl Blocking for $local {
            fn unblock<T, W>(work: W) -> impl Future<Output = T> + Send
            where
                W: FnOnce() -> T + Send + 'static,
                T: Send + 'static,
            {
                <$shared>::unblock(work)
            }
        }

        impl Net for $local {
            type Listener = <$shared as Net>::Listener;
            type Stream = <$shared as Net>::Stream;

            fn listen(listener: std::net::TcpListener) -> io::Result<Self::Listener> {
                <$shared>::listen(listener)
            }

            fn accept(
                listener: &Self::Listener,
            ) -> impl Future<Output = io::Result<Self::Stream>> + Send {
                <$shared>::accept(listener)
            }

            fn connect(
                address: SocketAddr,
            ) -> impl Future<Output = io::Result<Self::Stream>> + Send {
                <$shared>::connect(address)
            }

            fn set_nodelay(stream: &Self::Stream) -> io::Result<()> {
                <$shared>::set_nodelay(stream)
            }

            fn read(
                stream: &mut Self::Stream,
                buffer: &mut [u8],
            ) -> impl Future<Output = io::Result<usize>> + Send {
                <$shared>::read(stream, buffer)
            }

            fn write_all(
                stream: &mut Self::Stream,
                bytes: &[u8],
            ) -> impl Future<Output = io::Result<()>> + Send {
                <$shared>::write_all(stream, bytes)
            }
        }
    };
}

the_rest_of!(LocalTrill => Trill);
the_rest_of!(LocalTokio => Tokio);
the_rest_of!(LocalSmol => Smol);
