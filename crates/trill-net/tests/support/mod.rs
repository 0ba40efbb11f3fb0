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

/// Runs a test in a network and a file system view of its own, in a process of its own; says whether this is in there.
///
/// Inside, this process is root, and may set up interfaces and put files over others.
pub fn in_namespace(test: &str) -> bool {
    const INSIDE: &str = "TRILL_TEST_NAMESPACE";
    if std::env::var_os(INSIDE).is_some() {
        ip(&["link", "set", "lo", "up"]);
        return true;
    }
    let output = std::process::Command::new("unshare")
        .args(["--map-root-user", "--net", "--mount"])
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .expect("`unshare` of util-linux is missing");
    let (out, err) = (&output.stdout, &output.stderr);
    let (out, err) = (String::from_utf8_lossy(out), String::from_utf8_lossy(err));
    assert!(
        output.status.success(),
        "if it says that the operation is not permitted, allow user namespaces: {out}{err}"
    );
    assert!(
        out.contains("1 passed"),
        "{test} is not the name of a test: {out}"
    );
    false
}

/// Makes an interface that leads nowhere, with an address that is good at once; returns its number. Only in a namespace.
pub fn interface(address: &str) -> u32 {
    // Kernels are built with different ones of these.
    let made = ["dummy", "bridge"].iter().any(|kind| {
        try_ip(&["link", "add", "nowhere", "type", kind])
            .status
            .success()
    });
    if !made {
        ip(&["tuntap", "add", "nowhere", "mode", "tun"]);
    }
    ip(&["link", "set", "nowhere", "up"]);
    ip(&["addr", "add", address, "dev", "nowhere", "nodad"]);
    // "2: nowhere: <..."
    let listed = try_ip(&["-o", "link", "show", "dev", "nowhere"]).stdout;
    let listed = String::from_utf8(listed).unwrap();
    listed.split(':').next().unwrap().parse().unwrap()
}

/// Runs `ip` of iproute2, which must succeed.
pub fn ip(arguments: &[&str]) {
    let output = try_ip(arguments);
    assert!(output.status.success(), "ip {arguments:?}: {output:?}");
}

fn try_ip(arguments: &[&str]) -> std::process::Output {
    std::process::Command::new("ip")
        .args(arguments)
        .output()
        .expect("`ip` is missing: `cargo xtask test-all` installs it, or: sudo apt-get install -y iproute2")
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
