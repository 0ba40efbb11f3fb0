//! Work that goes on when nobody waits for it any more.

mod work;

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use trill_cell::{Spawned, TaskId};
use trill_executor::{FallibleTask, ambient};

use crate::token::Cancelled;

use self::work::{Shared, Work};

/// Runs a future in a task of its own, which ends only by itself or with its runtime: dropping what waits for it does not
/// stop it, and a request to whoever called this is not seen in it.
///
/// It starts at once, on the runtime that [`ambient::spawn`] finds. If nobody takes its end, a panic in it is
/// [reported](trill_cell::report), once: when it happens, or when the handle is dropped. With [`try_shield`] an error is,
/// too.
///
/// # Errors
///
/// [`NotShielded`] gives the future back if there is no executor here.
///
/// # Cancel safety
///
/// Dropping the handle lets the task run on, and its value is lost. Polled by reference it loses nothing.
///
/// # Examples
///
/// ```
/// use std::sync::mpsc;
/// use std::time::Duration;
/// use trill_task::{move_on_after, shield};
/// use trill_timer::sleep;
///
/// let ex = trill_executor::Executor::new();
/// # trill_world::VirtualWorld::new(1).run(||
/// trill_park::block_on(ex.run(async {
///     let (sender, receiver) = mpsc::channel();
///     let save = shield(async move {
///         sleep(Duration::from_millis(5)).await;
///         let _ = sender.send("saved");
///     });
///     assert!(move_on_after(Duration::ZERO, save.unwrap()).await.is_none());
///     sleep(Duration::from_millis(20)).await;
///     assert_eq!(receiver.try_recv(), Ok("saved"));
/// }))
/// # );
/// ```
#[track_caller]
pub fn shield<F>(future: F) -> Result<Shield<F::Output>, NotShielded<F>>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    spawn(future, |_| None, Location::caller())
}

/// Runs a future in a task of its own as [`shield`], and reports its error, too, if nobody takes it.
///
/// # Errors
///
/// As [`shield`].
///
/// # Cancel safety
///
/// As [`shield`].
///
/// # Examples
///
/// ```
/// use trill_task::try_shield;
///
/// let ex = trill_executor::Executor::new();
/// let ended = trill_park::block_on(ex.run(async {
///     try_shield(async { Err::<(), _>("the disk is full") }).unwrap().await
/// }));
/// // Somebody took it, so it is not reported.
/// assert_eq!(ended, Ok(Err("the disk is full")));
/// ```
#[track_caller]
pub fn try_shield<F, T, E>(future: F) -> Result<Shield<F::Output>, NotShielded<F>>
where
    F: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: fmt::Display + Send + 'static,
{
    let failure = |ended: &Result<T, E>| ended.as_ref().err().map(E::to_string);
    spawn(future, failure, Location::caller())
}

fn spawn<F>(
    future: F,
    failure: fn(&F::Output) -> Option<String>,
    site: &'static Location<'static>,
) -> Result<Shield<F::Output>, NotShielded<F>>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let shared = Arc::new(Shared::new(site));
    let work = Work::new(future, failure, Arc::clone(&shared));
    match ambient::spawn_as(work, Spawned::at(site)) {
        Ok(task) => Ok(Shield {
            id: task.id(),
            task: Some(task.fallible()),
            shared,
        }),
        Err(refused) => Err(NotShielded(refused.into_inner().into_inner())),
    }
}

/// A task that goes on when its handle is dropped; made by [`shield`] and [`try_shield`].
///
/// Its output is `Err` with the reason if the runtime ended before the task did.
///
/// # Panics
///
/// Awaiting it panics with the task's own payload if the task panicked, and if it was awaited to its end before.
///
/// # Cancel safety
///
/// See [`shield`].
///
/// # Examples
///
/// See [`shield`].
#[must_use = "await it for its value, or `drop` it to let the task run on"]
pub struct Shield<T> {
    id: TaskId,
    /// `None` once its end was taken.
    task: Option<FallibleTask<T>>,
    shared: Arc<Shared>,
}

impl<T> Shield<T> {
    /// Returns the identity of the task.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::shield;
    ///
    /// let ex = trill_executor::Executor::new();
    /// trill_park::block_on(ex.run(async {
    ///     let shield = shield(async { trill_cell::current_id() }).unwrap();
    ///     let id = shield.id();
    ///     assert_eq!(shield.await, Ok(Some(id)));
    /// }));
    /// ```
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// Says whether the task has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::pending;
    /// use trill_task::shield;
    ///
    /// let ex = trill_executor::Executor::new();
    /// trill_park::block_on(ex.run(async {
    ///     assert!(!shield(pending::<()>()).unwrap().is_finished());
    /// }));
    /// ```
    pub fn is_finished(&self) -> bool {
        self.task.as_ref().is_none_or(FallibleTask::is_finished)
    }
}

// The value is never pinned.
impl<T> Unpin for Shield<T> {}

impl<T> Future for Shield<T> {
    type Output = Result<T, Cancelled>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Taken out, so that its end counts as taken if it is a panic, which goes on from here.
        let task = self.task.take();
        let mut task = task.expect("it is not polled again after it was ready");
        match Pin::new(&mut task).poll(cx) {
            Poll::Pending => {
                self.task = Some(task);
                Poll::Pending
            }
            Poll::Ready(Some(value)) => Poll::Ready(Ok(value)),
            Poll::Ready(None) => {
                Poll::Ready(Err(Cancelled::at("the runtime ended", self.shared.site())))
            }
        }
    }
}

impl<T> Drop for Shield<T> {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            self.shared.abandon(self.id);
            task.detach();
        }
    }
}

impl<T> fmt::Debug for Shield<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shield")
            .field("id", &self.id)
            .field("is_finished", &self.is_finished())
            .finish()
    }
}

/// A future was to be shielded where no executor was known; it gives the future back.
///
/// # Examples
///
/// ```
/// use trill_task::shield;
///
/// let refused = shield(async { 5 }).unwrap_err();
/// assert_eq!(trill_park::block_on(refused.into_inner()), 5);
/// ```
pub struct NotShielded<F>(F);

impl<F> NotShielded<F> {
    /// Returns the future.
    ///
    /// # Examples
    ///
    /// See [`NotShielded`].
    pub fn into_inner(self) -> F {
        self.0
    }
}

impl<F> fmt::Debug for NotShielded<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotShielded").finish_non_exhaustive()
    }
}

impl<F> fmt::Display for NotShielded<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "nothing here could run the shielded future to its end: \
             call this inside `Executor::run` or a runtime",
        )
    }
}

impl<F> Error for NotShielded<F> {}
