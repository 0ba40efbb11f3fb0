//! `to_thread`: work that carries the locals of its task and can ask whether anybody still waits.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use trill_executor::Cancel;

use crate::class::Class;
use crate::current;
use crate::job::{self, Submit, Task};
use crate::pool::Pool;
use crate::waiter::{self, Waiter};

/// Runs `work` on a thread where it may block, with the locals of the calling task, and returns a future of its result.
///
/// It differs from [`unblock`](crate::unblock()) in two ways: `work` carries all locals of its caller, not only those that
/// children inherit, and it may ask by [`check_cancelled`](crate::check_cancelled) whether its result is still wanted.
/// The work begins whether or not the future is polled. The pool is the [current](Pool::current) one.
///
/// # Cancel safety
///
/// Dropping the future cancels work that has not begun: it never runs. Work that has begun runs to its end, unless it asks
/// and stops by itself; it keeps its place in the pool until then, and its result is dropped.
///
/// # Panics
///
/// Awaiting panics with the payload of a panic in `work`, and if no thread of the pool lives and none can be started.
///
/// # Examples
///
/// ```
/// use trill_blocking::to_thread;
///
/// let sum = to_thread(|| (1..=10).sum::<u32>());
/// assert_eq!(trill_park::block_on(sum), 55);
/// ```
#[track_caller]
pub fn to_thread<T, F>(work: F) -> ToThread<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    begin(work, Location::caller(), &|job| {
        current::submit(&Class::DEFAULT, job)
    })
}

/// As [`to_thread`], within the limit of a class.
///
/// # Cancel safety
///
/// As [`to_thread`].
///
/// # Panics
///
/// As [`to_thread`].
///
/// # Examples
///
/// ```
/// use trill_blocking::{Class, to_thread_in};
///
/// static FILES: Class = Class::new("files", 8);
/// assert_eq!(trill_park::block_on(to_thread_in(&FILES, || 5)), 5);
/// ```
#[track_caller]
pub fn to_thread_in<T, F>(class: &Class, work: F) -> ToThread<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    begin(work, Location::caller(), &|job| current::submit(class, job))
}

impl Pool {
    /// As [`to_thread`], on a thread of this pool.
    ///
    /// # Cancel safety
    ///
    /// As [`to_thread`].
    ///
    /// # Panics
    ///
    /// As [`to_thread`].
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = trill_blocking::Pool::new();
    /// assert_eq!(trill_park::block_on(pool.to_thread(|| 5)), 5);
    /// ```
    #[track_caller]
    pub fn to_thread<T, F>(&self, work: F) -> ToThread<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.to_thread_in(&Class::DEFAULT, work)
    }

    /// As [`Pool::to_thread`], within the limit of a class.
    ///
    /// # Cancel safety
    ///
    /// As [`to_thread`].
    ///
    /// # Panics
    ///
    /// As [`to_thread`].
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_blocking::{Class, Pool};
    ///
    /// let pool = Pool::new();
    /// let five = pool.to_thread_in(&Class::new("files", 8), || 5);
    /// assert_eq!(trill_park::block_on(five), 5);
    /// ```
    #[track_caller]
    pub fn to_thread_in<T, F>(&self, class: &Class, work: F) -> ToThread<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        begin(work, Location::caller(), &|job| {
            self.shared().submit(class, job)
        })
    }
}

/// Waits for work on a thread; made by [`to_thread`].
///
/// # Cancel safety
///
/// See [`to_thread`]. It can be polled by reference as often as you like.
///
/// # Examples
///
/// See [`to_thread`].
#[must_use = "work that has not begun is cancelled when this is dropped: await it, or `detach` it"]
pub struct ToThread<T> {
    /// Gone once the result is out, or somebody else has it.
    task: Option<Task<T>>,
    waiter: Arc<Waiter>,
}

impl<T> ToThread<T> {
    /// Lets the work run in any case; its result is dropped, and it does not hear that nobody waits.
    ///
    /// # Examples
    ///
    /// ```
    /// let (done, seen) = std::sync::mpsc::channel();
    /// trill_blocking::to_thread(move || done.send(5)).detach();
    /// assert_eq!(seen.recv(), Ok(5));
    /// ```
    pub fn detach(mut self) {
        if let Some(task) = self.task.take() {
            task.detach();
        }
    }

    /// Tells the work that its result is not wanted, and waits until it has ended, or is sure never to begin.
    ///
    /// Returns the result if there was one all the same.
    ///
    /// # Cancel safety
    ///
    /// Dropping the returned future waits no longer; the work is told in any case.
    ///
    /// # Panics
    ///
    /// If this was awaited to its end before.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_blocking::{check_cancelled, to_thread};
    ///
    /// let endless = to_thread(|| while check_cancelled().is_ok() {});
    /// trill_park::block_on(endless.cancel());
    /// ```
    pub fn cancel(mut self) -> Cancel<T> {
        self.waiter.leave();
        let task = self.task.take().expect("it was not awaited before");
        task.cancel()
    }

    /// Says whether the work has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut work = trill_blocking::to_thread(|| 5);
    /// trill_park::block_on(&mut work);
    /// assert!(work.is_finished());
    /// ```
    pub fn is_finished(&self) -> bool {
        self.task.as_ref().is_none_or(Task::is_finished)
    }
}

impl<T> Future for ToThread<T> {
    type Output = T;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let task = self.task.as_mut();
        let task = task.expect("a future is not polled after it was ready");
        let polled = Pin::new(task).poll(cx);
        if polled.is_ready() {
            self.task = None;
        }
        polled
    }
}

impl<T> Drop for ToThread<T> {
    fn drop(&mut self) {
        if self.task.is_some() {
            self.waiter.leave();
        }
    }
}

impl<T> fmt::Debug for ToThread<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToThread")
            .field("is_finished", &self.is_finished())
            .finish_non_exhaustive()
    }
}

/// Gives work to a pool, with what `to_thread` promises around it.
fn begin<T, F>(work: F, site: &'static Location<'static>, submit: Submit<'_>) -> ToThread<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let waiter = Arc::<Waiter>::default();
    let mut locals = trill_cell::locals();
    let task = job::unblock(
        {
            let waiter = waiter.clone();
            move || trill_cell::in_locals(&mut locals, || waiter::serve(waiter, work))
        },
        site,
        submit,
    );
    ToThread {
        task: Some(task),
        waiter,
    }
}
