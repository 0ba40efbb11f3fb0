//! What a cancel sets off, and what sets off a cancel.

use std::fmt;

use super::CancelToken;
use super::cancelled::Cancelled;
use super::node::Listening;

/// Keeps a callback in place; made by [`CancelToken::on_cancel`].
///
/// # Examples
///
/// See [`CancelToken::on_cancel`].
#[must_use = "dropping it takes the callback back"]
pub struct OnCancel {
    listening: Listening,
}

impl OnCancel {
    pub(super) fn new(listening: Listening) -> OnCancel {
        OnCancel { listening }
    }

    /// Takes the callback back. Returns whether it will never run: if not, it did or does on another thread.
    ///
    /// # Examples
    ///
    /// ```
    /// let token = trill_task::CancelToken::new();
    /// let callback = token.on_cancel(|_| unreachable!());
    /// assert!(callback.take_back());
    /// token.cancel("too late");
    /// ```
    pub fn take_back(mut self) -> bool {
        self.listening.end()
    }
}

impl fmt::Debug for OnCancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnCancel").finish_non_exhaustive()
    }
}

/// Cancels a token when dropped; made by [`CancelToken::cancel_on_drop`].
///
/// # Examples
///
/// See [`CancelToken::cancel_on_drop`].
#[derive(Debug)]
#[must_use = "the token is cancelled when this is dropped"]
pub struct CancelOnDrop {
    /// `None` once disarmed.
    token: Option<CancelToken>,
    cancelled: Cancelled,
}

impl CancelOnDrop {
    pub(super) fn new(token: CancelToken, cancelled: Cancelled) -> CancelOnDrop {
        CancelOnDrop {
            token: Some(token),
            cancelled,
        }
    }

    /// Leaves the token as it is.
    ///
    /// # Examples
    ///
    /// ```
    /// let token = trill_task::CancelToken::new();
    /// token.clone().cancel_on_drop("the block was left").disarm();
    /// assert!(!token.is_cancelled());
    /// ```
    pub fn disarm(mut self) {
        self.token = None;
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(token) = self.token.take() {
            token.cancel_as(&self.cancelled);
        }
    }
}
