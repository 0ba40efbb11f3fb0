//! Standard input, output and error: also as [`io::stdin`](crate::io::stdin) and so on.
//!
//! # Examples
//!
//! ```no_run
//! trill::block_on(trill::stdio::stdout().write_all(b"hello\n"))?;
//! # Ok::<(), std::io::Error>(())
//! ```

pub use trill_stdio::*;
