//! Listening sockets that come from another process: opened by a service manager, or handed over by the process before.
//! Needs the feature `handover`.
//!
//! # Examples
//!
//! ```
//! // What systemd has opened for this program, if it was started so.
//! let sockets = trill::handover::activated()?;
//! assert!(sockets.is_empty());
//! # Ok::<(), std::io::Error>(())
//! ```

pub use trill_handover::*;
