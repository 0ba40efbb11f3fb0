//! Programs whose standard streams the tests choose.
#![allow(dead_code)] // Each file of tests uses a part of it.

use std::fs::File;
use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::process::{Child, Command, Stdio};
use std::task::{Context, Poll, Waker};

/// Makes a test of a function for each way to wait.
macro_rules! both {
    ($($body:ident)+) => {$(
        mod $body {
            #[test]
            fn in_the_reactor() {
                super::$body("reactor");
            }

            #[test]
            fn by_a_thread() {
                super::$body("thread");
            }
        }
    )+};
}
pub(crate) use both;

/// Starts the test that calls this once more, as a program with streams that `prepare` sets, in which `body` runs; there it
/// does not return.
#[track_caller]
pub(crate) fn program(way: &str, prepare: impl FnOnce(&mut Command), body: impl FnOnce()) -> Child {
    // The harness names the thread of a test like the test.
    let name = std::thread::current().name().unwrap().to_owned();
    if std::env::var(ALONE).is_ok_and(|alone| alone == name) {
        // Standard error may be a pipe that nobody reads.
        std::panic::set_hook(Box::new(|panic| {
            if let Ok(path) = std::env::var(TOLD) {
                let _ = std::fs::write(path, panic.to_string());
            }
            std::process::exit(BADLY);
        }));
        body();
        std::process::exit(WELL);
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", &name, "--nocapture", "--test-threads=2"])
        .env(ALONE, &name)
        .env("TRILL_STDIO", way)
        .env(TOLD, told())
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    prepare(&mut command);
    command.spawn().unwrap()
}

/// Waits for a program, which must end as its body does.
#[track_caller]
pub(crate) fn ends_well(mut program: Child) {
    let code = program.wait().unwrap().code();
    let told = std::fs::read_to_string(told()).unwrap_or_default();
    assert_eq!(code, Some(WELL), "{told}");
}

/// The file in which the program of this thread's test tells why it failed.
fn told() -> PathBuf {
    let name = std::thread::current().name().unwrap().replace("::", "-");
    std::env::temp_dir().join(format!("trill-stdio-{name}-{}", std::process::id()))
}

/// A pipe: the end that is read, and the one that is written.
pub(crate) fn pipe() -> (File, File) {
    let (reads, writes) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
    (reads.into(), writes.into())
}

/// Polls once.
pub(crate) fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// The harness ends with 0 or 101.
const WELL: i32 = 33;

const BADLY: i32 = 34;

const TOLD: &str = "TRILL_STDIO_TEST_TOLD";

const ALONE: &str = "TRILL_STDIO_TEST_ALONE";
