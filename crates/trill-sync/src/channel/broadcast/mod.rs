//! A channel whose messages each receiver gets.
//!
//! # The smallest program
//!
//! ```
//! use trill_sync::channel::broadcast;
//!
//! # trill_park::block_on(async {
//! let (sender, mut first) = broadcast::channel(16);
//! let mut second = sender.subscribe();
//! sender.send("hello").unwrap();
//! assert_eq!(first.recv().await, Ok("hello"));
//! assert_eq!(second.recv().await, Ok("hello"));
//! # });
//! ```
//!
//! # How it works
//!
//! * Messages lie in a ring that all receivers read, each at its own position, behind one short mutex. Sending never
//!   waits: when the ring is full the oldest message goes.
//! * A receiver that missed messages because of that is told how many ([`RecvError::Lagged`]) and goes on with the
//!   oldest that is left.
//! * Each receiver gets a clone, made outside the mutex; the last one gets the message itself.
//! * Places of the ring are allocated once and used again.
//!
//! # What it does not do
//!
//! It never holds a sender back; to do that, send to a [`bounded`](super::bounded) channel per receiver.

mod error;
mod receiver;
mod recv;
mod ring;
mod sender;
mod shared;

use crate::primitive::Arc;
pub use error::{Lagged, RecvError, TryRecvError};
pub use receiver::Receiver;
pub use recv::Recv;
pub use sender::{Closed, Sender, WeakSender};
use shared::Shared;

/// Makes a channel that keeps the last `capacity` messages for receivers that have not received them.
///
/// # Panics
///
/// If `capacity` is 0.
///
/// # Examples
///
/// See the [module's page](self).
#[track_caller]
pub fn channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    assert!(
        capacity > 0,
        "a broadcast channel's capacity cannot be zero: use channel(1) to keep the last message"
    );
    let shared = Arc::new(Shared::new(capacity));
    let receiver = Receiver::subscribe(shared.clone());
    (Sender::counted(shared), receiver)
}
