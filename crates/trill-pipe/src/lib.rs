//! Anonymous and named pipes as async streams.
//!
//! # The smallest program
//!
//! ```
//! trill_reactor::block_on(async {
//!     let (reader, writer) = trill_pipe::pipe()?;
//!     writer.write_all(b"through").await?;
//!     drop(writer);
//!     let mut text = [0; 16];
//!     assert_eq!(reader.read(&mut text).await?, 7);
//!     assert_eq!(reader.read(&mut text).await?, 0);
//!     Ok(())
//! })
//! # as std::io::Result<()>;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # How it works
//!
//! * [`pipe`] makes both ends without blocking and closed in children; each is registered with the reactor of the thread.
//! * [`PipeReader::open`] and [`PipeWriter::open`] open a named pipe (a FIFO) without blocking. A reader that has
//!   never had a writer waits for one, though the system calls it the end; a writer needs a reader that is there.
//! * Reading and writing are tried first and wait for the next event if they would block. Bytes leave the pipe with the poll
//!   that returns them.
//! * [`PipeReader::into_blocking_fd`] and [`PipeWriter::into_blocking_fd`] give an end back for others, such as the
//!   standard stream of a child.
//!
//! # What it does not do
//!
//! Rust programs ignore `SIGPIPE`, so writing to a pipe that nobody reads is the error `BrokenPipe`; in a program that has
//! put the signal back to its default it ends the process, as in C.
//! It buffers nothing. In a simulated world pipes are refused. On other systems than Unix this crate is empty.

#![cfg(unix)]

mod fifo;
mod futures;
mod pipe;
mod reader;
mod sys;
mod writer;

pub use futures::{Read, Write, WriteAll};
pub use pipe::pipe;
pub use reader::PipeReader;
pub use writer::PipeWriter;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
