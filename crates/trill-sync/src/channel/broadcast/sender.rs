//! The half that sends.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Kind;

use super::receiver::Receiver;
use super::shared::Shared;
use crate::channel::error::SendError;
use crate::channel::wait::poll_with;
use crate::leaf::leaf;
use crate::primitive::Arc;
use crate::waiters::Ticket;

/// Sends messages to all receivers; any number of tasks and threads may hold clones.
///
/// When the last sender is dropped, receivers get what is left, then an error.
///
/// # Examples
///
/// See the [module's page](super).
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Sender<T> {
    /// Takes over a sender that is already counted.
    pub(super) fn counted(shared: Arc<Shared<T>>) -> Sender<T> {
        Sender { shared }
    }

    /// Sends `message` to all receivers there are now, and returns how many that are. It never waits.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the message if there is no receiver now; later there may be one again.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::channel::{SendError, broadcast};
    ///
    /// let (sender, receiver) = broadcast::channel(4);
    /// assert_eq!(sender.send(1), Ok(1));
    /// drop(receiver);
    /// assert_eq!(sender.send(2), Err(SendError(2)));
    /// ```
    pub fn send(&self, message: T) -> Result<usize, SendError<T>> {
        self.shared.send(message)
    }

    /// Makes a receiver that gets every message from now on.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = trill_sync::channel::broadcast::channel(4);
    /// sender.send(1).unwrap();
    /// let mut late = sender.subscribe();
    /// sender.send(2).unwrap();
    /// assert_eq!(late.try_recv(), Ok(2));
    /// ```
    pub fn subscribe(&self) -> Receiver<T> {
        Receiver::subscribe(self.shared.clone())
    }

    /// Waits until there is no receiver.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// # trill_park::block_on(async {
    /// let (sender, receiver) = trill_sync::channel::broadcast::channel::<i32>(4);
    /// drop(receiver);
    /// sender.closed().await;
    /// # });
    /// ```
    pub fn closed(&self) -> Closed<'_, T> {
        Closed {
            sender: self,
            ticket: Ticket::new(),
        }
    }

    /// Counts the messages that some receiver has not received.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = trill_sync::channel::broadcast::channel(4);
    /// sender.send(1).unwrap();
    /// assert_eq!(sender.len(), 1);
    /// receiver.try_recv().unwrap();
    /// assert_eq!(sender.len(), 0);
    /// ```
    pub fn len(&self) -> usize {
        self.shared.ring().len()
    }

    /// Returns whether all receivers have received all messages.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = trill_sync::channel::broadcast::channel::<i32>(4);
    /// assert!(sender.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many messages are kept for slow receivers.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = trill_sync::channel::broadcast::channel::<i32>(4);
    /// assert_eq!(sender.capacity(), 4);
    /// ```
    pub fn capacity(&self) -> usize {
        self.shared.ring().capacity()
    }

    /// Counts the receivers.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = trill_sync::channel::broadcast::channel::<i32>(4);
    /// let _second = sender.subscribe();
    /// assert_eq!(sender.receiver_count(), 2);
    /// ```
    pub fn receiver_count(&self) -> usize {
        self.shared.ring().receivers()
    }

    /// Counts the senders.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = trill_sync::channel::broadcast::channel::<i32>(4);
    /// let _second = sender.clone();
    /// assert_eq!(sender.sender_count(), 2);
    /// ```
    pub fn sender_count(&self) -> usize {
        self.shared.senders()
    }

    /// Counts the receivers that wait for a message and were not woken yet.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = trill_sync::channel::broadcast::channel::<i32>(4);
    /// assert_eq!(sender.waiting_receivers(), 0);
    /// ```
    pub fn waiting_receivers(&self) -> usize {
        self.shared.receiving.len()
    }

    /// Returns whether both senders belong to the same channel.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = trill_sync::channel::broadcast::channel::<i32>(4);
    /// assert!(sender.same_channel(&sender.clone()));
    /// ```
    pub fn same_channel(&self, other: &Sender<T>) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Makes a handle that does not keep the channel open.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = trill_sync::channel::broadcast::channel::<i32>(4);
    /// let weak = sender.downgrade();
    /// assert!(weak.upgrade().is_some());
    /// drop(sender);
    /// assert!(weak.upgrade().is_none());
    /// ```
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender {
            shared: self.shared.clone(),
        }
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
            .field("receivers", &self.receiver_count())
            .finish_non_exhaustive()
    }
}

/// Knows a broadcast channel without keeping it open.
///
/// # Examples
///
/// See [`Sender::downgrade`].
pub struct WeakSender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> WeakSender<T> {
    /// Makes a sender, unless the last one is gone.
    ///
    /// # Examples
    ///
    /// See [`Sender::downgrade`].
    pub fn upgrade(&self) -> Option<Sender<T>> {
        let revived = self.shared.revive_sender();
        revived.then(|| Sender::counted(self.shared.clone()))
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> WeakSender<T> {
        WeakSender {
            shared: self.shared.clone(),
        }
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakSender").finish_non_exhaustive()
    }
}

/// Waits until there is no receiver; made by [`Sender::closed`].
///
/// # Cancel safety
///
/// Cancel safe: nothing is lost.
///
/// # Examples
///
/// See [`Sender::closed`].
#[must_use = "futures do nothing unless awaited"]
pub struct Closed<'a, T> {
    sender: &'a Sender<T>,
    ticket: Ticket,
}

impl<T> Future for Closed<'_, T> {
    type Output = ();

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Closed { sender, ticket } = &mut *self;
        let shared = &*sender.shared;
        leaf(Kind::Notification, shared, Location::caller(), cx, |cx| {
            poll_with(&shared.closing, ticket, cx.waker(), || {
                (shared.ring().receivers() == 0).then_some(())
            })
        })
    }
}

impl<T> Drop for Closed<'_, T> {
    fn drop(&mut self) {
        self.sender.shared.closing.remove(&mut self.ticket);
    }
}

impl<T> fmt::Debug for Closed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closed").finish_non_exhaustive()
    }
}
