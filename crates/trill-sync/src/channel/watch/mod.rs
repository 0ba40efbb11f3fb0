//! A channel that holds one value, of which receivers see the last state.
//!
//! # The smallest program
//!
//! ```
//! use trill_sync::channel::watch;
//!
//! # trill_park::block_on(async {
//! let (sender, mut receiver) = watch::channel("starting");
//! sender.send("running").unwrap();
//! receiver.changed().await.unwrap();
//! assert_eq!(*receiver.borrow(), "running");
//! # });
//! ```
//!
//! # How it works
//!
//! The value lies behind a read-write lock of the standard library, beside a version that each change raises. A
//! receiver remembers the version it has seen; [`changed`](Receiver::changed) waits for a higher one, so a receiver
//! that is slow sees the last value and skips those between. The lock is held only while somebody looks or changes,
//! never while a task waits; do not keep a [`Ref`] across an await.
//!
//! # What it does not do
//!
//! It keeps no history: for every value use [`broadcast`](super::broadcast).

mod changed;
mod closed;
mod receiver;
mod reference;
mod sender;
mod shared;
mod wait_for;

use crate::primitive::Arc;
pub use changed::Changed;
pub use closed::Closed;
pub use receiver::Receiver;
pub use reference::Ref;
pub use sender::Sender;
use shared::Shared;
pub use wait_for::WaitFor;

/// Makes a channel that holds `initial`, which its first receiver has seen.
///
/// # Examples
///
/// See the [module's page](self).
pub fn channel<T>(initial: T) -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Shared::new(initial));
    let receiver = Receiver::subscribe(shared.clone());
    (Sender::counted(shared), receiver)
}
