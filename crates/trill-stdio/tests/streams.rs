//! Standard streams of each kind: fault 33.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use futures_lite::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, StreamExt, io::BufReader};
use rustix::fs::OFlags;
use rustix::pty::OpenptFlags;
use support::{both, ends_well, program};
use trill_reactor::block_on;
use trill_stdio::{Way, stderr, stdin, stdout};

both! {
    a_pipe_is_read_to_its_end
    a_pipe_is_written
    sockets_go_both_ways
    a_terminal_goes_both_ways
    files_are_read_and_written
    devices_are_read_and_written
    standard_error_is_a_stream_too
    many_writers_each_write_whole
}

fn does_not_block(fd: impl AsFd) -> bool {
    rustix::fs::fcntl_getfl(fd)
        .unwrap()
        .contains(OFlags::NONBLOCK)
}

/// The way that is expected where both are possible.
fn expected() -> Way {
    match std::env::var("TRILL_STDIO").unwrap().as_str() {
        "thread" => Way::Thread,
        _ => Way::Reactor,
    }
}

/// More than a pipe holds, and no two pages of it alike.
fn much() -> Vec<u8> {
    (0..1u32 << 16).flat_map(u32::to_le_bytes).collect()
}

// Fault 9b, 33a, 33d
fn a_pipe_is_read_to_its_end(way: &str) {
    let (input, mut feed) = support::pipe();
    let kept = input.try_clone().unwrap();
    let reads = program(
        way,
        |command| {
            command.stdin(OwnedFd::from(input));
        },
        || {
            assert_eq!(stdin().way().unwrap(), expected());
            let mut all = Vec::new();
            block_on(stdin().read_to_end(&mut all)).unwrap();
            assert!(all == much());
            // The end stays.
            assert_eq!(block_on(stdin().read(&mut [0; 8])).unwrap(), 0);
        },
    );
    feed.write_all(&much()).unwrap();
    drop(feed);
    ends_well(reads);
    assert!(!does_not_block(kept));
}

// Fault 33d
fn a_pipe_is_written(way: &str) {
    let (mut hears, output) = support::pipe();
    let kept = output.try_clone().unwrap();
    let writes = program(
        way,
        |command| {
            command.stdout(OwnedFd::from(output));
        },
        || {
            assert_eq!(stdout().way().unwrap(), expected());
            block_on(stdout().write_all(&much())).unwrap();
        },
    );
    assert!(!does_not_block(&kept));
    let mut said = vec![0; HEADING.len() + much().len()];
    hears.read_exact(&mut said).unwrap();
    assert!(said.strip_prefix(HEADING.as_bytes()).unwrap() == much());
    ends_well(writes);
    assert!(!does_not_block(kept));
}

// Fault 9b, 33a, 33d
fn sockets_go_both_ways(way: &str) {
    let (mut here, there) = UnixStream::pair().unwrap();
    let kept = there.try_clone().unwrap();
    let echoes = program(
        way,
        |command| {
            command
                .stdin(OwnedFd::from(there.try_clone().unwrap()))
                .stdout(OwnedFd::from(there));
        },
        || {
            block_on(async {
                assert_eq!(stdin().way().unwrap(), expected());
                assert_eq!(stdout().way().unwrap(), expected());
                let mut buffer = [0; 1000];
                loop {
                    let count = stdin().read(&mut buffer).await.unwrap();
                    if count == 0 {
                        break;
                    }
                    stdout().write_all(&buffer[..count]).await.unwrap();
                }
            });
        },
    );
    let mut heading = vec![0; HEADING.len()];
    here.read_exact(&mut heading).unwrap();
    for line in [&b"first"[..], b"second"] {
        here.write_all(line).unwrap();
        let mut back = vec![0; line.len()];
        here.read_exact(&mut back).unwrap();
        assert_eq!(back, line);
    }
    here.shutdown(std::net::Shutdown::Write).unwrap();
    ends_well(echoes);
    assert!(!does_not_block(kept));
}

// Fault 9b, 33a, 33d
fn a_terminal_goes_both_ways(way: &str) {
    let terminal = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    rustix::pty::grantpt(&terminal).unwrap();
    rustix::pty::unlockpt(&terminal).unwrap();
    let name = rustix::pty::ptsname(&terminal, Vec::new()).unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let there = rustix::fs::open(name, flags, rustix::fs::Mode::empty()).unwrap();
    let kept = there.try_clone().unwrap();
    let echoes = program(
        way,
        |command| {
            command.stdin(there.try_clone().unwrap()).stdout(there);
        },
        || {
            block_on(async {
                assert_eq!(stdin().way().unwrap(), expected());
                let mut lines = BufReader::new(stdin()).lines();
                while let Some(line) = lines.next().await {
                    let answer = format!("<{}>\n", line.unwrap());
                    stdout().write_all(answer.as_bytes()).await.unwrap();
                }
            });
        },
    );
    let mut here = File::from(terminal);
    let mut said = Vec::new();
    for line in ["one", "two"] {
        here.write_all(format!("{line}\n").as_bytes()).unwrap();
        let answer = format!("<{line}>");
        while !String::from_utf8_lossy(&said).contains(&answer) {
            let mut buffer = [0; 256];
            let count = here.read(&mut buffer).unwrap();
            said.extend(&buffer[..count]);
        }
    }
    assert!(!does_not_block(&kept));
    // Ctrl-D at the beginning of a line.
    here.write_all(b"\x04").unwrap();
    ends_well(echoes);
    assert!(!does_not_block(kept));
}

// Fault 9b, 33a
fn files_are_read_and_written(way: &str) {
    let path = |name: &str| {
        std::env::temp_dir().join(format!("trill-stdio-{name}-{way}-{}", std::process::id()))
    };
    let (from, to) = (path("from"), path("to"));
    let mut copies = None;
    if std::env::var_os("TRILL_STDIO").is_none() {
        std::fs::write(&from, much()).unwrap();
        copies = Some((File::open(&from).unwrap(), File::create(&to).unwrap()));
    }
    let copies = program(
        way,
        |command| {
            let (from, to) = copies.unwrap();
            command.stdin(from).stdout(to);
        },
        || {
            block_on(async {
                assert_eq!(stdin().way().unwrap(), Way::Thread);
                let mut all = Vec::new();
                stdin().read_to_end(&mut all).await.unwrap();
                assert_eq!(stdout().way().unwrap(), Way::Thread);
                let mut stdout = stdout();
                AsyncWriteExt::write_all(&mut stdout, &all).await.unwrap();
                stdout.flush().await.unwrap();
            });
        },
    );
    ends_well(copies);
    let copy = std::fs::read(&to).unwrap();
    assert!(copy.strip_prefix(HEADING.as_bytes()).unwrap() == much());
    std::fs::remove_file(from).unwrap();
    std::fs::remove_file(to).unwrap();
}

// Fault 9b, 33a
fn devices_are_read_and_written(way: &str) {
    let reads = program(
        way,
        |command| {
            command
                .stdin(File::open("/dev/zero").unwrap())
                .stderr(File::create("/dev/full").unwrap());
        },
        || {
            block_on(async {
                let mut buffer = [1; 100];
                assert_eq!(stdin().read(&mut buffer).await.unwrap(), 100);
                assert_eq!(buffer, [0; 100]);
                let full = stderr().write_all(b"x").await.unwrap_err();
                assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
            });
        },
    );
    ends_well(reads);
}

fn standard_error_is_a_stream_too(way: &str) {
    let (mut hears, output) = support::pipe();
    let writes = program(
        way,
        |command| {
            command.stderr(output);
        },
        || {
            block_on(async {
                let mut stderr = stderr();
                stderr.write_all(b"one ").await.unwrap();
                AsyncWriteExt::write_all(&mut stderr, b"two").await.unwrap();
                AsyncWriteExt::close(&mut stderr).await.unwrap();
                stderr.flush().await.unwrap();
                assert_eq!(stderr.way().unwrap(), expected());
            });
        },
    );
    let mut said = String::new();
    hears.read_to_string(&mut said).unwrap();
    assert_eq!(said, "one two");
    ends_well(writes);
}

fn many_writers_each_write_whole(way: &str) {
    let (mut hears, output) = support::pipe();
    let writes = program(
        way,
        |command| {
            command.stdout(output);
        },
        || {
            let line = |number| format!("{number:04}{}\n", "x".repeat(100));
            let mut writers: Vec<_> = (0..50).map(|_| stdout()).collect();
            block_on(async {
                let mut all = Vec::new();
                for (number, writer) in writers.iter_mut().enumerate() {
                    all.push(Box::pin(async move {
                        let line = line(number);
                        match number % 2 {
                            0 => writer.write_all(line.as_bytes()).await,
                            _ => AsyncWriteExt::write_all(writer, line.as_bytes()).await,
                        }
                    }));
                }
                let mut left: Vec<_> = all.into_iter().map(Some).collect();
                std::future::poll_fn(|cx| {
                    for place in &mut left {
                        if let Some(future) = place {
                            if let std::task::Poll::Ready(done) = future.as_mut().poll(cx) {
                                done.unwrap();
                                *place = None;
                            }
                        }
                    }
                    match left.iter().all(Option::is_none) {
                        true => std::task::Poll::Ready(()),
                        false => std::task::Poll::Pending,
                    }
                })
                .await;
            });
        },
    );
    let mut said = String::new();
    hears.read_to_string(&mut said).unwrap();
    ends_well(writes);
    let mut lines: Vec<&str> = said.strip_prefix(HEADING).unwrap().lines().collect();
    lines.sort_unstable();
    let numbers: Vec<usize> = lines
        .iter()
        .map(|line| {
            line.strip_suffix(&"x".repeat(100))
                .unwrap()
                .parse()
                .unwrap()
        })
        .collect();
    assert!(numbers.into_iter().eq(0..50));
}

/// What the harness says on standard output before the test begins.
const HEADING: &str = "\nrunning 1 test\n";
