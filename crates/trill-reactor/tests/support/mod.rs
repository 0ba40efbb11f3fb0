//! What several test files need.
#![allow(dead_code, unreachable_pub)] // No file needs all of it.
#![allow(clippy::disallowed_methods)] // Threads that are joined at once.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

#[cfg(target_os = "linux")]
pub mod deny;

use std::future::Future;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use trill_reactor::{Async, Backend, Reactor};

/// Whether the back end `polling` is there; a name for `cfg` that all systems share.
pub const HAS_POLLING: bool = cfg!(any(
    feature = "polling",
    not(any(target_os = "linux", target_os = "android"))
));

/// A reactor of each kind: every test runs over all of them, over `polling` with the feature of that name.
pub fn reactors() -> Vec<Reactor> {
    let epoll = cfg!(any(target_os = "linux", target_os = "android"))
        .then(|| Reactor::builder().backend(Backend::Epoll).build().unwrap());
    let polling = Reactor::builder().backend(Backend::Polling);
    let edge = HAS_POLLING.then(|| polling.build().unwrap());
    let oneshot = HAS_POLLING.then(|| polling.clone().oneshot().build().unwrap());
    epoll.into_iter().chain(edge).chain(oneshot).collect()
}

/// Runs a test in each reactor, which is the current one of a fresh thread meanwhile, inside `block_on`.
///
/// Fresh, because a thread goes on parking in the first reactor it has parked in.
pub fn in_each<F: Future>(test: impl Fn(Reactor) -> F + Sync) {
    for reactor in reactors() {
        thread::scope(|scope| {
            scope.spawn(|| {
                println!("{}", reactor.backend());
                let _entered = reactor.enter();
                trill_reactor::block_on(test(reactor.clone()));
            });
        });
    }
}

/// Two ends of a TCP connection: an asynchronous one, and one that blocks.
pub fn tcp_pair() -> (Async<TcpStream>, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let server = listener.accept().unwrap().0;
    client.set_nodelay(true).unwrap();
    (Async::try_from(server).unwrap(), client)
}

/// Fills what the system buffers for a stream; returns how many bytes that took.
pub fn fill<T>(stream: &Async<T>) -> usize
where
    for<'a> &'a T: Write,
{
    let block = [7; 65536];
    let mut total = 0;
    loop {
        match stream.get_ref().write(&block) {
            Ok(count) => total += count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return total,
            Err(error) => panic!("{error}"),
        }
    }
}

/// Reads exactly `len` bytes from a blocking stream and drops them.
pub fn drain(mut stream: impl Read, len: usize) {
    let copied = io::copy(&mut (&mut stream).take(len as u64), &mut io::sink()).unwrap();
    assert_eq!(copied, len as u64);
}

/// Blocks until the system has something to read there: loopback TCP may take a moment.
pub fn until_readable(fd: impl AsFd) {
    let mut fds = [rustix::event::PollFd::new(
        &fd,
        rustix::event::PollFlags::IN,
    )];
    rustix::event::poll(&mut fds, None).unwrap();
}

/// A waker that counts.
#[derive(Debug, Default)]
pub struct Count(AtomicUsize);

impl Count {
    pub fn waker() -> (Arc<Count>, Waker) {
        let count = Arc::new(Count::default());
        (count.clone(), count.into())
    }

    pub fn wakes(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Polls once.
pub fn poll<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}

/// Lets the thread take a turn in its reactor: returns when the system was asked for events `turns` times more.
pub async fn turns(reactor: &Reactor, turns: u64) {
    let until = reactor.turns() + turns;
    while reactor.turns() < until {
        yield_now().await;
    }
}

/// Takes turns until `done`, which may need another thread to finish its own turn; gives up after very many.
pub async fn until(reactor: &Reactor, done: impl Fn() -> bool) {
    let give_up = reactor.turns() + 1_000_000;
    while !done() {
        assert!(reactor.turns() < give_up, "it never came");
        yield_now().await;
    }
}

/// Is pending once.
pub async fn yield_now() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}
