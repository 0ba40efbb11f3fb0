//! Moves bytes between descriptors inside the kernel.
//!
//! # The smallest program
//!
//! ```
//! use trill_net::{TcpListener, TcpStream};
//!
//! # let path = std::env::temp_dir().join(format!("trill-splice-{}", std::process::id()));
//! # std::fs::write(&path, "a page")?;
//! trill_park::block_on(async {
//!     let listener = TcpListener::bind("127.0.0.1:0").await?;
//!     let client = TcpStream::connect(listener.local_addr()?).await?;
//!     let (server, _) = listener.accept().await?;
//!
//!     let file = std::fs::File::open(&path)?;
//!     assert_eq!(trill_splice::send_file(&file, .., &server).await?, 6);
//!     let mut page = [0; 6];
//!     client.read_exact(&mut page).await?;
//!     assert_eq!(&page, b"a page");
//!     # Ok::<(), std::io::Error>(())
//! })?;
//! # std::fs::remove_file(&path)?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # How it works
//!
//! * [`send_file`] moves a file to a stream (`sendfile`), [`copy`] a stream to a stream and [`receive_file`] a stream to
//!   a file (`splice` through a pipe of their own). The bytes do not come into this process.
//! * What a file has not in memory yet is read by the blocking pool first, so no thread of tasks waits for a disk.
//! * Where the kernel cannot do it, on other systems, and in a program that has put `SIGPIPE` back, bytes go through a
//!   buffer of 64 KiB, with the same results.
//! * Each is a future that keeps its state: polled as `&mut`, in a time limit or a choice, it can be asked how far it
//!   came and be awaited again. What was read and not written is in it, and can be taken out.
//! * Back-pressure is that of the streams: nothing is read before what was read is written.
//!
//! # What it does not do
//!
//! It copies no file to a file, and ends no stream: shut its writing down afterwards. It needs a Unix system.

#![cfg(unix)]

mod copy;
mod middle;
mod receive_file;
mod send_file;
mod sys;

pub use copy::{Splice, copy};
pub use receive_file::{ReceiveFile, receive_file};
pub use send_file::{SendFile, send_file};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
