//! Processes that are started with sockets.
#![cfg(unix)]
#![allow(unsafe_code)] // Gives descriptors their numbers between fork and exec.
#![allow(clippy::unwrap_used)] // Only tests call the functions here.

use std::io::{ErrorKind, Read};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Output};

use trill_handover::activated;
use trill_park::block_on;

const CHILD: &str = "TRILL_TEST_ACTIVATED";

/// Runs a test of this file in a process of its own with descriptors from 3 on, as a service manager would.
fn start(test: &str, fds: Vec<OwnedFd>, count: &str, names: &str) -> Output {
    // The shell knows the number of the process, which is the program's after `exec`.
    let script = r#"LISTEN_PID=$$ exec "$0" "$@""#;
    let mut command = Command::new("sh");
    command
        .args(["-c", script])
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(CHILD, "1")
        .env("LISTEN_FDS", count)
        .env("LISTEN_FDNAMES", names);
    let numbers: Vec<i32> = fds.iter().map(AsRawFd::as_raw_fd).collect();
    let give = move || {
        // Out of the way first, so that none is overwritten before it is copied.
        let mut high = [0; 8];
        for (at, number) in numbers.iter().enumerate() {
            // SAFETY: it copies a descriptor that the parent has open; only system calls happen before exec.
            high[at] = unsafe { libc_fcntl_dup(*number, 100) };
        }
        for (at, number) in high[..numbers.len()].iter().enumerate() {
            // SAFETY: as above. The copy has no CLOEXEC, as the program shall have it.
            unsafe { libc_dup2(*number, 3 + at as i32) };
        }
        Ok(())
    };
    // SAFETY: the closure makes system calls alone, and takes no memory.
    unsafe { command.pre_exec(give) };
    let output = command.output().unwrap();
    drop(fds);
    output
}

/// Copies a descriptor to a number of at least `least`, which exec closes.
unsafe fn libc_fcntl_dup(fd: i32, least: i32) -> i32 {
    // SAFETY: the call takes numbers alone.
    unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, least) }
}

unsafe fn libc_dup2(from: i32, to: i32) -> i32 {
    // SAFETY: the call takes numbers alone.
    unsafe { libc::dup2(from, to) }
}

#[track_caller]
fn assert_passed(output: &Output) {
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("1 passed"), "{text}");
}

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

#[test]
fn a_started_process_takes_its_sockets() {
    if is_child() {
        return serve_what_was_opened();
    }
    let web = TcpListener::bind("127.0.0.1:0").unwrap();
    let dns = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(web.local_addr().unwrap()).unwrap();
    let asker = UdpSocket::bind("127.0.0.1:0").unwrap();
    asker.send_to(b"name?", dns.local_addr().unwrap()).unwrap();
    let output = start(
        "a_started_process_takes_its_sockets",
        vec![web.into(), dns.into()],
        "2",
        "web:dns",
    );
    assert_passed(&output);
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "hello");
}

fn serve_what_was_opened() {
    let mut sockets = activated().unwrap();
    assert_eq!(sockets.names().collect::<Vec<_>>(), ["web", "dns"]);
    for number in [3, 4] {
        // SAFETY: the call takes numbers alone.
        let flags = unsafe { libc::fcntl(number, libc::F_GETFD) };
        assert_eq!(flags, libc::FD_CLOEXEC, "children do not inherit them");
    }
    let again = activated().unwrap_err();
    assert_eq!(again.kind(), ErrorKind::AlreadyExists);
    let mistaken = sockets.take_tcp_listener("dns").unwrap_err();
    assert!(
        mistaken.to_string().contains("an internet datagram socket"),
        "{mistaken}"
    );
    let mistaken = sockets.take_udp("web").unwrap_err();
    assert!(
        mistaken.to_string().contains("stream socket that listens"),
        "{mistaken}"
    );
    assert!(sockets.take_tcp_listener("other").unwrap().is_none());
    block_on(async {
        let web = sockets.take_tcp_listener("web").unwrap().unwrap();
        let dns = sockets.take_udp("dns").unwrap().unwrap();
        assert!(sockets.is_empty());
        // Both were used before this process was started.
        let (stream, _) = web.accept().await.unwrap();
        stream.write_all(b"hello").await.unwrap();
        assert_eq!(dns.recv(&mut [0; 8]).await.unwrap(), 5);
    });
}

#[test]
fn promises_that_are_not_kept_are_errors() {
    if is_child() {
        let error = activated().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert!(
            error
                .to_string()
                .contains("number 60 (`unknown`) is not open"),
            "{error}"
        );
        return;
    }
    // Descriptors from 3 to 59, and the promise of one more.
    let opens: String = (3..60)
        .map(|number| format!("exec {number}</dev/null; "))
        .collect();
    let script = format!(r#"{opens} LISTEN_PID=$$ LISTEN_FDS=58 exec "$0" "$@""#);
    // Numbers of two digits are for bash alone.
    let output = Command::new("bash")
        .args(["-c", &script])
        .arg(std::env::current_exe().unwrap())
        .args(["promises_that_are_not_kept_are_errors", "--exact"])
        .env(CHILD, "1")
        .env_remove("LISTEN_FDNAMES")
        .output()
        .unwrap();
    assert_passed(&output);
}

#[test]
fn a_child_does_not_take_what_is_for_its_parent() {
    if is_child() {
        assert!(activated().unwrap().is_empty());
        return;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["a_child_does_not_take_what_is_for_its_parent", "--exact"])
        .env(CHILD, "1")
        .env("LISTEN_PID", std::process::id().to_string())
        .env("LISTEN_FDS", "1")
        .output()
        .unwrap();
    assert_passed(&output);
}
