//! Reading and writing: the traits and combinators of futures-lite, as in smol, and with the feature `io` buffered
//! streams with limits and flow control.
//!
//! # Examples
//!
//! ```
//! use trill::io::{AsyncBufReadExt, BufReader};
//!
//! let mut line = String::new();
//! let mut reader = BufReader::new(&b"alpha\nbeta\n"[..]);
//! trill::block_on(reader.read_line(&mut line))?;
//! assert_eq!(line, "alpha\n");
//! # Ok::<(), std::io::Error>(())
//! ```

pub use futures_lite::io::*;
// By name: `Lines`, for one, is futures-lite's here.
#[cfg(feature = "io")]
pub use trill_io::{
    HIGH_WATER_BYTES, Incomplete, Joined, LIMIT_BYTES, Overrun, ReadError, Reader, Separators,
    Writer, copy_bidirectional, joined,
};
#[cfg(feature = "stdio")]
pub use trill_stdio::{Stderr, Stdin, Stdout, stderr, stdin, stdout};
