//! Children as awaitables. Needs the feature `process`.
//!
//! # Examples
//!
//! ```
//! use trill::process::Command;
//!
//! let output = trill::block_on(Command::new("echo").arg("hello").output())?;
//! assert_eq!(output.stdout, b"hello\n");
//! # Ok::<(), std::io::Error>(())
//! ```

pub use trill_process::*;
