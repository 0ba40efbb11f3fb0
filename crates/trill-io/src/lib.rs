//! Buffered streams for code that talks over a connection: reading by pieces with a limit, writing with flow control.
//!
//! Over any `AsyncRead` and `AsyncWrite` of `futures-io`, under any executor.
//!
//! # The smallest program
//!
//! ```
//! use trill_io::{Reader, Writer};
//!
//! trill_park::block_on(async {
//!     let mut reader = Reader::new(&b"alpha\nbeta\n"[..]);
//!     let writer = Writer::new(Vec::new());
//!     loop {
//!         let line = reader.read_line().await?;
//!         if line.is_empty() {
//!             break;
//!         }
//!         writer.write(&line.to_ascii_uppercase())?;
//!         writer.drain().await?;
//!     }
//!     writer.close().await?;
//!     assert_eq!(writer.into_parts().unwrap().0, b"ALPHA\nBETA\n");
//!     # Ok::<(), std::io::Error>(())
//! })?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # How it works
//!
//! * A [`Reader`] asks the stream for more only while somebody waits for it, so a peer that sends too fast is held up
//!   by its own connection. The [limit](Reader::with_limit) bounds what a search for a separator buffers.
//! * What a read returns depends on the bytes of the stream and not on how they arrive. Nothing is taken before the
//!   poll that returns it, so a read can be dropped at any time.
//! * A [`Writer`] gives the stream at once what it takes and buffers the rest. Above the high mark [`Writer::drain`]
//!   waits until no more than the low mark is left.
//! * There is no hidden task: whoever waits on the writer moves the stream on for all who do, and [`joined`] lets the
//!   reader of the same connection do so as well. The page of [`Writer`] says what that means.
//! * [`copy_bidirectional`] connects two connections, and ends each direction by itself.
//!
//! # What it does not do
//!
//! It opens no connections: `trill-net` does, and `trill-server` joins both. It has no time limits: any future here can
//! be dropped without losing a byte, so a timeout around it is enough.

mod buffer;
mod copy;
mod error;
mod fault;
pub mod futures;
mod joined;
mod reader;
mod turn;
mod writer;

pub use copy::copy_bidirectional;
pub use error::{Incomplete, Overrun, ReadError};
pub use joined::{Joined, joined};
pub use reader::{LIMIT_BYTES, Lines, Reader, Separators};
pub use writer::{HIGH_WATER_BYTES, Writer};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
