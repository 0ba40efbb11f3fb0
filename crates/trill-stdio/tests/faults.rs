//! What goes wrong with standard streams: faults 11 and 33.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![allow(unsafe_code)] // Descriptors are closed by their numbers, and a signal is put back to its default.

mod support;

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;

use futures_lite::AsyncReadExt;
use support::{both, ends_well, poll_once, program};
use trill_blocking::Unblock;
use trill_reactor::block_on;
use trill_stdio::{Way, stdin, stdout};

both! {
    a_closed_input_is_an_error_for_ever
    what_was_opened_meanwhile_is_not_taken_for_it
    what_is_opened_later_is_not_taken_for_it
    a_program_started_without_streams_has_empty_ones
    the_end_of_the_program_waits_for_no_read
    a_dropped_read_loses_nothing
    a_pipe_that_nobody_reads_is_an_error
    a_socket_that_nobody_reads_is_an_error_whatever_the_signal_does
    the_wrong_end_of_a_pipe_is_an_error
}

/// Closes a standard stream of this program.
fn close(number: i32) {
    // SAFETY: nobody in the test uses the stream through an object that owns it.
    unsafe { rustix::io::close(number) };
}

// Fault 9b, 33a
fn a_closed_input_is_an_error_for_ever(way: &str) {
    let reads = program(
        way,
        |_| {},
        || {
            close(0);
            let closed = || {
                // Not in the reactor, whose own descriptors would get the number.
                let std::task::Poll::Ready(Err(error)) = poll_once(stdin().read(&mut [0; 8]))
                else {
                    panic!("it can be read");
                };
                assert_eq!(error.kind(), io::ErrorKind::NotFound);
                assert!(error.to_string().contains("is closed"), "{error}");
            };
            closed();
            closed();
            // Now it has the number.
            let zero = File::open("/dev/zero").unwrap();
            assert_eq!(zero.as_raw_fd(), 0);
            closed();
            assert!(stdin().way().is_err());
        },
    );
    ends_well(reads);
}

// Fault 33a
fn what_was_opened_meanwhile_is_not_taken_for_it(way: &str) {
    let reads = program(
        way,
        |_| {},
        || {
            close(0);
            let zero = File::open("/dev/zero").unwrap();
            assert_eq!(zero.as_raw_fd(), 0);
            let error = block_on(stdin().read(&mut [0; 8])).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotFound);
            assert!(error.to_string().contains("something else"), "{error}");
        },
    );
    ends_well(reads);
}

// Fault 33a
fn what_is_opened_later_is_not_taken_for_it(way: &str) {
    let (input, mut feed) = support::pipe();
    let reads = program(
        way,
        |command| {
            command.stdin(OwnedFd::from(input));
        },
        || {
            let mut buffer = [0; 2];
            assert_eq!(block_on(stdin().read(&mut buffer)).unwrap(), 2);
            close(0);
            let zero = File::open("/dev/zero").unwrap();
            assert_eq!(zero.as_raw_fd(), 0);
            assert_eq!(block_on(stdin().read(&mut buffer)).unwrap(), 2);
            assert_eq!(&buffer, b"cd");
        },
    );
    feed.write_all(b"abcd").unwrap();
    ends_well(reads);
}

// Fault 9b
fn a_program_started_without_streams_has_empty_ones(way: &str) {
    let reads = program(
        way,
        |command| {
            // SAFETY: closing a descriptor is allowed between fork and exec.
            unsafe {
                command.pre_exec(|| {
                    close(0);
                    close(1);
                    Ok(())
                })
            };
        },
        || {
            // The standard library has opened /dev/null before main.
            assert_eq!(block_on(stdin().read(&mut [0; 8])).unwrap(), 0);
            block_on(stdout().write_all(b"into the void")).unwrap();
        },
    );
    ends_well(reads);
}

// Fault 33b
fn the_end_of_the_program_waits_for_no_read(way: &str) {
    for unblock in [false, true] {
        let (input, _held) = support::pipe();
        let reads = program(
            way,
            |command| {
                command.stdin(input);
                command.env("TRILL_STDIO_UNBLOCK", if unblock { "yes" } else { "no" });
            },
            || {
                if std::env::var("TRILL_STDIO_UNBLOCK").unwrap() == "yes" {
                    // As programs for smol do it.
                    let mut stdin = Unblock::new(io::stdin());
                    assert!(poll_once(stdin.read(&mut [0; 8])).is_pending());
                    std::mem::forget(stdin);
                } else {
                    assert!(poll_once(stdin().read(&mut [0; 8])).is_pending());
                    assert!(poll_once(AsyncReadExt::read(&mut stdin(), &mut [0; 8])).is_pending());
                }
                // And it returns from here, while somebody may be inside the system call.
            },
        );
        ends_well(reads);
    }
}

// Fault 33c
fn a_dropped_read_loses_nothing(way: &str) {
    let (input, mut feed) = support::pipe();
    let (mut hears, ready) = support::pipe();
    let reads = program(
        way,
        |command| {
            command.stdin(input).stderr(ready);
        },
        || {
            // By the future, and by the trait.
            assert!(poll_once(stdin().read(&mut [0; 4])).is_pending());
            assert!(poll_once(AsyncReadExt::read(&mut stdin(), &mut [0; 4])).is_pending());
            io::stderr().write_all(b"!").unwrap();
            let mut all: Vec<u8> = Vec::new();
            block_on(async {
                let mut buffer = [0; 3];
                loop {
                    let count = stdin().read(&mut buffer).await.unwrap();
                    if count == 0 {
                        break;
                    }
                    all.extend(&buffer[..count]);
                    // One more that is dropped, whatever it is at.
                    let mut more = [0; 1];
                    if let std::task::Poll::Ready(count) = poll_once(stdin().read(&mut more)) {
                        all.extend(&more[..count.unwrap()]);
                    }
                }
            });
            assert_eq!(all, b"abcdefghij");
        },
    );
    hears.read_exact(&mut [0]).unwrap();
    for byte in b"abcdefghij" {
        feed.write_all(&[*byte]).unwrap();
    }
    drop(feed);
    ends_well(reads);
}

// Fault 11c
fn a_pipe_that_nobody_reads_is_an_error(way: &str) {
    let (hears, output) = support::pipe();
    let (mut told, tells) = support::pipe();
    let (waits, mut goes_on) = support::pipe();
    let writes = program(
        way,
        |command| {
            command.stdin(waits).stdout(output).stderr(tells);
        },
        || {
            block_on(stdout().write_all(b"x")).unwrap();
            io::stderr().write_all(b"!").unwrap();
            io::stdin().read_exact(&mut [0]).unwrap();
            // A program that another test is just starting has the other end until it begins.
            let error = loop {
                if let Err(error) = block_on(stdout().write_all(b"x")) {
                    break error;
                }
            };
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
            // And so it stays.
            let error = block_on(stdout().write_all(b"x")).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        },
    );
    told.read_exact(&mut [0]).unwrap();
    drop(hears);
    goes_on.write_all(b"!").unwrap();
    ends_well(writes);
}

// Fault 11b
fn a_socket_that_nobody_reads_is_an_error_whatever_the_signal_does(way: &str) {
    if way == "thread" {
        // There the call is `write`, which raises the signal: as documented.
        return;
    }
    let (here, there) = UnixStream::pair().unwrap();
    here.shutdown(std::net::Shutdown::Both).unwrap();
    let writes = program(
        way,
        |command| {
            command.stderr(OwnedFd::from(there));
        },
        || {
            trill_signal_default();
            let error = block_on(trill_stdio::stderr().write_all(b"x")).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        },
    );
    ends_well(writes);
}

/// Puts SIGPIPE back to its default, as some programs do.
fn trill_signal_default() {
    // SAFETY: the default runs no code.
    let before = unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    assert_eq!(before, libc::SIG_IGN, "Rust ignores it");
}

fn the_wrong_end_of_a_pipe_is_an_error(way: &str) {
    let (input, output) = support::pipe();
    let both = program(
        way,
        |command| {
            command.stdin(output).stdout(input);
        },
        || {
            assert_eq!(stdin().way().unwrap(), Way::Thread);
            assert!(block_on(stdin().read(&mut [0; 8])).is_err());
            assert!(block_on(stdout().write(b"x")).is_err());
        },
    );
    ends_well(both);
}

#[test]
fn a_simulated_world_has_no_streams() {
    trill_world::VirtualWorld::new(1).run(|| {
        let error = block_on(stdin().read(&mut [0; 8])).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
        assert!(block_on(stdout().write(b"x")).is_err());
    });
}

#[test]
fn a_variable_that_means_nothing_is_an_error_that_helps() {
    let reads = program(
        "often",
        |_| {},
        || {
            let error = stdin().way().unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            assert!(error.to_string().contains("`thread`"), "{error}");
        },
    );
    ends_well(reads);
}

#[test]
fn handles_can_go_where_they_are_needed() {
    fn check<T: Send + Sync + Unpin + std::fmt::Debug>() {}
    check::<trill_stdio::Stdin>();
    check::<trill_stdio::Stdout>();
    check::<trill_stdio::Stderr>();
    check::<trill_stdio::Read<'_>>();
    check::<trill_stdio::WriteAll<'_>>();
}
