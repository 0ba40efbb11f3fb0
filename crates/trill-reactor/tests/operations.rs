//! Whole operations on rings.
#![cfg(all(target_os = "linux", feature = "uring"))] // io_uring is Linux's.
#![allow(clippy::disallowed_methods)] // Files that the tests make, and threads that are joined at once.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::ffi::CString;
use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::Poll;
use std::thread;

use rustix::fs::OFlags;
use support::{Count, poll, until};
use trill_reactor::op::{
    Close, CreateDir, Open, Operation, Read, Rename, SetLen, Stat, Sync, Unlink, Write,
};
use trill_reactor::{Pending, Reactor, Rings, block_on};

/// A reactor with rings. These tests are about them, so a machine that refuses io_uring fails them and says why.
fn reactor() -> Reactor {
    let reactor = Reactor::builder().build().unwrap();
    assert_eq!(reactor.rings(), Rings::On, "this machine has no rings");
    reactor
}

/// A directory of this test's own.
struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Dir {
        let path = std::env::temp_dir().join(format!("trill-op-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        Dir(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn c(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).unwrap()
}

fn shared(file: File) -> Arc<OwnedFd> {
    Arc::new(file.into())
}

/// Runs an operation to its end.
fn run<O: Operation>(reactor: &Reactor, operation: O) -> O::Output {
    let Ok(pending) = reactor.submit(operation) else {
        panic!("the operation was handed back");
    };
    match block_on(pending) {
        Ok(output) => output,
        Err(_) => panic!("the ring lives as long as this thread"),
    }
}

fn submitted<O: Operation>(reactor: &Reactor, operation: O) -> Pending<O> {
    match reactor.submit(operation) {
        Ok(pending) => pending,
        Err(_) => panic!("the operation was handed back"),
    }
}

/// How many descriptors this process has that lead to `path`.
fn descriptors_of(path: &Path) -> usize {
    let all = fs::read_dir("/proc/self/fd").unwrap();
    all.filter(|entry| fs::read_link(entry.as_ref().unwrap().path()).is_ok_and(|to| to == path))
        .count()
}

#[test]
fn each_operation_does_what_the_system_call_does() {
    let (reactor, dir) = (reactor(), Dir::new("each"));
    let path = dir.path("file");
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
    let file: Arc<OwnedFd> =
        Arc::new(run(&reactor, Open::new(c(&path), flags.bits(), 0o640)).unwrap());
    let again = run(&reactor, Open::new(c(&path), flags.bits(), 0o640));
    assert_eq!(again.unwrap_err().raw_os_error(), Some(libc::EEXIST));

    let (count, text) = run(&reactor, Write::new(file.clone(), "0123456789", Some(0)));
    assert_eq!((count.unwrap(), text), (10, "0123456789"));
    let mut part = Read::new(file.clone(), vec![b'-'; 6], Some(2));
    part.range = 1..4;
    let (count, buffer) = run(&reactor, part);
    assert_eq!((count.unwrap(), buffer.as_slice()), (3, &b"-234--"[..]));
    let (count, buffer) = run(&reactor, Read::new(file.clone(), [0; 8], None));
    assert_eq!((count.unwrap(), buffer), (8, *b"01234567"));
    let (count, _) = run(&reactor, Read::new(file.clone(), [0; 8], None));
    assert_eq!(count.unwrap(), 2, "the file's own position moves on");
    let (count, _) = run(&reactor, Read::new(file.clone(), [0; 8], None));
    assert_eq!(count.unwrap(), 0, "the end");

    run(&reactor, SetLen::new(file.clone(), 4)).unwrap();
    run(&reactor, Sync::new(file.clone(), true)).unwrap();
    run(&reactor, Sync::new(file.clone(), false)).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"0123");

    let known = fs::metadata(&path).unwrap();
    for stat in [Stat::file(file.clone()), Stat::path(c(&path), true)] {
        let told = run(&reactor, stat).unwrap();
        assert_eq!(told.dev, known.dev());
        assert_eq!(told.ino, known.ino());
        assert_eq!(told.mode, known.mode());
        assert_eq!(told.nlink, known.nlink());
        assert_eq!((told.uid, told.gid), (known.uid(), known.gid()));
        assert_eq!(told.rdev, known.rdev());
        assert_eq!(told.len, known.len());
        assert_eq!(told.blksize, known.blksize());
        assert_eq!(told.blocks, known.blocks());
        assert_eq!(told.modified.seconds, known.mtime());
        assert_eq!(i64::from(told.modified.nanoseconds), known.mtime_nsec());
        assert_eq!(told.accessed.seconds, known.atime());
        assert_eq!(told.changed.seconds, known.ctime());
        let told = told.created.unwrap();
        // With musl the standard library does not know it.
        if cfg!(target_env = "gnu") {
            let created = known.created().unwrap();
            let created = created.duration_since(std::time::UNIX_EPOCH).unwrap();
            assert_eq!(told.seconds, created.as_secs().cast_signed());
            assert_eq!(told.nanoseconds, created.subsec_nanos());
        }
    }
    let null = run(&reactor, Stat::path(c"/dev/null", true)).unwrap();
    assert_eq!(null.rdev, fs::metadata("/dev/null").unwrap().rdev());

    let other = dir.path("other");
    run(&reactor, Rename::new(c(&path), c(&other))).unwrap();
    std::os::unix::fs::symlink(&other, &path).unwrap();
    let link = run(&reactor, Stat::path(c(&path), false)).unwrap();
    assert_eq!(link.ino, fs::symlink_metadata(&path).unwrap().ino());
    assert_ne!(link.ino, known.ino());
    run(&reactor, Unlink::new(c(&path), false)).unwrap();
    assert!(fs::symlink_metadata(&path).is_err());
    let sub = dir.path("sub");
    run(&reactor, CreateDir::new(c(&sub), 0o700)).unwrap();
    assert_eq!(fs::metadata(&sub).unwrap().mode() & 0o777, 0o700);
    let wrong = run(&reactor, Unlink::new(c(&sub), false));
    assert_eq!(wrong.unwrap_err().raw_os_error(), Some(libc::EISDIR));
    run(&reactor, Unlink::new(c(&sub), true)).unwrap();

    let other = fs::canonicalize(other).unwrap();
    assert_eq!(descriptors_of(&other), 1);
    let file = Arc::into_inner(file).unwrap();
    run(&reactor, Close::new(file)).unwrap();
    assert_eq!(descriptors_of(&other), 0);
    assert_eq!(reactor.operations(), 0);
}

#[test]
fn ranges_outside_of_a_buffer_are_left_out() {
    let reactor = reactor();
    let file = shared(File::open("/dev/zero").unwrap());
    for (range, expected) in [(2..100, 2), (4..4, 0), (5..9, 0), (3..3, 0)] {
        let mut read = Read::new(file.clone(), vec![1; 4], Some(0));
        read.range = range.clone();
        let (count, buffer) = run(&reactor, read);
        assert_eq!(count.unwrap(), expected, "{range:?}");
        assert_eq!(buffer.iter().filter(|byte| **byte == 0).count(), expected);
    }
}

#[test]
fn errors_are_the_systems() {
    let reactor = reactor();
    let read_only = OFlags::RDONLY.bits();
    let missing = run(&reactor, Open::new(c"/no/such/file", read_only, 0));
    assert_eq!(missing.unwrap_err().raw_os_error(), Some(libc::ENOENT));
    let directory = shared(File::open("/").unwrap());
    let (count, buffer) = run(&reactor, Read::new(directory, vec![7; 3], Some(0)));
    assert_eq!(count.unwrap_err().raw_os_error(), Some(libc::EISDIR));
    assert_eq!(buffer, [7; 3], "the buffer comes back");
    let not_writable = shared(File::open("/dev/null").unwrap());
    let (count, text) = run(&reactor, Write::new(not_writable, "text", None));
    assert_eq!(count.unwrap_err().raw_os_error(), Some(libc::EBADF));
    assert_eq!(text, "text");
}

#[test]
fn an_operation_that_waits_is_delivered_by_the_reactor() {
    support_in(|reactor| async move {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        let pending = submitted(&reactor, Read::new(Arc::new(reader), [0; 4], None));
        assert_eq!(reactor.operations(), 1);
        let feeder = thread::spawn(move || rustix::io::write(&writer, b"late").unwrap());
        let Ok((count, buffer)) = pending.await else {
            panic!("the ring lives");
        };
        assert_eq!((count.unwrap(), buffer), (4, *b"late"));
        feeder.join().unwrap();
        assert_eq!(reactor.operations(), 0);
    });
}

/// Runs a test inside a reactor with rings, on a fresh thread.
fn support_in<F: Future>(test: impl Fn(Reactor) -> F + Send + std::marker::Sync) {
    thread::scope(|scope| {
        scope.spawn(|| {
            let reactor = reactor();
            let _entered = reactor.enter();
            block_on(test(reactor.clone()));
        });
    });
}

#[test]
fn more_answers_than_the_queue_holds_all_arrive() {
    support_in(|reactor| async move {
        let mut waiting = Vec::new();
        for index in 0..1500u32 {
            // One pipe may be read by many; each gets four bytes.
            if index % 500 == 0 {
                waiting.push((rustix::pipe::pipe().unwrap(), Vec::new()));
            }
            let (pipe, reads) = waiting.last_mut().unwrap();
            let reader = Arc::new(pipe.0.try_clone().unwrap());
            reads.push(submitted(&reactor, Read::new(reader, [0; 4], None)));
        }
        assert_eq!(reactor.operations(), 1500);
        for ((_, writer), reads) in &waiting {
            let bytes: Vec<u8> = (0..reads.len() as u32).flat_map(u32::to_ne_bytes).collect();
            assert_eq!(rustix::io::write(writer, &bytes).unwrap(), bytes.len());
        }
        for (_, reads) in waiting {
            let mut seen = Vec::new();
            for read in reads {
                let Ok((count, buffer)) = read.await else {
                    panic!("the ring lives");
                };
                assert_eq!(count.unwrap(), 4);
                seen.push(u32::from_ne_bytes(buffer));
            }
            seen.sort_unstable();
            assert_eq!(seen, (0..500).collect::<Vec<_>>());
        }
        assert_eq!(reactor.operations(), 0);
    });
}

#[test]
fn too_many_operations_are_handed_back() {
    support_in(|reactor| async move {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        let reader = Arc::new(reader);
        let mut taken = Vec::new();
        let refused = loop {
            match reactor.submit(Read::new(reader.clone(), [0; 1], None)) {
                Ok(pending) => taken.push(pending),
                Err(read) => break read,
            }
        };
        assert_eq!(taken.len(), 4096);
        assert_eq!(refused.range, 0..1);
        drop(taken);
        until(&reactor, || reactor.operations() == 0).await;
        drop((refused, writer));
        assert_eq!(Arc::strong_count(&reader), 1, "nothing is left of them");
        run_in(&reactor, Stat::file(reader)).await.unwrap();
    });
}

async fn run_in<O: Operation>(reactor: &Reactor, operation: O) -> O::Output {
    match submitted(reactor, operation).await {
        Ok(output) => output,
        Err(_) => panic!("the ring lives"),
    }
}

/// Dropped before its first poll, after a poll, and after it has landed.
// Fault 18a
#[test]
fn a_dropped_open_loses_no_descriptor() {
    support_in(|reactor| async move {
        let dir = Dir::new("dropped-open");
        let path = dir.path("file");
        fs::write(&path, "x").unwrap();
        let path = fs::canonicalize(&path).unwrap();
        // One lands at once, and one that a worker of the system does lands later.
        for waits in [false, true] {
            for polls in 0..3 {
                let mut open = Open::new(c(&path), 0, 0);
                open.waits = waits;
                let mut pending = submitted(&reactor, open);
                let (_, waker) = Count::waker();
                let mut opened = None;
                for _ in 0..polls {
                    match poll(&mut pending, &waker) {
                        Poll::Ready(Ok(file)) => opened = Some(file.unwrap()),
                        Poll::Ready(Err(_)) => panic!("the ring lives"),
                        Poll::Pending => {}
                    }
                    if opened.is_some() {
                        break;
                    }
                }
                drop((pending, opened));
                until(&reactor, || reactor.operations() == 0).await;
                assert_eq!(descriptors_of(&path), 0, "waits: {waits}, {polls} polls");
            }
        }
    });
}

/// Nobody opens the other end, so it would wait for ever.
#[test]
fn a_dropped_open_that_waits_is_ended() {
    support_in(|reactor| async move {
        let dir = Dir::new("fifo");
        let path = dir.path("fifo");
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, mode).unwrap();
        assert!(fs::metadata(&path).unwrap().file_type().is_fifo());
        let mut pending = submitted(&reactor, Open::new(c(&path), 0, 0));
        let (_, waker) = Count::waker();
        assert!(poll(&mut pending, &waker).is_pending());
        drop(pending);
        until(&reactor, || reactor.operations() == 0).await;
    });
}

#[test]
fn a_dropped_write_is_done_all_the_same() {
    support_in(|reactor| async move {
        let dir = Dir::new("dropped-write");
        let path = dir.path("file");
        let file = shared(File::create(&path).unwrap());
        for part in 0..100u64 {
            let bytes = vec![part as u8; 10_000];
            drop(submitted(
                &reactor,
                Write::new(file.clone(), bytes, Some(part * 10_000)),
            ));
        }
        until(&reactor, || reactor.operations() == 0).await;
        let written = fs::read(&path).unwrap();
        assert_eq!(written.len(), 1_000_000);
        for (index, byte) in written.iter().enumerate() {
            assert_eq!(usize::from(*byte), index / 10_000);
        }
        assert_eq!(Arc::strong_count(&file), 1, "nothing is left of them");
    });
}

// Fault 18a
#[test]
fn a_buffer_stays_owned_until_the_system_is_done() {
    struct Owned(
        Box<[u8]>,
        #[expect(dead_code, reason = "it is counted")] Arc<()>,
    );
    impl AsMut<[u8]> for Owned {
        fn as_mut(&mut self) -> &mut [u8] {
            &mut self.0
        }
    }
    support_in(|reactor| async move {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        let (reader, alive) = (Arc::new(reader), Arc::new(()));
        let buffer = Owned(vec![0; 4096].into(), alive.clone());
        let pending = submitted(&reactor, Read::new(reader, buffer, None));
        pending.detach();
        assert_eq!(Arc::strong_count(&alive), 2);
        assert_eq!(reactor.operations(), 1);
        rustix::io::write(&writer, b"for nobody").unwrap();
        until(&reactor, || reactor.operations() == 0).await;
        assert_eq!(Arc::strong_count(&alive), 1);
    });
}

/// The answer comes to the ring of a thread that does something else, and another thread that parks delivers it.
#[test]
fn another_thread_may_wait() {
    support_in(|reactor| async move {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        let (send, receive) = std::sync::mpsc::channel();
        let (done, end) = std::sync::mpsc::channel::<()>();
        let submitter = thread::spawn({
            let reactor = reactor.clone();
            move || {
                let read = Read::new(Arc::new(reader), [0; 2], None);
                send.send(submitted(&reactor, read)).unwrap();
                // Asleep in the system until the other has its answer.
                let _ = end.recv();
            }
        });
        let pending = receive.recv().unwrap();
        rustix::io::write(&writer, b"hi").unwrap();
        let Ok((count, buffer)) = pending.await else {
            panic!("the ring lives");
        };
        assert_eq!((count.unwrap(), &buffer), (2, b"hi"));
        drop(done);
        submitter.join().unwrap();
    });
}

// Fault 18a
#[test]
fn an_ending_thread_hands_back_what_waits() {
    support_in(|reactor| async move {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        let reader = Arc::new(reader);
        let submitter = thread::spawn({
            let (reactor, reader) = (reactor.clone(), reader.clone());
            move || submitted(&reactor, Read::new(reader, [0; 2], None))
        });
        let pending = submitter.join().unwrap();
        let Err(read) = pending.await else {
            panic!("its ring is gone, and nothing was read");
        };
        rustix::io::write(&writer, b"hi").unwrap();
        let (count, buffer) = run_in(&reactor, read).await;
        assert_eq!((count.unwrap(), &buffer), (2, b"hi"));
        assert_eq!(reactor.operations(), 0);
    });
}

// Fault 18a
#[test]
fn an_ending_thread_waits_for_what_it_writes() {
    let (reactor, dir) = (reactor(), Dir::new("ending"));
    let path = dir.path("file");
    let file = shared(File::create(&path).unwrap());
    thread::spawn({
        let reactor = reactor.clone();
        move || {
            for part in 0..50u64 {
                let write = Write::new(file.clone(), vec![1; 4096], Some(part * 4096));
                drop(submitted(&reactor, write));
            }
        }
    })
    .join()
    .unwrap();
    assert_eq!(fs::read(&path).unwrap(), vec![1; 50 * 4096]);
    assert_eq!(reactor.operations(), 0);
}

#[test]
fn the_program_may_forbid_rings() {
    let reactor = Reactor::builder().rings(false).build().unwrap();
    assert_eq!(
        reactor.rings().to_string(),
        "no io_uring (switched off by the program)"
    );
    let handed_back = reactor.submit(Stat::path(c"/", true)).unwrap_err();
    assert_eq!(handed_back.path.as_c_str(), c"/");
}

#[cfg(feature = "polling")]
#[test]
fn the_back_end_polling_has_no_rings() {
    let polling = Reactor::builder().backend(trill_reactor::Backend::Polling);
    let polling = polling.build().unwrap();
    assert!(polling.submit(Stat::path(c"/", true)).is_err());
    assert!(
        polling.rings().to_string().contains("epoll"),
        "{}",
        polling.rings()
    );
}

/// Under any executor: nobody here parks in the reactor, so the attendant delivers.
#[test]
fn a_foreign_executor_may_wait() {
    let reactor = reactor();
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    let pending = submitted(&reactor, Read::new(Arc::new(reader), [0; 2], None));
    let feeder = thread::spawn(move || rustix::io::write(&writer, b"hi").unwrap());
    let Ok((count, _)) = futures_lite::future::block_on(pending) else {
        panic!("the ring lives");
    };
    assert_eq!(count.unwrap(), 2);
    feeder.join().unwrap();
}

#[test]
fn a_full_table_of_descriptors_is_an_error_and_not_a_panic() {
    let told = in_a_child("inner_opens_until_it_is_refused", &[]);
    assert!(told.contains("refused with 24"), "{told}");
}

#[test]
fn inner_opens_until_it_is_refused() {
    if std::env::var_os("TRILL_TEST_INNER").is_none() {
        return;
    }
    let reactor = reactor();
    run(&reactor, Stat::path(c"/", true)).unwrap();
    let few = rustix::process::Rlimit {
        current: Some(64),
        maximum: Some(64),
    };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, few).unwrap();
    let mut open = Vec::new();
    let error = loop {
        match run(&reactor, Open::new(c"/dev/null", 0, 0)) {
            Ok(file) => open.push(file),
            Err(error) => break error,
        }
    };
    println!("refused with {}", error.raw_os_error().unwrap());
    // A thread that needs a ring of its own is refused, and told so by its operation coming back.
    thread::scope(|scope| {
        let handed_back = scope.spawn(|| reactor.submit(Stat::path(c"/", true)).is_err());
        assert!(handed_back.join().unwrap());
    });
}

/// Runs one of the tests below in a process of its own.
fn in_a_child(test: &str, variables: &[(&str, &str)]) -> String {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env("TRILL_TEST_INNER", "1")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_environment_switches_rings_off() {
    let told = in_a_child("inner_tells_of_rings", &[("TRILL_URING", "off")]);
    assert!(
        told.contains("no io_uring (switched off by TRILL_URING)"),
        "{told}"
    );
    let told = in_a_child("inner_tells_of_rings", &[("TRILL_URING", "auto")]);
    assert!(told.contains("rings: io_uring"), "{told}");
    let told = in_a_child("inner_tells_of_rings", &[("TRILL_URING", "maybe")]);
    assert!(told.contains("set it to `auto` or `off`"), "{told}");
}

// Fault 18b
#[test]
fn a_system_that_refuses_io_uring_is_not_an_error() {
    for (how, errno) in [
        ("eperm", "Operation not permitted"),
        ("enosys", "not implemented"),
    ] {
        let told = in_a_child("inner_tells_of_rings", &[("TRILL_TEST_DENY", how)]);
        assert!(
            told.contains("no io_uring (io_uring_setup was refused"),
            "{told}"
        );
        assert!(told.contains(errno), "{told}");
        assert!(told.contains("handed back"), "{told}");
    }
}

#[test]
fn inner_tells_of_rings() {
    match std::env::var("TRILL_TEST_DENY").as_deref() {
        Ok("eperm") => support::deny::io_uring(libc::EPERM),
        Ok("enosys") => support::deny::io_uring(libc::ENOSYS),
        _ => {}
    }
    match Reactor::global() {
        Err(error) => println!("error: {error}"),
        Ok(reactor) => {
            println!("rings: {}", reactor.rings());
            match reactor.submit(Stat::path(c"/", true)) {
                Ok(pending) => assert!(block_on(pending).is_ok_and(|stat| stat.is_ok())),
                Err(_) => println!("handed back"),
            }
            // Sockets do not mind.
            let pair = trill_reactor::Async::<std::os::unix::net::UnixStream>::pair().unwrap();
            block_on(pair.0.writable()).unwrap();
        }
    }
}
