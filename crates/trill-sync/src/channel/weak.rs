//! Handles that do not keep a channel open.

use std::fmt;

use crate::channel::receiver::Receiver;
use crate::channel::sender::Sender;
use crate::channel::shared::Shared;
use crate::primitive::Arc;

/// Knows a channel without keeping it open; becomes a [`Sender`] again by [`upgrade`](WeakSender::upgrade).
///
/// # Examples
///
/// See [`Sender::downgrade`].
pub struct WeakSender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> WeakSender<T> {
    pub(crate) fn new(shared: Arc<Shared<T>>) -> WeakSender<T> {
        WeakSender { shared }
    }

    /// Makes a sender, unless the channel is closed or its last sender is gone.
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
        WeakSender::new(self.shared.clone())
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakSender").finish_non_exhaustive()
    }
}

/// Knows a channel without keeping it open; becomes a [`Receiver`] again by [`upgrade`](WeakReceiver::upgrade).
///
/// # Examples
///
/// See [`Receiver::downgrade`].
pub struct WeakReceiver<T> {
    shared: Arc<Shared<T>>,
}

impl<T> WeakReceiver<T> {
    pub(crate) fn new(shared: Arc<Shared<T>>) -> WeakReceiver<T> {
        WeakReceiver { shared }
    }

    /// Makes a receiver, unless the channel is closed or its last receiver is gone.
    ///
    /// # Examples
    ///
    /// See [`Receiver::downgrade`].
    pub fn upgrade(&self) -> Option<Receiver<T>> {
        let revived = self.shared.revive_receiver();
        revived.then(|| Receiver::counted(self.shared.clone()))
    }
}

impl<T> Clone for WeakReceiver<T> {
    fn clone(&self) -> WeakReceiver<T> {
        WeakReceiver::new(self.shared.clone())
    }
}

impl<T> fmt::Debug for WeakReceiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakReceiver").finish_non_exhaustive()
    }
}
