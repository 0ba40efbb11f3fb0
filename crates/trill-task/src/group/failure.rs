//! One of the things that went wrong in a group.

use std::fmt;
use std::panic::Location;
use std::sync::{Mutex, PoisonError};

use trill_cell::TaskId;

use crate::caught::{self, Payload};
use crate::token::Cancelled;

/// One of the things that went wrong in a group: whose, and what.
///
/// # Examples
///
/// ```
/// use trill_cell::Spawned;
/// use trill_task::{Group, group};
///
/// let ex = trill_executor::Executor::new();
/// let error = trill_park::block_on(ex.run(group(async |g: Group<String>| {
///     let fails = async { Err::<(), _>("no luck".to_string()) };
///     g.spawn_as(fails, Spawned::here().named("reader")).unwrap();
///     Ok(())
/// })))
/// .unwrap_err();
/// let failure = &error.failures()[0];
/// assert_eq!(failure.name(), Some("reader"));
/// assert_eq!(failure.site().unwrap().file(), file!());
/// assert_eq!(failure.error().unwrap(), "no luck");
/// ```
pub struct Failure<E> {
    id: Option<TaskId>,
    origin: Option<Origin>,
    cause: Cause<E>,
}

/// What is known of a child from its spawn.
#[derive(Clone)]
pub(crate) struct Origin {
    pub(super) name: Option<Box<str>>,
    pub(super) site: &'static Location<'static>,
}

enum Cause<E> {
    Error(E),
    /// The lock is never waited for: it only makes the failure `Sync`.
    Panic(Mutex<Payload>),
}

impl<E> Failure<E> {
    pub(super) fn error_of(id: Option<TaskId>, origin: Option<Origin>, error: E) -> Failure<E> {
        let cause = Cause::Error(error);
        Failure { id, origin, cause }
    }

    pub(super) fn panic_of(
        id: Option<TaskId>,
        origin: Option<Origin>,
        payload: Payload,
    ) -> Failure<E> {
        let cause = Cause::Panic(Mutex::new(payload));
        Failure { id, origin, cause }
    }

    /// Returns the identity of the child; `None` for the body, and for a child that was dropped before its first poll.
    ///
    /// # Examples
    ///
    /// See [`GroupError`](crate::GroupError).
    pub fn id(&self) -> Option<TaskId> {
        self.id
    }

    /// Returns the child's name, if it was given one.
    ///
    /// # Examples
    ///
    /// See [`Failure`].
    pub fn name(&self) -> Option<&str> {
        self.origin.as_ref()?.name.as_deref()
    }

    /// Returns where the child was spawned; `None` for the body.
    ///
    /// # Examples
    ///
    /// See [`Failure`].
    pub fn site(&self) -> Option<&'static Location<'static>> {
        Some(self.origin.as_ref()?.site)
    }

    /// Says whether it is the body that failed, and no child.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::{Group, group};
    ///
    /// let ex = trill_executor::Executor::new();
    /// let body = group(async |_: Group<&str>| Err::<(), _>("no luck"));
    /// let error = trill_park::block_on(ex.run(body)).unwrap_err();
    /// assert!(error.failures()[0].is_body());
    /// ```
    pub fn is_body(&self) -> bool {
        self.origin.is_none()
    }

    /// Returns the error, unless it is a panic.
    ///
    /// # Examples
    ///
    /// See [`Failure`].
    pub fn error(&self) -> Option<&E> {
        match &self.cause {
            Cause::Error(error) => Some(error),
            Cause::Panic(_) => None,
        }
    }

    /// Says whether it is a panic.
    ///
    /// # Examples
    ///
    /// See [`GroupError::into_panic`](crate::GroupError::into_panic).
    pub fn is_panic(&self) -> bool {
        matches!(self.cause, Cause::Panic(_))
    }

    /// Returns the error by value.
    ///
    /// # Errors
    ///
    /// Gives the failure back if it is a panic.
    ///
    /// # Examples
    ///
    /// See [`GroupError::into_failures`](crate::GroupError::into_failures).
    pub fn into_error(self) -> Result<E, Failure<E>> {
        match self.cause {
            Cause::Error(error) => Ok(error),
            cause => Err(Failure { cause, ..self }),
        }
    }

    /// Returns the panic's payload, for [`std::panic::resume_unwind`].
    ///
    /// # Errors
    ///
    /// Gives the failure back if it is an error.
    ///
    /// # Examples
    ///
    /// See [`GroupError::into_panic`](crate::GroupError::into_panic).
    pub fn into_panic(self) -> Result<Payload, Failure<E>> {
        match self.cause {
            Cause::Panic(payload) => {
                Ok(payload.into_inner().unwrap_or_else(PoisonError::into_inner))
            }
            cause => Err(Failure { cause, ..self }),
        }
    }

    /// What others are told who are cancelled for this.
    pub(super) fn as_cancelled(&self) -> Cancelled {
        Cancelled::new(self.summary())
    }

    /// Who failed how, without the error.
    fn summary(&self) -> String {
        let whose = Whose(self);
        match &self.cause {
            Cause::Error(_) => format!("{whose} failed"),
            Cause::Panic(payload) => format!("{whose} panicked{}", Text(payload)),
        }
    }

    /// How it failed, for a report that says by itself who it was.
    pub(super) fn plain(&self) -> String {
        match &self.cause {
            Cause::Error(_) => "it failed in a group whose future is gone".to_string(),
            Cause::Panic(payload) => {
                format!(
                    "it panicked in a group whose future is gone{}",
                    Text(payload)
                )
            }
        }
    }
}

/// What a panic says, after a colon.
struct Text<'a>(&'a Mutex<Payload>);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let payload = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match caught::message(&**payload) {
            Some(message) => write!(f, ": {message}"),
            None => Ok(()),
        }
    }
}

impl<E: fmt::Display> fmt::Display for Failure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary())?;
        match &self.cause {
            Cause::Error(error) => write!(f, ": {error}"),
            Cause::Panic(_) => Ok(()),
        }
    }
}

impl<E: fmt::Debug> fmt::Debug for Failure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary())?;
        match &self.cause {
            Cause::Error(error) => write!(f, ": {error:?}"),
            Cause::Panic(_) => Ok(()),
        }
    }
}

/// Who failed.
struct Whose<'a, E>(&'a Failure<E>);

impl<E> fmt::Display for Whose<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(origin) = &self.0.origin else {
            return f.write_str("the body");
        };
        match self.0.id {
            Some(id) => write!(f, "child {id}")?,
            None => f.write_str("a child")?,
        }
        if let Some(name) = &origin.name {
            write!(f, " {name:?}")?;
        }
        write!(f, " (spawned at {})", origin.site)
    }
}
