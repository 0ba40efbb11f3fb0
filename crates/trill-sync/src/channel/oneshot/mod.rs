//! A channel for one message.
//!
//! # The smallest program
//!
//! ```
//! use trill_sync::channel::oneshot;
//!
//! # trill_park::block_on(async {
//! let (sender, receiver) = oneshot::channel();
//! sender.send("reply").unwrap();
//! assert_eq!(receiver.await, Ok("reply"));
//! # });
//! ```
//!
//! # How it works
//!
//! Making a channel is its only allocation. Sending is one atomic operation, and a call of the receiver's waker if it
//! waits. The receiver is the future; poll it by `&mut receiver` to keep it.
//!
//! # What it does not do
//!
//! Each side has one waiting place: the last waker that was left there is the one that is woken.

mod receiver;
mod sender;
mod state;

use crate::primitive::Arc;
pub use receiver::Receiver;
pub use sender::{Closed, Sender};
use state::State;

/// Makes a channel for one message.
///
/// # Examples
///
/// See the [module's page](self).
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let state = Arc::new(State::new());
    (Sender::new(state.clone()), Receiver::new(state))
}
