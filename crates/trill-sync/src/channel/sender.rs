//! The half of a channel that sends.

use std::fmt;

use crate::channel::closed::Closed;
use crate::channel::error::{SendError, TryReserveError, TrySendError};
use crate::channel::permit::{Permit, Reserve};
use crate::channel::send::Send;
use crate::channel::shared::Shared;
use crate::channel::weak::WeakSender;
use crate::primitive::Arc;

/// Sends messages; any number of tasks and threads may hold clones.
///
/// When the last sender is dropped the channel is closed: receivers get what is left, then an error.
///
/// # Examples
///
/// See the [module's page](crate::channel).
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Sender<T> {
    /// Takes over a sender that is already counted.
    pub(crate) fn counted(shared: Arc<Shared<T>>) -> Sender<T> {
        Sender { shared }
    }

    #[inline]
    pub(crate) fn shared(&self) -> &Shared<T> {
        &self.shared
    }

    /// Sends `message`, waiting until there is room.
    ///
    /// Messages of one sender are received in the order in which they were sent. Senders that wait are woken in order,
    /// but a sender that comes at the right moment may be first.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the message if the channel is closed.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, the message is dropped with it and was not sent. To keep the message, wait for a
    /// place with [`reserve`](Sender::reserve) first.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::channel::{SendError, bounded};
    ///
    /// # trill_park::block_on(async {
    /// let (sender, receiver) = bounded(1);
    /// assert_eq!(sender.send(1).await, Ok(()));
    /// drop(receiver);
    /// assert_eq!(sender.send(2).await, Err(SendError(2)));
    /// # });
    /// ```
    #[inline]
    pub fn send(&self, message: T) -> Send<'_, T> {
        Send::new(self, message)
    }

    /// Sends `message` if there is room now.
    ///
    /// # Errors
    ///
    /// [`TrySendError`] with the message if the channel is full or closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::channel::{TrySendError, bounded};
    ///
    /// let (sender, receiver) = bounded(1);
    /// assert_eq!(sender.try_send(1), Ok(()));
    /// assert_eq!(sender.try_send(2), Err(TrySendError::Full(2)));
    /// # drop(receiver);
    /// ```
    #[inline]
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        self.shared.try_send(message)
    }

    /// Sends `message`, blocking the thread until there is room.
    ///
    /// Meant for threads outside the runtime; inside a task it keeps other tasks of the thread waiting.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the message if the channel is closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::channel::unbounded;
    ///
    /// let (sender, receiver) = unbounded();
    /// sender.send_blocking(1).unwrap();
    /// assert_eq!(receiver.recv_blocking(), Ok(1));
    /// ```
    #[track_caller]
    pub fn send_blocking(&self, message: T) -> Result<(), SendError<T>> {
        match self.try_send(message) {
            Ok(()) => Ok(()),
            Err(TrySendError::Closed(message)) => Err(SendError(message)),
            Err(TrySendError::Full(message)) => trill_park::block_on(self.send(message)),
        }
    }

    /// Sends `message` and, if the channel is full, takes the oldest message out for it.
    ///
    /// Returns the message that was displaced. When permits hold all places, that is `message` itself.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the message if the channel is closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::channel::bounded;
    ///
    /// let (sender, receiver) = bounded(2);
    /// assert_eq!(sender.force_send(1), Ok(None));
    /// assert_eq!(sender.force_send(2), Ok(None));
    /// assert_eq!(sender.force_send(3), Ok(Some(1)));
    /// assert_eq!(receiver.try_recv(), Ok(2));
    /// ```
    pub fn force_send(&self, message: T) -> Result<Option<T>, SendError<T>> {
        self.shared.force_send(message)
    }

    /// Reserves a place, waiting until there is room; the message can be made afterwards.
    ///
    /// Places in an unbounded channel are always there.
    ///
    /// # Errors
    ///
    /// [`SendError`] if the channel is closed.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: no place stays reserved, and there is no message yet that could be lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::channel::bounded;
    ///
    /// # trill_park::block_on(async {
    /// let (sender, receiver) = bounded(1);
    /// let permit = sender.reserve().await.unwrap();
    /// permit.send("made when there was room").unwrap();
    /// assert_eq!(receiver.len(), 1);
    /// # });
    /// ```
    pub fn reserve(&self) -> Reserve<'_, T> {
        Reserve::new(self)
    }

    /// Reserves a place if there is room now.
    ///
    /// # Errors
    ///
    /// [`TryReserveError`] if the channel is full or closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::channel::{TryReserveError, bounded};
    ///
    /// let (sender, _receiver) = bounded::<i32>(1);
    /// let permit = sender.try_reserve().unwrap();
    /// assert_eq!(sender.try_reserve().unwrap_err(), TryReserveError::Full);
    /// drop(permit);
    /// assert!(sender.try_reserve().is_ok());
    /// ```
    pub fn try_reserve(&self) -> Result<Permit<'_, T>, TryReserveError> {
        self.shared.try_reserve()?;
        Ok(Permit::new(self))
    }

    /// Waits until the channel is closed: by [`close`](Sender::close), or because the last receiver is gone.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::channel::unbounded;
    ///
    /// # trill_park::block_on(async {
    /// let (sender, receiver) = unbounded::<i32>();
    /// receiver.close();
    /// sender.closed().await;
    /// # });
    /// ```
    pub fn closed(&self) -> Closed<'_, T> {
        Closed::new(self)
    }

    /// Closes the channel: nothing can be sent any more, what was sent can still be received.
    ///
    /// Everybody who waits is woken. Returns whether this call closed it.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::channel::unbounded;
    ///
    /// let (sender, receiver) = unbounded();
    /// sender.try_send(1).unwrap();
    /// assert!(sender.close());
    /// assert!(!sender.close());
    /// assert!(sender.try_send(2).is_err());
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// ```
    pub fn close(&self) -> bool {
        self.shared.close()
    }

    /// Returns whether the channel is closed.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = trill_sync::channel::unbounded::<i32>();
    /// assert!(!sender.is_closed());
    /// drop(receiver);
    /// assert!(sender.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.shared.queue().is_closed()
    }

    /// Returns whether no message is in the channel.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = trill_sync::channel::unbounded::<i32>();
    /// assert!(sender.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.shared.queue().len() == 0
    }

    /// Returns whether messages and permits take up all places; never so for an unbounded channel.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = trill_sync::channel::bounded(1);
    /// sender.try_send(1).unwrap();
    /// assert!(sender.is_full());
    /// ```
    pub fn is_full(&self) -> bool {
        self.shared.queue().is_full()
    }

    /// Counts the messages in the channel.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = trill_sync::channel::unbounded();
    /// sender.try_send(1).unwrap();
    /// assert_eq!(sender.len(), 1);
    /// ```
    pub fn len(&self) -> usize {
        self.shared.queue().len()
    }

    /// Returns for how many messages there is room in all; `None` for an unbounded channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::channel::{bounded, unbounded};
    ///
    /// assert_eq!(bounded::<i32>(5).0.capacity(), Some(5));
    /// assert_eq!(unbounded::<i32>().0.capacity(), None);
    /// ```
    pub fn capacity(&self) -> Option<usize> {
        self.shared.queue().capacity()
    }

    /// Counts the receivers.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = trill_sync::channel::unbounded::<i32>();
    /// let _second = receiver.clone();
    /// assert_eq!(sender.receiver_count(), 2);
    /// ```
    pub fn receiver_count(&self) -> usize {
        self.shared.receivers()
    }

    /// Counts the senders.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = trill_sync::channel::unbounded::<i32>();
    /// let _second = sender.clone();
    /// assert_eq!(sender.sender_count(), 2);
    /// ```
    pub fn sender_count(&self) -> usize {
        self.shared.senders()
    }

    /// Counts those who wait for room and were not woken yet.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = trill_sync::channel::unbounded::<i32>();
    /// assert_eq!(sender.waiting_senders(), 0);
    /// ```
    pub fn waiting_senders(&self) -> usize {
        self.shared.waiting_senders()
    }

    /// Counts those who wait for a message and were not woken yet.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = trill_sync::channel::unbounded::<i32>();
    /// assert_eq!(sender.waiting_receivers(), 0);
    /// ```
    pub fn waiting_receivers(&self) -> usize {
        self.shared.waiting_receivers()
    }

    /// Makes a handle that does not keep the channel open.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = trill_sync::channel::unbounded::<i32>();
    /// let weak = sender.downgrade();
    /// assert!(weak.upgrade().is_some());
    /// drop(sender);
    /// assert!(weak.upgrade().is_none());
    /// ```
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender::new(self.shared.clone())
    }

    /// Returns whether both senders belong to the same channel.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = trill_sync::channel::unbounded::<i32>();
    /// assert!(sender.same_channel(&sender.clone()));
    /// ```
    pub fn same_channel(&self, other: &Sender<T>) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Sender<T> {
        self.shared.add_sender();
        Sender {
            shared: self.shared.clone(),
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.shared.remove_sender();
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .field("is_closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
