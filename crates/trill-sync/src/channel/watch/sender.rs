//! The half that changes the value.

use std::fmt;
use std::mem;

use super::closed::Closed;
use super::receiver::Receiver;
use super::reference::Ref;
use super::shared::Shared;
use crate::channel::error::SendError;
use crate::primitive::Arc;

/// Changes the value of a watch channel; any number of tasks and threads may hold clones.
///
/// # Examples
///
/// See the [module's page](super).
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Sender<T> {
    /// Makes a channel that holds `initial` and has no receiver yet.
    ///
    /// # Examples
    ///
    /// ```
    /// let sender = trill_sync::channel::watch::Sender::new(7);
    /// assert_eq!(*sender.subscribe().borrow(), 7);
    /// ```
    pub fn new(initial: T) -> Sender<T> {
        Sender::counted(Arc::new(Shared::new(initial)))
    }

    /// Takes over a sender that is already counted.
    pub(super) fn counted(shared: Arc<Shared<T>>) -> Sender<T> {
        Sender { shared }
    }

    pub(super) fn shared(&self) -> &Shared<T> {
        &self.shared
    }

    /// Replaces the value and wakes the receivers.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the new value if there is no receiver; the old one stays then. To replace it in any case use
    /// [`send_replace`](Sender::send_replace).
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::channel::{SendError, watch};
    ///
    /// let (sender, receiver) = watch::channel(1);
    /// assert_eq!(sender.send(2), Ok(()));
    /// drop(receiver);
    /// assert_eq!(sender.send(3), Err(SendError(3)));
    /// assert_eq!(*sender.borrow(), 2);
    /// ```
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        if self.receiver_count() == 0 {
            return Err(SendError(value));
        }
        self.send_replace(value);
        Ok(())
    }

    /// Replaces the value, whether or not there are receivers, and returns the old one.
    ///
    /// # Examples
    ///
    /// ```
    /// let sender = trill_sync::channel::watch::Sender::new(1);
    /// assert_eq!(sender.send_replace(2), 1);
    /// ```
    pub fn send_replace(&self, value: T) -> T {
        self.shared.modify(|held| (mem::replace(held, value), true))
    }

    /// Changes the value in place and wakes the receivers.
    ///
    /// # Panics
    ///
    /// When `change` does. The value stays as `change` left it, and receivers are not told.
    ///
    /// # Examples
    ///
    /// ```
    /// let sender = trill_sync::channel::watch::Sender::new(1);
    /// sender.send_modify(|value| *value += 1);
    /// assert_eq!(*sender.borrow(), 2);
    /// ```
    pub fn send_modify(&self, change: impl FnOnce(&mut T)) {
        self.shared.modify(|held| {
            change(held);
            ((), true)
        });
    }

    /// Changes the value in place and wakes the receivers only if `change` returns `true`; returns that.
    ///
    /// # Panics
    ///
    /// When `change` does. The value stays as `change` left it, and receivers are not told.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = trill_sync::channel::watch::channel(1);
    /// assert!(!sender.send_if_modified(|_| false));
    /// assert_eq!(receiver.has_changed(), Ok(false));
    /// ```
    pub fn send_if_modified(&self, change: impl FnOnce(&mut T) -> bool) -> bool {
        self.shared.modify(|held| {
            let changed = change(held);
            (changed, changed)
        })
    }

    /// Looks at the value.
    ///
    /// Blocks the thread while a sender changes it. While the look lives, senders block.
    ///
    /// # Examples
    ///
    /// ```
    /// let sender = trill_sync::channel::watch::Sender::new(1);
    /// assert_eq!(*sender.borrow(), 1);
    /// ```
    pub fn borrow(&self) -> Ref<'_, T> {
        Ref::new(self.shared.read(), false)
    }

    /// Makes a receiver that has seen the present value.
    ///
    /// # Examples
    ///
    /// ```
    /// let sender = trill_sync::channel::watch::Sender::new(1);
    /// let receiver = sender.subscribe();
    /// assert_eq!(receiver.has_changed(), Ok(false));
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
    /// let (sender, receiver) = trill_sync::channel::watch::channel(1);
    /// drop(receiver);
    /// sender.closed().await;
    /// # });
    /// ```
    pub fn closed(&self) -> Closed<'_, T> {
        Closed::new(self)
    }

    /// Returns whether there is no receiver.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(trill_sync::channel::watch::Sender::new(1).is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.receiver_count() == 0
    }

    /// Counts the receivers.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = trill_sync::channel::watch::channel(1);
    /// assert_eq!(sender.receiver_count(), 1);
    /// ```
    pub fn receiver_count(&self) -> usize {
        self.shared.receivers()
    }

    /// Counts the senders.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = trill_sync::channel::watch::channel(1);
    /// let _second = sender.clone();
    /// assert_eq!(sender.sender_count(), 2);
    /// ```
    pub fn sender_count(&self) -> usize {
        self.shared.senders()
    }

    /// Counts the receivers that wait for a change and were not woken yet.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = trill_sync::channel::watch::channel(1);
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
    /// let sender = trill_sync::channel::watch::Sender::new(1);
    /// assert!(sender.same_channel(&sender.clone()));
    /// ```
    pub fn same_channel(&self, other: &Sender<T>) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl<T: Default> Default for Sender<T> {
    fn default() -> Sender<T> {
        Sender::new(T::default())
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
            .field("senders", &self.sender_count())
            .field("receivers", &self.receiver_count())
            .finish_non_exhaustive()
    }
}
