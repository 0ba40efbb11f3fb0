//! Anonymous and named pipes.
//!
//! # Examples
//!
//! ```
//! trill::block_on(async {
//!     let (reader, writer) = trill::pipe::pipe()?;
//!     writer.write_all(b"through").await?;
//!     let mut text = [0; 16];
//!     assert_eq!(reader.read(&mut text).await?, 7);
//!     Ok(())
//! })
//! # as std::io::Result<()>;
//! # Ok::<(), std::io::Error>(())
//! ```

pub use trill_pipe::*;
