//! `unblock`, without naming a pool.

use std::any::Any;
use std::io;
use std::panic::Location;

use crate::class::Class;
use crate::current;
use crate::job::{self, Task};
use crate::pool::Pool;

/// Runs `work` on a thread where it may block, and returns a task that waits for its result.
///
/// The work begins whether or not the task is polled. The pool is the [current](Pool::current) one.
///
/// # Cancel safety
///
/// Dropping the task, or `cancel().await` on it, cancels work that has not begun: it never runs. Work that has begun
/// runs to its end, and its result is dropped. `detach()` lets it run in any case. What `work` owns is dropped when its
/// turn in the queue comes.
///
/// # Panics
///
/// A panic in `work` ends nothing but the task: whoever awaits that gets the payload. The same happens if no thread
/// of the pool lives and none can be started; [`try_unblock`] returns an error then.
///
/// # Examples
///
/// ```
/// let sum = trill_blocking::unblock(|| (1..=10).sum::<u32>());
/// assert_eq!(trill_park::block_on(sum), 55);
/// ```
#[track_caller]
pub fn unblock<T, F>(work: F) -> Task<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    job::unblock(work, Location::caller(), &|job| {
        current::submit(&Class::DEFAULT, job)
    })
}

/// As [`unblock`], within the limit of a class.
///
/// # Cancel safety
///
/// As [`unblock`].
///
/// # Panics
///
/// As [`unblock`].
///
/// # Examples
///
/// ```
/// use trill_blocking::{Class, unblock_in};
///
/// static NAMES: Class = Class::new("names", 4);
/// assert_eq!(trill_park::block_on(unblock_in(&NAMES, || "127.0.0.1")), "127.0.0.1");
/// ```
#[track_caller]
pub fn unblock_in<T, F>(class: &Class, work: F) -> Task<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    job::unblock(work, Location::caller(), &|job| current::submit(class, job))
}

/// As [`unblock`], but returns an error if the work would have no thread.
///
/// # Errors
///
/// [`Refused`](crate::Refused), wrapped, if no thread of the pool lives and none can be started. `work` is dropped
/// then, and was not called. As long as one thread lives, work waits for it instead.
///
/// # Cancel safety
///
/// As [`unblock`].
///
/// # Examples
///
/// ```
/// let task = trill_blocking::try_unblock(|| 5)?;
/// assert_eq!(trill_park::block_on(task), 5);
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn try_unblock<T, F>(work: F) -> io::Result<Task<T>>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    job::try_unblock(work, Location::caller(), &|job| {
        current::submit(&Class::DEFAULT, job)
    })
}

/// As [`try_unblock`], within the limit of a class.
///
/// # Errors
///
/// As [`try_unblock`].
///
/// # Cancel safety
///
/// As [`unblock`].
///
/// # Examples
///
/// ```
/// use trill_blocking::{Class, try_unblock_in};
///
/// let task = try_unblock_in(&Class::new("files", 8), || 5)?;
/// assert_eq!(trill_park::block_on(task), 5);
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn try_unblock_in<T, F>(class: &Class, work: F) -> io::Result<Task<T>>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    job::try_unblock(work, Location::caller(), &|job| current::submit(class, job))
}

/// Work without its type and that of its result.
type Erased = Box<dyn FnOnce() -> Box<dyn Any + Send> + Send>;

/// As [`try_unblock_in`], for a crate with many kinds of work: the task is compiled here, once, for all of them.
#[doc(hidden)]
#[track_caller]
pub fn try_unblock_erased(class: &Class, work: Erased) -> io::Result<Task<Box<dyn Any + Send>>> {
    try_unblock_in(class, work)
}

/// Changes how many threads the [current](Pool::current) pool may have.
///
/// # Examples
///
/// ```
/// trill_blocking::set_max_blocking_threads(std::num::NonZeroUsize::new(100).unwrap());
/// ```
pub fn set_max_blocking_threads(threads_max: std::num::NonZeroUsize) {
    Pool::current().set_max_threads(threads_max.get());
}
