//! The half that receives.

use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use trill_cell::Kind;

use super::error::{Lagged, RecvError, TryRecvError};
use super::recv::{Recv, poll_recv};
use super::shared::Shared;
use crate::leaf::leaf;
use crate::primitive::Arc;
use crate::waiters::Ticket;

/// Receives every message that was sent since it was made.
///
/// As a [`Stream`] it yields messages, and [`Lagged`] where it missed some, until all senders are gone.
///
/// # Examples
///
/// See the [module's page](super).
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
    /// The next message to be received.
    position: u64,
    /// The place in line as a stream.
    ticket: Ticket,
}

impl<T> Receiver<T> {
    /// Makes a receiver that gets every message from now on.
    pub(super) fn subscribe(shared: Arc<Shared<T>>) -> Receiver<T> {
        let position = shared.subscribe();
        Receiver {
            shared,
            position,
            ticket: Ticket::new(),
        }
    }

    /// The two parts that a waiting future needs.
    pub(super) fn parts(&mut self) -> (&Shared<T>, &mut u64) {
        (&self.shared, &mut self.position)
    }

    /// Receives the next message, waiting until there is one.
    ///
    /// # Errors
    ///
    /// [`RecvError::Lagged`] if messages were missed, [`RecvError::Closed`] once all were received and all senders are
    /// gone.
    ///
    /// # Panics
    ///
    /// When the message's `clone` does; the message is then received.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the position moves only in the poll that returns a message.
    ///
    /// # Examples
    ///
    /// ```
    /// # trill_park::block_on(async {
    /// let (sender, mut receiver) = trill_sync::channel::broadcast::channel(4);
    /// sender.send(1).unwrap();
    /// assert_eq!(receiver.recv().await, Ok(1));
    /// # });
    /// ```
    pub fn recv(&mut self) -> Recv<'_, T>
    where
        T: Clone,
    {
        Recv::new(self)
    }

    /// Receives a message if there is one now.
    ///
    /// # Errors
    ///
    /// [`TryRecvError`] if there is none or if messages were missed.
    ///
    /// # Panics
    ///
    /// When the message's `clone` does; the message is then received.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::channel::broadcast::{TryRecvError, channel};
    ///
    /// let (sender, mut receiver) = channel(1);
    /// sender.send(1).unwrap();
    /// sender.send(2).unwrap();
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Lagged(1)));
    /// assert_eq!(receiver.try_recv(), Ok(2));
    /// ```
    pub fn try_recv(&mut self) -> Result<T, TryRecvError>
    where
        T: Clone,
    {
        self.shared.try_recv(&mut self.position)
    }

    /// Receives the next message, blocking the thread until there is one.
    ///
    /// Meant for threads outside the runtime; inside a task it keeps other tasks of the thread waiting.
    ///
    /// # Errors
    ///
    /// As [`recv`](Receiver::recv).
    ///
    /// # Panics
    ///
    /// When the message's `clone` does; the message is then received.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = trill_sync::channel::broadcast::channel(4);
    /// sender.send(1).unwrap();
    /// assert_eq!(receiver.recv_blocking(), Ok(1));
    /// ```
    #[track_caller]
    pub fn recv_blocking(&mut self) -> Result<T, RecvError>
    where
        T: Clone,
    {
        trill_park::block_on(self.recv())
    }

    /// Makes another receiver, which gets every message from now on, but not those this one has not received.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = trill_sync::channel::broadcast::channel(4);
    /// sender.send(1).unwrap();
    /// let mut other = receiver.resubscribe();
    /// sender.send(2).unwrap();
    /// assert_eq!(other.try_recv(), Ok(2));
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// ```
    pub fn resubscribe(&self) -> Receiver<T> {
        Receiver::subscribe(self.shared.clone())
    }

    /// Counts the messages sent that this receiver has not received, those it missed included.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = trill_sync::channel::broadcast::channel(4);
    /// sender.send(1).unwrap();
    /// assert_eq!(receiver.len(), 1);
    /// ```
    pub fn len(&self) -> usize {
        usize::try_from(self.shared.ring().len_from(self.position)).unwrap_or(usize::MAX)
    }

    /// Returns whether this receiver has received all messages.
    ///
    /// # Examples
    ///
    /// ```
    /// let (_sender, receiver) = trill_sync::channel::broadcast::channel::<i32>(4);
    /// assert!(receiver.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns whether all senders are gone; there may still be messages.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = trill_sync::channel::broadcast::channel::<i32>(4);
    /// drop(sender);
    /// assert!(receiver.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.shared.ring().is_closed()
    }

    /// Returns how many messages are kept for slow receivers.
    ///
    /// # Examples
    ///
    /// ```
    /// let (_sender, receiver) = trill_sync::channel::broadcast::channel::<i32>(4);
    /// assert_eq!(receiver.capacity(), 4);
    /// ```
    pub fn capacity(&self) -> usize {
        self.shared.ring().capacity()
    }

    /// Counts the receivers.
    ///
    /// # Examples
    ///
    /// ```
    /// let (_sender, receiver) = trill_sync::channel::broadcast::channel::<i32>(4);
    /// assert_eq!(receiver.receiver_count(), 1);
    /// ```
    pub fn receiver_count(&self) -> usize {
        self.shared.ring().receivers()
    }

    /// Counts the senders.
    ///
    /// # Examples
    ///
    /// ```
    /// let (_sender, receiver) = trill_sync::channel::broadcast::channel::<i32>(4);
    /// assert_eq!(receiver.sender_count(), 1);
    /// ```
    pub fn sender_count(&self) -> usize {
        self.shared.senders()
    }

    /// Returns whether both receivers belong to the same channel.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = trill_sync::channel::broadcast::channel::<i32>(4);
    /// assert!(receiver.same_channel(&sender.subscribe()));
    /// ```
    pub fn same_channel(&self, other: &Receiver<T>) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl<T: Clone> Stream for Receiver<T> {
    type Item = Result<T, Lagged>;

    #[track_caller]
    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<T, Lagged>>> {
        let Receiver {
            shared,
            position,
            ticket,
        } = &mut *self;
        let poll = leaf(Kind::Receive, &**shared, Location::caller(), cx, |cx| {
            poll_recv(shared, position, ticket, cx.waker())
        });
        poll.map(|received| match received {
            Ok(message) => Some(Ok(message)),
            Err(RecvError::Lagged(missed)) => Some(Err(Lagged(missed))),
            Err(RecvError::Closed) => None,
        })
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.shared.receiving.remove(&mut self.ticket);
        self.shared.unsubscribe(self.position);
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("len", &self.len())
            .field("is_closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
