//! Child processes whose ends and pipes are awaited.
//!
//! # The smallest program
//!
//! ```
//! use trill_process::Command;
//!
//! trill_reactor::block_on(async {
//!     let output = Command::new("echo").arg("hello").output().await?;
//!     assert!(output.status.success());
//!     assert_eq!(output.stdout, b"hello\n");
//!     Ok(())
//! })
//! # as std::io::Result<()>;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! [`Command::spawn`] returns a [`Child`] with pipes; [`Child::communicate`] feeds it and collects what it writes.
//!
//! # How it works
//!
//! * The standard library starts the process, on the calling thread: the call returns when the program has begun, so
//!   there is no moment in between at which it could be cancelled. If what follows fails, the child is killed and reaped.
//! * On Linux each child has a pidfd that is registered with the reactor. No thread and no handler for `SIGCHLD` is
//!   needed, and a signal through a pidfd cannot reach another process.
//! * Elsewhere, or if the system refuses the pidfd, one thread per child waits for its end ([`Watch::Thread`]). The
//!   environment variable `TRILL_PIDFD=off` or [`Command::watch_by`] chooses that on Linux, too.
//! * The end of a child and the end of its output are two events. [`Child::wait`] returns at the first, whoever else
//!   holds its pipes open.
//! * A child whose handle was dropped is reaped when it ends: by whoever then delivers the reactor's events, or by its
//!   thread.
//!
//! # When somebody else reaps
//!
//! A program that ignores `SIGCHLD`, or waits for any child (`waitpid(-1)`), takes the exit status away. Waiting still
//! returns when the child has ended, with the error [`StatusUnknown`].
//! With [`Watch::Thread`] a number that was given to a new child meanwhile cannot be told from the old one.
//!
//! # What it does not do
//!
//! It reads no text and sets no limits of resources; it does not protect a program that has put `SIGPIPE` back to its
//! default (Rust programs ignore it) from being ended when it writes to a child that is gone.
//! In a simulated world every child is refused, and on other systems than Unix this crate is empty.

#![cfg(unix)]

mod child;
mod command;
mod communicate;
mod orphans;
mod process;
mod status;
mod status_unknown;
mod streams;
mod sys;
pub mod unix;
mod wait;
mod watch;
mod watcher;

pub use std::process::{ExitStatus, Output, Stdio};

pub use child::Child;
pub use command::Command;
pub use communicate::Communicate;
pub use status::Status;
pub use status_unknown::StatusUnknown;
pub use streams::{ChildStderr, ChildStdin, ChildStdout, IntoStdio};
pub use wait::Wait;
pub use watch::Watch;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
