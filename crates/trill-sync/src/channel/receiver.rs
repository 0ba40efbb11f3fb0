//! The half of a channel that receives.

use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::{FusedStream, Stream};
use trill_cell::Kind;

use crate::channel::error::{RecvError, TryRecvError};
use crate::channel::recv::{Recv, RecvMany};
use crate::channel::shared::{Line, Shared};
use crate::channel::weak::WeakReceiver;
use crate::leaf::leaf;
use crate::primitive::Arc;
use crate::waiters::Ticket;

/// Receives messages; any number of tasks and threads may hold clones, and each message goes to one of them.
///
/// When the last receiver is dropped the channel is closed and what is left in it is dropped.
///
/// As a [`Stream`] it yields messages until the channel is empty and closed. Each message wakes *all* receivers that
/// wait as streams, because a stream that was woken need not be polled again; where many tasks take messages from one
/// channel, [`recv`](Receiver::recv) wakes one of them.
///
/// # Examples
///
/// See the [module's page](crate::channel).
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
    /// The place in line as a stream.
    ticket: Ticket,
}

impl<T> Receiver<T> {
    /// Takes over a receiver that is already counted.
    pub(crate) fn counted(shared: Arc<Shared<T>>) -> Receiver<T> {
        Receiver {
            shared,
            ticket: Ticket::new(),
        }
    }

    #[inline]
    pub(crate) fn shared(&self) -> &Shared<T> {
        &self.shared
    }

    /// Receives the next message, waiting until there is one.
    ///
    /// Receivers that wait are woken in order, but one that comes at the right moment may be first.
    ///
    /// # Errors
    ///
    /// [`RecvError`] once the channel is empty and closed.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a message leaves the channel only in the poll that returns it.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::channel::{RecvError, unbounded};
    ///
    /// # trill_park::block_on(async {
    /// let (sender, receiver) = unbounded();
    /// sender.send(1).await.unwrap();
    /// drop(sender);
    /// assert_eq!(receiver.recv().await, Ok(1));
    /// assert_eq!(receiver.recv().await, Err(RecvError));
    /// # });
    /// ```
    #[inline]
    pub fn recv(&self) -> Recv<'_, T> {
        Recv::new(self)
    }

    /// Receives a message if there is one now.
    ///
    /// # Errors
    ///
    /// [`TryRecvError`] if the channel is empty, or empty and closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::channel::{TryRecvError, unbounded};
    ///
    /// let (sender, receiver) = unbounded();
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    /// sender.try_send(1).unwrap();
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// ```
    #[inline]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.shared.try_recv()
    }

    /// Receives the next message, blocking the thread until there is one.
    ///
    /// Meant for threads outside the runtime; inside a task it keeps other tasks of the thread waiting.
    ///
    /// # Errors
    ///
    /// [`RecvError`] once the channel is empty and closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::channel::unbounded;
    ///
    /// let (sender, receiver) = unbounded();
    /// let thread = std::thread::spawn(move || receiver.recv_blocking());
    /// sender.send_blocking(1).unwrap();
    /// assert_eq!(thread.join().unwrap(), Ok(1));
    /// ```
    #[track_caller]
    pub fn recv_blocking(&self) -> Result<T, RecvError> {
        match self.try_recv() {
            Ok(message) => Ok(message),
            Err(TryRecvError::Closed) => Err(RecvError),
            Err(TryRecvError::Empty) => trill_park::block_on(self.recv()),
        }
    }

    /// Receives up to `limit` messages at once, waiting until there is at least one.
    ///
    /// Appends them to `to` and returns how many. A `limit` of 0 returns 0 at once. Taking messages in batches costs
    /// less than one by one.
    ///
    /// # Errors
    ///
    /// [`RecvError`] once the channel is empty and closed.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: messages leave the channel only in the poll that returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::channel::unbounded;
    ///
    /// # trill_park::block_on(async {
    /// let (sender, receiver) = unbounded();
    /// for number in 0..5 {
    ///     sender.send(number).await.unwrap();
    /// }
    /// let mut batch = Vec::new();
    /// assert_eq!(receiver.recv_many(&mut batch, 3).await, Ok(3));
    /// assert_eq!(receiver.recv_many(&mut batch, 3).await, Ok(2));
    /// assert_eq!(batch, [0, 1, 2, 3, 4]);
    /// # });
    /// ```
    pub fn recv_many<'a>(&'a self, to: &'a mut Vec<T>, limit: usize) -> RecvMany<'a, T> {
        RecvMany::new(self, to, limit)
    }

    /// Receives up to `limit` messages that are there now; appends them to `to` and returns how many.
    ///
    /// # Errors
    ///
    /// [`TryRecvError`] if the channel is empty, or empty and closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::channel::unbounded;
    ///
    /// let (sender, receiver) = unbounded();
    /// sender.try_send(1).unwrap();
    /// let mut batch = Vec::new();
    /// assert_eq!(receiver.try_recv_many(&mut batch, 10), Ok(1));
    /// ```
    pub fn try_recv_many(&self, to: &mut Vec<T>, limit: usize) -> Result<usize, TryRecvError> {
        self.shared.try_recv_many(to, limit)
    }

    /// Does what [`recv_many`](Receiver::recv_many) does, blocking the thread until there is a message.
    ///
    /// # Errors
    ///
    /// [`RecvError`] once the channel is empty and closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::channel::unbounded;
    ///
    /// let (sender, receiver) = unbounded();
    /// sender.try_send(1).unwrap();
    /// let mut batch = Vec::new();
    /// assert_eq!(receiver.recv_many_blocking(&mut batch, 10), Ok(1));
    /// ```
    #[track_caller]
    pub fn recv_many_blocking(&self, to: &mut Vec<T>, limit: usize) -> Result<usize, RecvError> {
        trill_park::block_on(self.recv_many(to, limit))
    }

    /// Closes the channel: nothing can be sent any more, what was sent can still be received.
    ///
    /// Everybody who waits is woken. Returns whether this call closed it.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::channel::{RecvError, unbounded};
    ///
    /// let (sender, receiver) = unbounded();
    /// sender.try_send(1).unwrap();
    /// assert!(receiver.close());
    /// assert_eq!(receiver.recv_blocking(), Ok(1));
    /// assert_eq!(receiver.recv_blocking(), Err(RecvError));
    /// ```
    pub fn close(&self) -> bool {
        self.shared.close()
    }

    /// Returns whether the channel is closed; there may still be messages in it.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = trill_sync::channel::unbounded::<i32>();
    /// assert!(!receiver.is_closed());
    /// drop(sender);
    /// assert!(receiver.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.shared.queue().is_closed()
    }

    /// Returns whether no message is in the channel.
    ///
    /// # Examples
    ///
    /// ```
    /// let (_sender, receiver) = trill_sync::channel::unbounded::<i32>();
    /// assert!(receiver.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.shared.queue().len() == 0
    }

    /// Returns whether messages and permits take up all places; never so for an unbounded channel.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = trill_sync::channel::bounded(1);
    /// sender.try_send(1).unwrap();
    /// assert!(receiver.is_full());
    /// ```
    pub fn is_full(&self) -> bool {
        self.shared.queue().is_full()
    }

    /// Counts the messages in the channel.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = trill_sync::channel::unbounded();
    /// sender.try_send(1).unwrap();
    /// assert_eq!(receiver.len(), 1);
    /// ```
    pub fn len(&self) -> usize {
        self.shared.queue().len()
    }

    /// Returns for how many messages there is room in all; `None` for an unbounded channel.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_sync::channel::bounded::<i32>(5).1.capacity(), Some(5));
    /// ```
    pub fn capacity(&self) -> Option<usize> {
        self.shared.queue().capacity()
    }

    /// Counts the receivers.
    ///
    /// # Examples
    ///
    /// ```
    /// let (_sender, receiver) = trill_sync::channel::unbounded::<i32>();
    /// assert_eq!(receiver.receiver_count(), 1);
    /// ```
    pub fn receiver_count(&self) -> usize {
        self.shared.receivers()
    }

    /// Counts the senders.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = trill_sync::channel::unbounded::<i32>();
    /// drop(sender);
    /// assert_eq!(receiver.sender_count(), 0);
    /// ```
    pub fn sender_count(&self) -> usize {
        self.shared.senders()
    }

    /// Counts those who wait for room and were not woken yet.
    ///
    /// # Examples
    ///
    /// ```
    /// let (_sender, receiver) = trill_sync::channel::unbounded::<i32>();
    /// assert_eq!(receiver.waiting_senders(), 0);
    /// ```
    pub fn waiting_senders(&self) -> usize {
        self.shared.waiting_senders()
    }

    /// Counts those who wait for a message and were not woken yet.
    ///
    /// # Examples
    ///
    /// ```
    /// let (_sender, receiver) = trill_sync::channel::unbounded::<i32>();
    /// assert_eq!(receiver.waiting_receivers(), 0);
    /// ```
    pub fn waiting_receivers(&self) -> usize {
        self.shared.waiting_receivers()
    }

    /// Makes a handle that does not keep the channel open.
    ///
    /// # Examples
    ///
    /// ```
    /// let (_sender, receiver) = trill_sync::channel::unbounded::<i32>();
    /// let weak = receiver.downgrade();
    /// assert!(weak.upgrade().is_some());
    /// drop(receiver);
    /// assert!(weak.upgrade().is_none());
    /// ```
    pub fn downgrade(&self) -> WeakReceiver<T> {
        WeakReceiver::new(self.shared.clone())
    }

    /// Returns whether both receivers belong to the same channel.
    ///
    /// # Examples
    ///
    /// ```
    /// let (_sender, receiver) = trill_sync::channel::unbounded::<i32>();
    /// assert!(receiver.same_channel(&receiver.clone()));
    /// ```
    pub fn same_channel(&self, other: &Receiver<T>) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl<T> Stream for Receiver<T> {
    type Item = T;

    #[track_caller]
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let Receiver { shared, ticket } = &mut *self;
        leaf(Kind::Receive, &**shared, Location::caller(), cx, |cx| {
            shared.poll_recv(Line::Streams, ticket, cx.waker(), Shared::try_recv)
        })
        .map(Result::ok)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // Other receivers may take everything.
        (0, None)
    }
}

impl<T> FusedStream for Receiver<T> {
    fn is_terminated(&self) -> bool {
        self.is_closed() && self.is_empty()
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Receiver<T> {
        self.shared.add_receiver();
        Receiver::counted(self.shared.clone())
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.shared.leave_receiving(Line::Streams, &mut self.ticket);
        self.shared.remove_receiver();
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .field("is_closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
