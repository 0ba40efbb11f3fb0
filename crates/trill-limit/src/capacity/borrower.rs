//! Whom a token belongs to.

use std::fmt;

use trill_cell::{TaskId, current_id};

/// Names whom a token of a [`CapacityLimiter`](crate::CapacityLimiter) belongs to: a task, or anything else that was
/// given a name of its own.
///
/// # Examples
///
/// ```
/// use trill_limit::Borrower;
///
/// assert_ne!(Borrower::new(), Borrower::new());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Borrower(TaskId);

impl Borrower {
    /// Makes a borrower that is nobody else, for work that is no task: a connection, a job, a thread.
    ///
    /// # Examples
    ///
    /// See [`Borrower`].
    #[allow(clippy::new_without_default)] // A default that never equals itself would surprise.
    pub fn new() -> Borrower {
        // Names of tasks are unique in the process and cheap to take, so a borrower that is no task takes one, too.
        Borrower(TaskId::next())
    }

    /// Returns the task that is being polled on this thread, or outside any task a borrower that is nobody else.
    ///
    /// Tasks of a foreign executor are not known here, so each acquisition in one is a borrower of its own.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_cell::{Header, Spawned};
    /// use trill_limit::Borrower;
    ///
    /// let task = Header::new(Spawned::here());
    /// assert_eq!(task.poll(Borrower::current), Borrower::from(task.id()));
    /// ```
    pub fn current() -> Borrower {
        current_id().map_or_else(Borrower::new, Borrower)
    }
}

impl From<TaskId> for Borrower {
    fn from(task: TaskId) -> Borrower {
        Borrower(task)
    }
}

impl fmt::Debug for Borrower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Borrower({})", self.0)
    }
}

impl fmt::Display for Borrower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
