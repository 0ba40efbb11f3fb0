//! Why a child has no value.

use std::error::Error;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use trill_cell::TaskId;

use crate::caught::{self, Payload};
use crate::token::Cancelled;

/// Why a child has no value: it failed, it panicked, or it was cancelled.
///
/// In a [`TaskGroup`](crate::TaskGroup) the error or the panic itself is in the group's
/// [`GroupError`](crate::GroupError), which one place receives, and not here.
///
/// # Examples
///
/// ```
/// use std::future::pending;
/// use trill_task::{ChildError, scope};
///
/// trill_park::block_on(scope(async |s| {
///     let child = s.spawn(pending::<()>());
///     child.cancel();
///     let error: ChildError = child.join().await.unwrap_err();
///     assert!(error.is_cancelled());
/// }));
/// ```
pub struct ChildError {
    id: TaskId,
    why: Why,
}

/// How a child ended without a value.
pub(crate) enum Why {
    Failed,
    /// The payload, unless somebody else has it. The lock is never waited for: it only makes this `Sync`.
    Panicked(Option<Mutex<Payload>>),
    /// The request, unless the child was dropped without one.
    Cancelled(Option<Cancelled>),
}

impl ChildError {
    pub(crate) fn new(id: TaskId, why: Why) -> ChildError {
        ChildError { id, why }
    }

    /// Returns the identity of the child.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::scope;
    ///
    /// trill_park::block_on(scope(async |s| {
    ///     let child = s.spawn(std::future::pending::<()>());
    ///     let id = child.id();
    ///     child.cancel();
    ///     assert_eq!(child.join().await.unwrap_err().id(), id);
    /// }));
    /// ```
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// Says whether the child was cancelled, or dropped with its executor.
    ///
    /// # Examples
    ///
    /// See [`ChildError`].
    pub fn is_cancelled(&self) -> bool {
        matches!(self.why, Why::Cancelled(_))
    }

    /// Says whether the child panicked.
    ///
    /// # Examples
    ///
    /// See [`ChildError::is_cancelled`].
    pub fn is_panic(&self) -> bool {
        matches!(self.why, Why::Panicked(_))
    }

    /// Returns why the child was cancelled, if it was by a request.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::pending;
    /// use trill_task::{Group, group};
    ///
    /// let ex = trill_executor::Executor::new();
    /// trill_park::block_on(ex.run(group(async |g: Group<()>| {
    ///     let child = g.spawn(pending::<Result<(), ()>>()).unwrap();
    ///     child.cancel("not needed");
    ///     let error = child.await.unwrap_err();
    ///     assert_eq!(error.cancelled().unwrap().reason(), "not needed");
    ///     Ok(())
    /// })))
    /// .unwrap();
    /// ```
    pub fn cancelled(&self) -> Option<&Cancelled> {
        match &self.why {
            Why::Cancelled(cancelled) => cancelled.as_ref(),
            Why::Failed | Why::Panicked(_) => None,
        }
    }

    /// Returns what the child panicked with, for [`std::panic::resume_unwind`], if it is here.
    ///
    /// It is for a child of a [`TaskSet`](crate::TaskSet); that of a group has it in the group's error.
    ///
    /// # Errors
    ///
    /// Gives the error back if there is no payload in it.
    ///
    /// # Examples
    ///
    /// See [`TaskSet::join_next`](crate::TaskSet::join_next).
    pub fn into_panic(self) -> Result<Payload, ChildError> {
        match self.why {
            Why::Panicked(Some(payload)) => {
                Ok(payload.into_inner().unwrap_or_else(PoisonError::into_inner))
            }
            why => Err(ChildError { id: self.id, why }),
        }
    }
}

impl fmt::Display for ChildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {} ", self.id)?;
        match &self.why {
            Why::Failed => f.write_str("failed: its group has the error"),
            Why::Panicked(None) => f.write_str("panicked: its group has the panic"),
            Why::Panicked(Some(payload)) => {
                let payload = payload.lock().unwrap_or_else(PoisonError::into_inner);
                match caught::message(&**payload) {
                    Some(message) => write!(f, "panicked: {message}"),
                    None => f.write_str("panicked"),
                }
            }
            Why::Cancelled(Some(cancelled)) => write!(f, "was {cancelled}"),
            Why::Cancelled(None) => f.write_str("was dropped before it ended"),
        }
    }
}

impl fmt::Debug for ChildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChildError({self})")
    }
}

impl Error for ChildError {}
