//! Moving bytes between files and streams inside the kernel. Needs the feature `splice`.
//!
//! # Examples
//!
//! ```
//! use trill::net::unix::UnixStream;
//! use trill::splice;
//!
//! trill::block_on(async {
//!     let (a, b) = UnixStream::pair()?;
//!     a.write_all(b"hello").await?;
//!     // Back to where it came from.
//!     assert_eq!(splice::copy(&b, &b).limit(5).await?, 5);
//!     # Ok::<(), std::io::Error>(())
//! })?;
//! # Ok::<(), std::io::Error>(())
//! ```

pub use trill_splice::*;
