//! Reading and writing: the traits and combinators of futures-lite, as in smol, and with the feature `io` buffered
//! streams with limits and flow control.
//!
//! # Examples
//!
//! ```
//! use trill::io::Reader;
//!
//! let mut reader = Reader::new(&b"alpha\nbeta\n"[..]);
//! let line = trill::block_on(reader.read_line())?;
//! assert_eq!(line, b"alpha\n");
//! # Ok::<(), trill::io::ReadError>(())
//! ```

pub use futures_lite::io::*;
// By name: `Lines`, for one, is futures-lite's here.
pub use trill_io::{
    HIGH_WATER_BYTES, Incomplete, Joined, LIMIT_BYTES, Overrun, ReadError, Reader, Separators,
    Writer, copy_bidirectional, joined,
};
