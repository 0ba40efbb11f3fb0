//! Whether the caller may block its thread, or would keep a future from being polled.

use std::cell::Cell;
use std::ptr;

use trill_cell::TaskId;

use crate::records;
use crate::thread::Thread;

thread_local! {
    /// Where blocking was allowed last.
    static ALLOWED: Cell<Option<Here>> = const { Cell::new(None) };
    /// The task in which blocking was allowed last.
    static LAST: Cell<Option<TaskId>> = const { Cell::new(None) };
}

/// Says whether a future is being polled further up on this thread, so that blocking here keeps it and those it shares
/// the thread with from going on.
///
/// That is so in a task and in the future of a [`block_on`](crate::block_on), but not in what [`may_block`] runs.
///
/// # Examples
///
/// ```
/// assert!(!trill_park::is_polling());
/// trill_park::block_on(async {
///     assert!(trill_park::is_polling());
///     trill_park::may_block(|| assert!(!trill_park::is_polling()));
/// });
/// ```
pub fn is_polling() -> bool {
    let here = Here::now();
    here.is_polling() && ALLOWED.get() != Some(here)
}

/// Runs `body`, which may block its thread although a future is being polled there.
///
/// For pools whose threads are there to be blocked, and whose jobs are tasks. A future that `body` polls itself must not
/// block.
///
/// # Examples
///
/// See [`is_polling`].
pub fn may_block<R>(body: impl FnOnce() -> R) -> R {
    let here = Here::now();
    let _restore = Restore(ALLOWED.replace(Some(here)));
    LAST.set(here.task);
    body()
}

/// Says whether this thread's last [`may_block`] was in that task, whose poll may well have been long.
///
/// # Examples
///
/// ```
/// use trill_cell::{Header, Spawned};
///
/// let job = Header::new(Spawned::here());
/// job.poll(|| trill_park::may_block(|| ()));
/// assert!(trill_park::was_allowed(job.id()));
/// ```
pub fn was_allowed(task: TaskId) -> bool {
    LAST.get() == Some(task)
}

/// What is being polled on a thread.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Here {
    task: Option<TaskId>,
    /// The record that is inside `block_on`; its address is enough, it is never freed.
    thread: Option<*const Thread>,
    /// How many calls of `block_on` lie inside each other there.
    level: usize,
}

impl Here {
    fn now() -> Here {
        let thread = records::entered();
        Here {
            task: trill_cell::current_id(),
            thread: thread.map(ptr::from_ref),
            level: thread.map_or(0, |thread| thread.seats.level()),
        }
    }

    fn is_polling(&self) -> bool {
        self.task.is_some() || self.thread.is_some()
    }
}

/// Forbids blocking again, also when the body panics.
struct Restore(Option<Here>);

impl Drop for Restore {
    fn drop(&mut self) {
        ALLOWED.set(self.0);
    }
}
