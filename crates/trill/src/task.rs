//! Tasks: their handles, spawning one with a name, giving way to others; and structured concurrency: scopes, groups, cancel
//! tokens, task-locals, waiting for many.
//!
//! # Examples
//!
//! ```
//! let task = trill::spawn(async {
//!     trill::task::yield_now().await;
//!     5
//! });
//! assert_eq!(trill::block_on(task), 5);
//! ```

use std::future::Future;
use std::panic::Location;

pub use trill_cell::{Ended, Header, Kind, Observer, TaskId, Wait, current, current_id, observe};
pub use trill_executor::{FallibleTask, JoinError, Task, yield_now};
// By name it is `current_task`: `current` lends the header, and was here first.
pub use trill_task::current as current_task;
pub use trill_task::*;

use crate::runtime::current as runtime;

/// A task to be spawned with a name.
///
/// # Examples
///
/// ```
/// use trill::task::{self, Builder};
///
/// let task = Builder::new("reader").spawn(async {
///     task::current(|task| task.name().map(String::from)).flatten()
/// });
/// let name = trill::block_on(task);
/// # if cfg!(feature = "insight") {
/// assert_eq!(name.as_deref(), Some("reader"));
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is spawned before `spawn` is called"]
pub struct Builder {
    name: Box<str>,
}

impl Builder {
    /// Names the task, for people; several tasks may have the same name.
    ///
    /// # Examples
    ///
    /// See [`Builder`].
    pub fn new(name: impl Into<Box<str>>) -> Builder {
        Builder { name: name.into() }
    }

    /// Spawns the task where [`spawn`](crate::spawn) would.
    ///
    /// # Cancel safety
    ///
    /// Dropping the returned [`Task`] cancels the task: its future is dropped at its current await.
    ///
    /// # Examples
    ///
    /// See [`Builder`].
    #[track_caller]
    pub fn spawn<T: Send + 'static>(
        self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Task<T> {
        let site = Location::caller();
        runtime::with(|inner| {
            inner
                .executor
                .builder()
                .name(self.name)
                .site(site)
                .spawn(future)
        })
    }
}
