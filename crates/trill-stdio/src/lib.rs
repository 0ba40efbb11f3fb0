//! Standard input, output and error as async streams.
//!
//! # The smallest program
//!
//! ```no_run
//! trill_reactor::block_on(async {
//!     let mut buffer = [0; 1024];
//!     loop {
//!         let count = trill_stdio::stdin().read(&mut buffer).await?;
//!         if count == 0 {
//!             break Ok(());
//!         }
//!         trill_stdio::stdout().write_all(&buffer[..count]).await?;
//!     }
//! })
//! # as std::io::Result<()>;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # How it works
//!
//! * Inherited descriptors keep their mode. Whether calls block is a property of the open file, which the shell and
//!   other programs have, too; one that found it changed would fail.
//! * On Linux a terminal or a pipe is opened once more for this process alone, without blocking, and waited for in the
//!   reactor. A socket is waited for in the reactor and asked not to block call by call.
//! * Files, devices, and what cannot be opened once more (and everything on other systems) are read and written by a
//!   helper thread, one call at a time. A thread that is still in a call ends with the process and does not hold it up.
//!   [`Stdin::way`] and [`Stdout::way`] tell which way it is; the environment variable
//!   `TRILL_STDIO=thread` chooses this one for all.
//! * All handles of a stream share what was learned at its first use; bytes that were read for a future that was dropped
//!   are the next reader's.
//! * A descriptor that is closed, or that something else was opened as (it has the flag close-on-exec, which nothing that
//!   was inherited has), is an error at each use. Rust opens `/dev/null` for those that a program was started without.
//!
//! # What it does not do
//!
//! It buffers nothing: put a `BufReader` around [`Stdin`] for lines, and use only that one, because dropping it loses what
//! it holds. `std::io::stdin` has a buffer of its own; use one or the other. `std::io::stdout` holds back lines that are
//! not complete: flush it before writing here.
//! Rust programs ignore `SIGPIPE`; in one that has put it back to its default, writing to a pipe that nobody reads ends the
//! process, as in C. (Sockets never raise it.)
//! In a simulated world every use is refused.

mod job;
mod read;
mod slow;
mod stdin;
mod stdout;
mod stream;
mod sys;
mod write;

pub use read::Read;
pub use stdin::{Stdin, stdin};
pub use stdout::{Stderr, Stdout, stderr, stdout};
pub use stream::Way;
pub use write::{Flush, Write, WriteAll};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
