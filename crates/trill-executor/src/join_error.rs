//! Why a task has no value.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use trill_cell::TaskId;

use crate::quiet::Payload;

/// Why a task ended without a value: it was cancelled, or it panicked.
///
/// # Examples
///
/// ```
/// let ex = trill_executor::Executor::new();
/// let task = ex.spawn(async { panic!("no luck") });
/// let error: trill_executor::JoinError = trill_park::block_on(ex.run(task.join())).unwrap_err();
/// assert!(error.is_panic());
/// assert!(error.to_string().contains("no luck"));
/// ```
pub struct JoinError {
    id: TaskId,
    /// The panic's payload. The lock is never waited for: it only makes the error `Sync`.
    payload: Option<Mutex<Payload>>,
}

impl JoinError {
    pub(crate) fn cancelled(id: TaskId) -> JoinError {
        JoinError { id, payload: None }
    }

    pub(crate) fn panicked(id: TaskId, payload: Payload) -> JoinError {
        JoinError {
            id,
            payload: Some(Mutex::new(payload)),
        }
    }

    /// Says whether the task was cancelled: by its handle, or because its executor was dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// let ex = trill_executor::Executor::new();
    /// let task = ex.spawn(std::future::pending::<()>());
    /// drop(ex);
    /// let error = trill_park::block_on(task.join()).unwrap_err();
    /// assert!(error.is_cancelled());
    /// ```
    pub fn is_cancelled(&self) -> bool {
        self.payload.is_none()
    }

    /// Says whether the task panicked.
    ///
    /// # Examples
    ///
    /// See [`JoinError`].
    pub fn is_panic(&self) -> bool {
        self.payload.is_some()
    }

    /// Returns the identity of the task.
    ///
    /// # Examples
    ///
    /// ```
    /// let ex = trill_executor::Executor::new();
    /// let task = ex.spawn(std::future::pending::<()>());
    /// let id = task.id();
    /// drop(ex);
    /// assert_eq!(trill_park::block_on(task.join()).unwrap_err().id(), id);
    /// ```
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// Returns the panic's payload, for [`std::panic::resume_unwind`].
    ///
    /// # Errors
    ///
    /// Gives the error back if the task was cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// let ex = trill_executor::Executor::new();
    /// let task = ex.spawn(async { std::panic::panic_any(7) });
    /// let error = trill_park::block_on(ex.run(task.join())).unwrap_err();
    /// assert_eq!(error.try_into_panic().unwrap().downcast_ref(), Some(&7));
    /// ```
    pub fn try_into_panic(mut self) -> Result<Box<dyn Any + Send>, JoinError> {
        match self.payload.take() {
            Some(payload) => Ok(payload.into_inner().unwrap_or_else(PoisonError::into_inner)),
            None => Err(self),
        }
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(payload) = &self.payload else {
            return write!(f, "task {} was cancelled", self.id);
        };
        let payload = payload.lock().unwrap_or_else(PoisonError::into_inner);
        match message(&**payload) {
            Some(message) => write!(f, "task {} panicked: {message}", self.id),
            None => write!(f, "task {} panicked", self.id),
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JoinError({self})")
    }
}

impl Error for JoinError {}

/// The text of a panic, if it was made by `panic!` with one.
pub(crate) fn message(payload: &(dyn Any + Send)) -> Option<&str> {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
}
