//! What several test files need.
#![allow(dead_code, unreachable_pub)] // No file needs all of it.
#![allow(clippy::unwrap_used)] // Only tests call it.

use std::cell::Cell;
use std::future::Future;
use std::io::ErrorKind;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_lite::future::zip;
use trill_cell::{Header, Spawned, Wait};
use trill_net::{TcpListener, TcpStream};

/// A connection over the loopback: the client's end and the server's.
pub async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (client, server) = zip(TcpStream::connect(address), listener.accept()).await;
    (client.unwrap(), server.unwrap().0)
}

/// Fills what the system buffers for a stream, so that the next write waits.
pub fn fill(stream: &TcpStream) -> usize {
    let block = [7; 65536];
    let mut total = 0;
    loop {
        match stream.try_write(&block) {
            Ok(count) => total += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return total,
            Err(error) => panic!("{error}"),
        }
    }
}

/// Polls once.
pub fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls once as a task would, and drops the future; returns what the task waits for.
pub fn wait_of<F: Future>(future: F) -> Wait {
    let header = Header::new(Spawned::here());
    let mut future = pin!(future);
    let polled = header.poll(|| {
        let mut cx = Context::from_waker(Waker::noop());
        future.as_mut().poll(&mut cx).is_ready()
    });
    assert!(!polled, "the future did not wait");
    header.wait().expect("a leaf said what it waits for")
}

/// Notes a line of a test, to compare it with where a task waits.
#[derive(Default)]
pub struct Line(Cell<u32>);

impl Line {
    /// Notes the line after the one of the call.
    #[track_caller]
    pub fn next(&self) {
        self.0.set(std::panic::Location::caller().line() + 1);
    }

    /// Asserts that a task waits there, in `file`.
    pub fn check(&self, wait: Wait, file: &str) {
        let location = wait.location.unwrap();
        assert_eq!((location.file(), location.line()), (file, self.0.get()));
    }
}

/// A waker that counts.
#[derive(Default)]
pub struct Count(AtomicUsize);

impl Count {
    pub fn waker(self: &Arc<Count>) -> Waker {
        Waker::from(self.clone())
    }

    pub fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Count>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// No more descriptors.
pub const EMFILE: i32 = rustix::io::Errno::MFILE.raw_os_error();

/// Lowers the limit of this process and takes all descriptors that are left.
pub fn take_all_descriptors() -> Vec<std::fs::File> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let few = Rlimit {
        current: Some(64),
        ..limit
    };
    setrlimit(Resource::Nofile, few).unwrap();
    let mut taken = Vec::new();
    loop {
        match std::fs::File::open("/dev/null") {
            Ok(file) => taken.push(file),
            Err(error) => {
                assert_eq!(error.raw_os_error(), Some(EMFILE));
                return taken;
            }
        }
    }
}
