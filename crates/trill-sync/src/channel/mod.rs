//! Channels between tasks and threads.
//!
//! | made by | senders | receivers | a message goes to | holds |
//! | --- | --- | --- | --- | --- |
//! | [`bounded`], [`unbounded`] | many | many | one receiver | up to a capacity; or any number |
//! | [`oneshot`] | one | one | the receiver | one message |
//! | [`broadcast`] | many | many | every receiver | the last ones, up to a capacity |
//! | [`watch`] | many | many | whoever looks | the last value |
//!
//! # The smallest program
//!
//! ```
//! use trill_sync::channel;
//!
//! # trill_park::block_on(async {
//! let (sender, receiver) = channel::bounded(16);
//! sender.send("hello").await.unwrap();
//! drop(sender);
//! while let Ok(message) = receiver.recv().await {
//!     assert_eq!(message, "hello");
//! }
//! # });
//! ```
//!
//! # How it works
//!
//! * Sending and receiving is a lock-free push or pop and one load that finds nobody waiting: nothing is allocated
//!   (an unbounded channel allocates a block for 31 messages) and nothing is locked.
//! * Who finds the channel empty or full leaves its waker in the channel and looks once more. Each message wakes one
//!   receiver, each message taken out wakes one sender, in order of waiting.
//! * A channel is closed by `close()` or when all senders or all receivers are gone. What was sent before can still be
//!   received. Operations that fail give the message back.
//! * Every wait has a blocking form for threads outside the runtime.
//!
//! # What it does not do
//!
//! A channel of capacity 0, in which sender and receiver meet, is not offered.

mod backoff;
mod closed;
mod error;
mod make;
mod padded;
mod permit;
mod queue;
mod receiver;
mod recv;
mod ring;
mod send;
mod sender;
mod shared;
mod wait;
mod weak;

pub mod broadcast;
pub mod oneshot;
pub mod watch;

pub use closed::Closed;
pub use error::{RecvError, SendError, TryRecvError, TryReserveError, TrySendError};
pub use make::{bounded, unbounded};
pub use permit::{Permit, Reserve};
pub use receiver::Receiver;
pub use recv::{Recv, RecvMany};
pub use send::Send;
pub use sender::Sender;
pub use weak::{WeakReceiver, WeakSender};
