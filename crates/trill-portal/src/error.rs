//! Why a call has no answer.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// Why a call through a portal has no value.
///
/// # Examples
///
/// ```
/// use trill_portal::{Portal, PortalError};
///
/// // There is no runtime here.
/// let error = Portal::current().unwrap_err();
/// assert!(matches!(error, PortalError::NoExecutor));
/// assert!(error.to_string().contains("inside"));
/// ```
#[non_exhaustive]
pub enum PortalError {
    /// The runtime ended, before the call or before the task did.
    Closed,
    /// The task was cancelled by [`PortalTask::cancel`](crate::PortalTask::cancel).
    Cancelled,
    /// The task panicked with this payload; see [`PortalError::try_into_panic`].
    Panicked(Panic),
    /// The calling thread is polling a future, which would have to wait, and maybe the task with it; see
    /// [`Portal::call`](crate::Portal::call).
    Deadlock,
    /// No executor was found to make a portal into.
    NoExecutor,
}

impl PortalError {
    /// Returns the panic's payload, for [`std::panic::resume_unwind`].
    ///
    /// # Errors
    ///
    /// Gives the error back if the task did not panic.
    ///
    /// # Examples
    ///
    /// See [`Portal::call`](crate::Portal::call).
    pub fn try_into_panic(self) -> Result<Box<dyn Any + Send>, PortalError> {
        match self {
            PortalError::Panicked(panic) => Ok(panic.into_payload()),
            error => Err(error),
        }
    }

    pub(crate) fn panicked(payload: Box<dyn Any + Send>) -> PortalError {
        PortalError::Panicked(Panic(Mutex::new(payload)))
    }
}

impl fmt::Display for PortalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PortalError::Closed => f.write_str("the runtime behind the portal has ended"),
            PortalError::Cancelled => f.write_str("the task was cancelled"),
            PortalError::Panicked(panic) => panic.fmt(f),
            PortalError::Deadlock => f.write_str(
                "this thread is polling a future, so blocking it could stop the very task it waits for: \
                 `.await` the future itself, or `start` it and await the handle",
            ),
            PortalError::NoExecutor => f.write_str(
                "no executor polls on this thread and no runtime was started: \
                 make the portal inside a runtime, or with `Portal::on`",
            ),
        }
    }
}

impl fmt::Debug for PortalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PortalError({self})")
    }
}

impl Error for PortalError {}

/// What a task panicked with.
///
/// # Examples
///
/// ```
/// use trill_executor::Executor;
/// use trill_portal::{Portal, PortalError};
///
/// let ex = Executor::new();
/// let portal = Portal::on(&ex);
/// let task = portal.start(async { panic!("no luck") });
/// match trill_park::block_on(ex.run(task)) {
///     Err(PortalError::Panicked(panic)) => assert_eq!(panic.message().unwrap(), "no luck"),
///     other => panic!("{other:?}"),
/// }
/// ```
pub struct Panic(
    /// Never waited for: the lock only makes the payload `Sync`.
    Mutex<Box<dyn Any + Send>>,
);

impl Panic {
    /// Returns the panic's text, if it was made by `panic!` with one.
    ///
    /// # Examples
    ///
    /// See [`Panic`].
    pub fn message(&self) -> Option<String> {
        let payload = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = payload.downcast_ref::<&str>().map(ToString::to_string);
        text.or_else(|| payload.downcast_ref::<String>().cloned())
    }

    /// Returns the payload, for [`std::panic::resume_unwind`].
    ///
    /// # Examples
    ///
    /// See [`Portal::call`](crate::Portal::call).
    pub fn into_payload(self) -> Box<dyn Any + Send> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message() {
            Some(message) => write!(f, "the task panicked: {message}"),
            None => f.write_str("the task panicked"),
        }
    }
}

impl fmt::Debug for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Panic({self})")
    }
}
