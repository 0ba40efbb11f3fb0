//! The half that looks at the value.

use std::fmt;

use super::changed::Changed;
use super::reference::Ref;
use super::shared::{Shared, Version};
use super::wait_for::WaitFor;
use crate::channel::error::RecvError;
use crate::primitive::Arc;

/// Looks at the value of a watch channel and remembers which one it has seen.
///
/// A clone has seen what this one has.
///
/// # Examples
///
/// See the [module's page](super).
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
    seen: Version,
}

impl<T> Receiver<T> {
    /// Makes a receiver that has seen the present value.
    pub(super) fn subscribe(shared: Arc<Shared<T>>) -> Receiver<T> {
        shared.add_receiver();
        let seen = shared.version();
        Receiver { shared, seen }
    }

    /// The two parts that a waiting future needs.
    pub(super) fn parts(&mut self) -> (&Shared<T>, &mut Version) {
        (&self.shared, &mut self.seen)
    }

    /// Looks at the value, without marking it as seen.
    ///
    /// Blocks the thread while a sender changes it. While the look lives, senders block.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = trill_sync::channel::watch::channel(1);
    /// sender.send(2).unwrap();
    /// assert_eq!(*receiver.borrow(), 2);
    /// assert_eq!(receiver.has_changed(), Ok(true));
    /// ```
    pub fn borrow(&self) -> Ref<'_, T> {
        let value = self.shared.read();
        let changed = self.shared.version().differs(self.seen);
        Ref::new(value, changed)
    }

    /// Looks at the value and marks it as seen.
    ///
    /// Blocks the thread while a sender changes it. While the look lives, senders block.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = trill_sync::channel::watch::channel(1);
    /// sender.send(2).unwrap();
    /// assert_eq!(*receiver.borrow_and_update(), 2);
    /// assert_eq!(receiver.has_changed(), Ok(false));
    /// ```
    pub fn borrow_and_update(&mut self) -> Ref<'_, T> {
        let value = self.shared.read();
        let version = self.shared.version();
        let changed = version.differs(self.seen);
        self.seen = version;
        Ref::new(value, changed)
    }

    /// Waits for a value that was not seen, and marks it as seen.
    ///
    /// # Errors
    ///
    /// [`RecvError`] if the last value was seen and all senders are gone.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a value is marked as seen only in the poll that returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::channel::RecvError;
    ///
    /// # trill_park::block_on(async {
    /// let (sender, mut receiver) = trill_sync::channel::watch::channel(1);
    /// sender.send(2).unwrap();
    /// assert_eq!(receiver.changed().await, Ok(()));
    /// assert_eq!(*receiver.borrow(), 2);
    /// drop(sender);
    /// assert_eq!(receiver.changed().await, Err(RecvError));
    /// # });
    /// ```
    pub fn changed(&mut self) -> Changed<'_, T> {
        Changed::new(self)
    }

    /// Does what [`changed`](Receiver::changed) does, blocking the thread.
    ///
    /// # Errors
    ///
    /// [`RecvError`] if the last value was seen and all senders are gone.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = trill_sync::channel::watch::channel(1);
    /// sender.send(2).unwrap();
    /// assert_eq!(receiver.changed_blocking(), Ok(()));
    /// ```
    #[track_caller]
    pub fn changed_blocking(&mut self) -> Result<(), RecvError> {
        trill_park::block_on(self.changed())
    }

    /// Waits for a value that `accept` accepts, marks it as seen and looks at it.
    ///
    /// The present value is tried first, whether it was seen or not; then every value that a look finds.
    ///
    /// # Errors
    ///
    /// [`RecvError`] if all senders are gone and the last value is not accepted.
    ///
    /// # Panics
    ///
    /// When `accept` does.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is lost. Values that were tried and not accepted are marked as seen.
    ///
    /// # Examples
    ///
    /// ```
    /// # trill_park::block_on(async {
    /// let (sender, mut receiver) = trill_sync::channel::watch::channel(1);
    /// sender.send(10).unwrap();
    /// assert_eq!(*receiver.wait_for(|value| *value > 5).await.unwrap(), 10);
    /// # });
    /// ```
    pub fn wait_for<F>(&mut self, accept: F) -> WaitFor<'_, T, F>
    where
        F: FnMut(&T) -> bool,
    {
        WaitFor::new(&self.shared, &mut self.seen, accept)
    }

    /// Does what [`wait_for`](Receiver::wait_for) does, blocking the thread.
    ///
    /// # Errors
    ///
    /// [`RecvError`] if all senders are gone and the last value is not accepted.
    ///
    /// # Panics
    ///
    /// When `accept` does.
    ///
    /// # Examples
    ///
    /// ```
    /// let (_sender, mut receiver) = trill_sync::channel::watch::channel(7);
    /// assert_eq!(*receiver.wait_for_blocking(|value| *value > 5).unwrap(), 7);
    /// ```
    #[track_caller]
    pub fn wait_for_blocking<F>(&mut self, accept: F) -> Result<Ref<'_, T>, RecvError>
    where
        F: FnMut(&T) -> bool,
    {
        trill_park::block_on(self.wait_for(accept))
    }

    /// Returns whether there is a value that was not seen.
    ///
    /// # Errors
    ///
    /// [`RecvError`] if the last value was seen and all senders are gone.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = trill_sync::channel::watch::channel(1);
    /// assert_eq!(receiver.has_changed(), Ok(false));
    /// sender.send(2).unwrap();
    /// assert_eq!(receiver.has_changed(), Ok(true));
    /// ```
    pub fn has_changed(&self) -> Result<bool, RecvError> {
        let version = self.shared.version();
        let changed = version.differs(self.seen);
        if !changed && version.is_last() {
            return Err(RecvError);
        }
        Ok(changed)
    }

    /// Marks the present value as not seen.
    ///
    /// # Examples
    ///
    /// ```
    /// let (_sender, mut receiver) = trill_sync::channel::watch::channel(1);
    /// receiver.mark_changed();
    /// assert_eq!(receiver.has_changed(), Ok(true));
    /// ```
    pub fn mark_changed(&mut self) {
        self.seen = self.shared.version().before();
    }

    /// Marks the present value as seen.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = trill_sync::channel::watch::channel(1);
    /// sender.send(2).unwrap();
    /// receiver.mark_unchanged();
    /// assert_eq!(receiver.has_changed(), Ok(false));
    /// ```
    pub fn mark_unchanged(&mut self) {
        self.seen = self.shared.version();
    }

    /// Returns whether all senders are gone.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = trill_sync::channel::watch::channel(1);
    /// drop(sender);
    /// assert!(receiver.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.shared.version().is_last()
    }

    /// Counts the receivers.
    ///
    /// # Examples
    ///
    /// ```
    /// let (_sender, receiver) = trill_sync::channel::watch::channel(1);
    /// let _second = receiver.clone();
    /// assert_eq!(receiver.receiver_count(), 2);
    /// ```
    pub fn receiver_count(&self) -> usize {
        self.shared.receivers()
    }

    /// Counts the senders.
    ///
    /// # Examples
    ///
    /// ```
    /// let (_sender, receiver) = trill_sync::channel::watch::channel(1);
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
    /// let (_sender, receiver) = trill_sync::channel::watch::channel(1);
    /// assert!(receiver.same_channel(&receiver.clone()));
    /// ```
    pub fn same_channel(&self, other: &Receiver<T>) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Receiver<T> {
        self.shared.add_receiver();
        Receiver {
            shared: self.shared.clone(),
            seen: self.seen,
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.shared.remove_receiver();
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("has_changed", &self.has_changed())
            .finish_non_exhaustive()
    }
}
