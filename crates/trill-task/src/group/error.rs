//! What went wrong in a group.

use std::error::Error;
use std::fmt;

use super::failure::Failure;
use crate::caught::Payload;
use crate::token::Cancelled;

/// Says what went wrong in a group: all failures of its children and its body, in the order in which they happened.
///
/// Children that were cancelled are not in it. Without any failure it says that the group was cancelled from outside.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_task::{Group, TaskGroup, checkpoint};
///
/// let ex = trill_executor::Executor::new();
/// let group = TaskGroup::new().grace(Duration::from_secs(60));
/// let error = trill_park::block_on(ex.run(group.run(async |g: Group<&str>| {
///     for _ in 0..2 {
///         let _ = g.spawn(async {
///             while checkpoint().await.is_ok() {
///                 trill_executor::yield_now().await;
///             }
///             Err::<(), _>("clean-up failed")
///         });
///     }
///     Err::<(), _>("the body failed")
/// })))
/// .unwrap_err();
/// assert_eq!(error.failures()[0].error(), Some(&"the body failed"));
/// assert!(error.failures()[0].id().is_none());
/// ```
pub struct GroupError<E> {
    name: Option<Box<str>>,
    failures: Vec<Failure<E>>,
    cancelled: Option<Cancelled>,
}

impl<E> GroupError<E> {
    pub(super) fn new(
        name: Option<Box<str>>,
        failures: Vec<Failure<E>>,
        cancelled: Option<Cancelled>,
    ) -> GroupError<E> {
        GroupError {
            name,
            failures,
            cancelled,
        }
    }

    /// Returns all failures, the first one first.
    ///
    /// # Examples
    ///
    /// See [`GroupError`].
    pub fn failures(&self) -> &[Failure<E>] {
        &self.failures
    }

    /// Returns all failures by value, the first one first.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::{Group, group};
    ///
    /// let ex = trill_executor::Executor::new();
    /// let body = group(async |_: Group<&str>| Err::<(), _>("no luck"));
    /// let error = trill_park::block_on(ex.run(body)).unwrap_err();
    /// let errors: Vec<_> = error.into_failures().into_iter().map(|one| one.into_error().unwrap()).collect();
    /// assert_eq!(errors, ["no luck"]);
    /// ```
    pub fn into_failures(self) -> Vec<Failure<E>> {
        self.failures
    }

    /// Returns the request that cancelled the group from outside, if one did.
    ///
    /// # Examples
    ///
    /// See [`GroupError::is_cancelled`].
    pub fn cancelled(&self) -> Option<&Cancelled> {
        self.cancelled.as_ref()
    }

    /// Says whether nothing failed: the group was cancelled from outside.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::pending;
    /// use trill_task::{CancelToken, Group, group};
    ///
    /// let ex = trill_executor::Executor::new();
    /// let token = CancelToken::new();
    /// let body = group(async |_: Group<&str>| {
    ///     token.cancel("the user left");
    ///     pending::<Result<(), _>>().await
    /// });
    /// let error = trill_park::block_on(ex.run(token.scope(body))).unwrap_err();
    /// assert!(error.is_cancelled());
    /// assert_eq!(error.cancelled().unwrap().reason(), "the user left");
    /// ```
    pub fn is_cancelled(&self) -> bool {
        self.failures.is_empty()
    }

    /// Returns the payload of the first panic, for [`std::panic::resume_unwind`].
    ///
    /// # Errors
    ///
    /// Gives the error back if nothing panicked.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::{Group, group};
    ///
    /// let ex = trill_executor::Executor::new();
    /// let error = trill_park::block_on(ex.run(group(async |g: Group<&str>| {
    ///     let _ = g.spawn(async { if true { std::panic::panic_any(7) } Ok(()) });
    ///     Ok(())
    /// })))
    /// .unwrap_err();
    /// assert!(error.failures()[0].is_panic());
    /// assert_eq!(error.into_panic().unwrap().downcast_ref(), Some(&7));
    /// ```
    pub fn into_panic(mut self) -> Result<Payload, GroupError<E>> {
        let Some(index) = self.failures.iter().position(Failure::is_panic) else {
            return Err(self);
        };
        self.failures
            .swap_remove(index)
            .into_panic()
            .map_err(|_| unreachable!("the failure at this index is a panic"))
    }
}

impl<E: fmt::Display> fmt::Display for GroupError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group = Called(self.name.as_deref());
        match (&self.failures[..], &self.cancelled) {
            ([], Some(cancelled)) => write!(f, "{group} was {cancelled}"),
            ([], None) => write!(f, "{group} was cancelled"),
            ([only], _) => write!(f, "in {group} {only}"),
            (failures, _) => {
                write!(f, "{} failures in {group}", failures.len())?;
                failures
                    .iter()
                    .try_for_each(|failure| write!(f, "; {failure}"))
            }
        }
    }
}

impl<E: fmt::Debug> fmt::Debug for GroupError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupError")
            .field("name", &self.name)
            .field("failures", &self.failures)
            .field("cancelled", &self.cancelled)
            .finish()
    }
}

impl<E: Error + 'static> Error for GroupError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let error = self.failures.iter().find_map(Failure::error)?;
        Some(error)
    }
}

/// What people call the group.
struct Called<'a>(Option<&'a str>);

impl fmt::Display for Called<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => write!(f, "the group {name:?}"),
            None => f.write_str("the group"),
        }
    }
}
