//! The limiter of how many do something at a time.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::capacity::acquire::AcquireCapacity;
use crate::capacity::borrower::Borrower;
use crate::capacity::error::{AlreadyBorrowed, TryAcquireCapacityError};
use crate::capacity::on_behalf::OnBehalfOf;
use crate::capacity::queue::Queue;
use crate::capacity::statistics::CapacityStatistics;
use crate::capacity::token::CapacityToken;

/// Limits how many tasks do something at a time, and knows which.
///
/// What a semaphore does with nameless permits this does with tokens that belong to a [`Borrower`], by default the current
/// task. Nobody can borrow twice, so a task cannot wait for itself; how many there are can be changed at any time; and
/// [`statistics`](CapacityLimiter::statistics) tells who has them.
///
/// Tokens go strictly to those who came first. A newcomer does not pass them, and neither does
/// [`try_acquire`](CapacityLimiter::try_acquire).
///
/// # Examples
///
/// ```
/// use trill_limit::CapacityLimiter;
///
/// static CONNECTIONS: CapacityLimiter = CapacityLimiter::new(10);
///
/// let ex = trill_executor::Executor::new();
/// trill_park::block_on(ex.run(ex.spawn(async {
///     let _token = CONNECTIONS.acquire().await?;
///     assert_eq!(CONNECTIONS.available(), 9);
///     // This task has one already:
///     assert!(CONNECTIONS.acquire().await.is_err());
///     Ok::<(), trill_limit::AlreadyBorrowed>(())
/// })))?;
/// assert_eq!(CONNECTIONS.available(), 10);
/// # Ok::<(), trill_limit::AlreadyBorrowed>(())
/// ```
pub struct CapacityLimiter {
    queue: Mutex<Queue>,
}

impl CapacityLimiter {
    /// Makes a limiter with `total` tokens; with none everybody waits until there are some.
    ///
    /// # Examples
    ///
    /// See [`CapacityLimiter`].
    pub const fn new(total: usize) -> CapacityLimiter {
        CapacityLimiter {
            queue: Mutex::new(Queue::new(total)),
        }
    }

    /// Borrows a token for the task that polls this first, waiting for its turn. It is given back when it is dropped.
    ///
    /// Outside any task of this project each acquisition is a borrower of its own, see [`Borrower::current`].
    ///
    /// # Errors
    ///
    /// [`AlreadyBorrowed`] if the task has a token, or another of its futures waits for one.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future gives up its place; a token it had been handed goes to the next.
    ///
    /// # Examples
    ///
    /// See [`CapacityLimiter`].
    pub fn acquire(&self) -> AcquireCapacity<&CapacityLimiter> {
        AcquireCapacity::new(self, None)
    }

    /// Borrows a token as [`acquire`](CapacityLimiter::acquire), with a token that keeps the limiter alive.
    ///
    /// # Errors
    ///
    /// As [`acquire`](CapacityLimiter::acquire).
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](CapacityLimiter::acquire).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// let limiter = Arc::new(trill_limit::CapacityLimiter::new(1));
    /// let token = trill_park::block_on(limiter.acquire_arc())?;
    /// assert_eq!(limiter.available(), 0);
    /// # drop(token);
    /// # Ok::<(), trill_limit::AlreadyBorrowed>(())
    /// ```
    pub fn acquire_arc(self: &Arc<Self>) -> AcquireCapacity<Arc<CapacityLimiter>> {
        AcquireCapacity::new(self.clone(), None)
    }

    /// Borrows a token for somebody else, with a token that keeps the limiter alive.
    ///
    /// # Errors
    ///
    /// [`AlreadyBorrowed`] if the borrower has a token, or waits for one.
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](CapacityLimiter::acquire).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use trill_limit::{Borrower, CapacityLimiter};
    ///
    /// let limiter = Arc::new(CapacityLimiter::new(1));
    /// let job = Borrower::new();
    /// let token = trill_park::block_on(limiter.acquire_arc_on_behalf_of(job))?;
    /// assert_eq!(token.borrower(), job);
    /// # Ok::<(), trill_limit::AlreadyBorrowed>(())
    /// ```
    pub fn acquire_arc_on_behalf_of(
        self: &Arc<Self>,
        borrower: Borrower,
    ) -> AcquireCapacity<Arc<CapacityLimiter>> {
        AcquireCapacity::new(self.clone(), Some(borrower))
    }

    /// Borrows a token, blocking the thread until its turn.
    ///
    /// # Errors
    ///
    /// As [`acquire`](CapacityLimiter::acquire).
    ///
    /// # Examples
    ///
    /// ```
    /// let limiter = trill_limit::CapacityLimiter::new(1);
    /// let _token = limiter.acquire_blocking()?;
    /// assert_eq!(limiter.available(), 0);
    /// # Ok::<(), trill_limit::AlreadyBorrowed>(())
    /// ```
    pub fn acquire_blocking(&self) -> Result<CapacityToken<&CapacityLimiter>, AlreadyBorrowed> {
        trill_park::block_on(self.acquire())
    }

    /// Borrows a token for the current task if there is one and nobody waits.
    ///
    /// # Errors
    ///
    /// [`TryAcquireCapacityError`] says why not.
    ///
    /// # Examples
    ///
    /// ```
    /// let limiter = trill_limit::CapacityLimiter::new(1);
    /// let token = limiter.try_acquire()?;
    /// assert!(limiter.try_acquire().is_err());
    /// drop(token);
    /// assert!(limiter.try_acquire().is_ok());
    /// # Ok::<(), trill_limit::TryAcquireCapacityError>(())
    /// ```
    pub fn try_acquire(&self) -> Result<CapacityToken<&CapacityLimiter>, TryAcquireCapacityError> {
        self.on_behalf_of(Borrower::current()).try_acquire()
    }

    /// Borrows for somebody else than the current task.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_limit::{Borrower, CapacityLimiter};
    ///
    /// let limiter = CapacityLimiter::new(2);
    /// let upload = Borrower::new();
    /// let token = trill_park::block_on(limiter.on_behalf_of(upload).acquire())?;
    /// assert_eq!(token.borrower(), upload);
    /// # Ok::<(), trill_limit::AlreadyBorrowed>(())
    /// ```
    pub fn on_behalf_of(&self, borrower: Borrower) -> OnBehalfOf<'_> {
        OnBehalfOf::new(self, borrower)
    }

    /// Returns how many tokens may be borrowed at a time.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_limit::CapacityLimiter::new(3).total(), 3);
    /// ```
    pub fn total(&self) -> usize {
        self.queue().total()
    }

    /// Changes how many tokens may be borrowed at a time.
    ///
    /// More let in those who wait. Fewer take nothing away from those who have one: until enough have come back,
    /// nobody gets any. Zero is allowed.
    ///
    /// # Examples
    ///
    /// ```
    /// let limiter = trill_limit::CapacityLimiter::new(2);
    /// let token = limiter.acquire_blocking()?;
    /// limiter.set_total(0);
    /// assert_eq!((limiter.total(), limiter.available()), (0, 0));
    /// drop(token);
    /// assert!(limiter.try_acquire().is_err());
    /// # Ok::<(), trill_limit::AlreadyBorrowed>(())
    /// ```
    pub fn set_total(&self, total: usize) {
        self.change(|queue, woken| queue.set_total(total, woken));
    }

    /// Returns how many tokens are neither borrowed nor missing.
    ///
    /// # Examples
    ///
    /// See [`CapacityLimiter`].
    pub fn available(&self) -> usize {
        self.queue().available()
    }

    /// Tells who has tokens and how many wait.
    ///
    /// # Examples
    ///
    /// See [`CapacityStatistics`].
    pub fn statistics(&self) -> CapacityStatistics {
        self.queue().statistics()
    }

    /// Locks. Nothing panics inside that would leave the queue half changed.
    pub(crate) fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the queue, then wakes those whose turn came.
    pub(crate) fn change<R>(
        &self,
        change: impl FnOnce(&mut Queue, &mut Vec<std::task::Waker>) -> R,
    ) -> R {
        let mut woken = Vec::new();
        let result = change(&mut self.queue(), &mut woken);
        // Not under the mutex: a waker may come back here.
        woken.into_iter().for_each(trill_park::wake);
        result
    }
}

impl fmt::Debug for CapacityLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let now = self.statistics();
        f.debug_struct("CapacityLimiter")
            .field("total", &now.total)
            .field("borrowed", &now.borrowed)
            .field("waiting", &now.waiting)
            .finish()
    }
}
