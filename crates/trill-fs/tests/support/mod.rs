//! What several test files need.
#![allow(dead_code, unreachable_pub)] // No file needs all of it.
#![allow(clippy::disallowed_methods)] // Threads that are joined at once, and files of the tests.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

#[cfg(target_os = "linux")]
pub mod deny;

use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

use trill_reactor::{Reactor, Rings};

/// How files are used in a run of a test.
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    /// Whether what needs no waiting is done at once.
    pub now: bool,
    /// Whether there are rings.
    pub rings: bool,
}

const MODES: [Mode; 4] = [
    Mode {
        now: true,
        rings: true,
    },
    Mode {
        now: false,
        rings: true,
    },
    Mode {
        now: true,
        rings: false,
    },
    Mode {
        now: false,
        rings: false,
    },
];

/// Runs a test in each mode, on a fresh thread inside `block_on`, in a directory of its own.
///
/// A machine that refuses io_uring runs half of it, and says so.
pub fn in_each_mode<F: Future>(name: &str, test: impl Fn(Dir, Mode) -> F + Sync) {
    // The tries are switched for the whole process.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    for mode in MODES {
        println!("{mode:?}");
        trill_fs::set_try_now(mode.now);
        thread::scope(|scope| {
            scope.spawn(|| {
                let reactor = Reactor::builder().rings(mode.rings).build().unwrap();
                if mode.rings && reactor.rings() != Rings::On {
                    println!("left out: {}", reactor.rings());
                    return;
                }
                let _entered = reactor.enter();
                trill_reactor::block_on(test(Dir::new(name), mode));
            });
        });
    }
    trill_fs::set_try_now(true);
}

/// A directory that goes with this.
pub struct Dir(PathBuf);

impl Dir {
    pub fn new(name: &str) -> Dir {
        Dir::within(&std::env::temp_dir(), name)
    }

    pub fn within(parent: &Path, name: &str) -> Dir {
        let path = parent.join(format!("trill-fs-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        Dir(fs::canonicalize(path).unwrap())
    }

    pub fn root(&self) -> &Path {
        &self.0
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }

    /// How many descriptors of this process lead into the directory.
    pub fn descriptors(&self) -> usize {
        let all = fs::read_dir("/proc/self/fd").unwrap();
        all.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
            .filter(|to| to.starts_with(&self.0))
            .count()
    }

    /// Waits until no descriptor leads into the directory: closing may be left to others.
    pub async fn until_closed(&self) {
        let mut left = 1_000_000u64;
        while self.descriptors() > 0 {
            left -= 1;
            assert!(left > 0, "a descriptor leaked");
            yield_now().await;
        }
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
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

/// Polls once, without anybody to wake.
pub fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Runs a test of this file in a process of its own.
pub fn in_a_child(test: &str, variables: &[(&str, &str)]) -> String {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env("TRILL_TEST_INNER", "1")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Whether this process was started by [`in_a_child`].
pub fn is_inner() -> bool {
    std::env::var_os("TRILL_TEST_INNER").is_some()
}

/// Numbers that look random and are the same for a seed.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}
