//! Reaching a runtime from elsewhere.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Weak};

use trill_executor::Task;

use super::current;
use super::inner::Inner;

/// Spawns tasks on a runtime from anywhere, without keeping it alive.
///
/// # Examples
///
/// ```
/// let runtime = trill::Runtime::builder().workers(2).build()?;
/// let handle = runtime.handle();
/// let thread = std::thread::spawn(move || handle.spawn(async { 5 }));
/// let task = thread.join().unwrap().ok().unwrap();
/// assert_eq!(runtime.run(task), 5);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Handle(Weak<Inner>);

impl Handle {
    pub(super) fn new(inner: &Arc<Inner>) -> Handle {
        Handle(Arc::downgrade(inner))
    }

    /// Returns the runtime this thread works for, or the process-wide one, which is started if need be.
    ///
    /// # Examples
    ///
    /// ```
    /// let task = trill::Handle::current().spawn(async { 5 }).ok().unwrap();
    /// assert_eq!(trill::block_on(task), 5);
    /// ```
    pub fn current() -> Handle {
        current::with(Handle::new)
    }

    /// Spawns a task.
    ///
    /// # Errors
    ///
    /// Gives the future back if the runtime has been dropped.
    ///
    /// # Examples
    ///
    /// See [`Handle`].
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> Result<Task<F::Output>, F>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        match self.0.upgrade() {
            Some(inner) => Ok(inner.executor.spawn(future)),
            None => Err(future),
        }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("alive", &(self.0.strong_count() > 0))
            .finish()
    }
}
