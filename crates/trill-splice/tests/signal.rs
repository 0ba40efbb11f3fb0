//! A program in which a broken pipe would end the process.
#![cfg(unix)]
#![allow(unsafe_code)] // Puts the default of a signal back.
#![allow(clippy::unwrap_used)] // Only tests call the functions here.

mod support;

use std::io::ErrorKind;
use std::process::Command;

use support::{Scratch, pattern};
use trill_net::unix::UnixStream;
use trill_park::block_on;
use trill_splice::{copy, send_file};

const CHILD: &str = "TRILL_TEST_SIGPIPE";

// Fault 11b
#[test]
fn a_program_with_the_signal_put_back_lives() {
    if std::env::var_os(CHILD).is_some() {
        // SAFETY: the default of a signal is no function of ours, and nobody else in this process sets it.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
        return block_on(write_to_peers_that_are_gone());
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["a_program_with_the_signal_put_back_lives", "--exact"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

async fn write_to_peers_that_are_gone() {
    let scratch = Scratch::new("signal", &pattern(1_000_000));
    let (a, b) = UnixStream::pair().unwrap();
    drop(b);
    let error = send_file(&scratch.file, .., &a).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    let (c, d) = UnixStream::pair().unwrap();
    c.write_all(b"x").await.unwrap();
    let error = copy(&d, &a).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
}
