//! Channels: between many senders and receivers, for one value, to all receivers, and for the latest value.
//!
//! # Examples
//!
//! ```
//! let (sender, receiver) = trill::channel::bounded(1);
//! trill::block_on(async {
//!     sender.send(5).await.unwrap();
//!     assert_eq!(receiver.recv().await, Ok(5));
//! });
//! ```

pub use trill_sync::channel::*;
