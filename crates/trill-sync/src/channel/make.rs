//! The functions that make channels.

use concurrent_queue::ConcurrentQueue;

use crate::channel::queue::Queue;
use crate::channel::receiver::Receiver;
use crate::channel::ring::Ring;
use crate::channel::sender::Sender;
use crate::channel::shared::Shared;
use crate::primitive::Arc;

/// Makes a channel that holds up to `capacity` messages.
///
/// A sender that finds it full waits, and so does not get ahead of the receivers.
/// The memory for all messages is allocated at once, for the next power of two.
///
/// # Panics
///
/// If `capacity` is 0 or more than 2⁴⁰.
///
/// # Examples
///
/// ```
/// use trill_sync::channel::{TrySendError, bounded};
///
/// let (sender, receiver) = bounded(1);
/// assert_eq!(sender.try_send(10), Ok(()));
/// assert_eq!(sender.try_send(20), Err(TrySendError::Full(20)));
/// assert_eq!(receiver.try_recv(), Ok(10));
/// ```
#[track_caller]
pub fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    assert!(
        capacity > 0,
        "a channel's capacity cannot be zero: use bounded(1) to hold one message"
    );
    channel(Queue::Bounded(Ring::new(capacity)))
}

/// Makes a channel that holds any number of messages.
///
/// Sending never waits, so nothing but memory holds a sender back that is faster than the receivers.
///
/// # Examples
///
/// ```
/// let (sender, receiver) = trill_sync::channel::unbounded();
/// assert_eq!(sender.try_send(10), Ok(()));
/// assert_eq!(sender.try_send(20), Ok(()));
/// assert_eq!(receiver.try_recv(), Ok(10));
/// ```
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    channel(Queue::Unbounded(ConcurrentQueue::unbounded()))
}

/// Makes both halves.
fn channel<T>(queue: Queue<T>) -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Shared::new(queue));
    (Sender::counted(shared.clone()), Receiver::counted(shared))
}
