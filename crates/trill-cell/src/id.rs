//! Names of tasks that no other task in the process ever had.

use std::cell::Cell;
use std::fmt;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};

/// Identifies a task; unique in the process, also after the task has ended.
///
/// Threads take identities in blocks, so a larger one does not mean a later spawn.
///
/// # Examples
///
/// ```
/// use trill_cell::TaskId;
///
/// assert_ne!(TaskId::next(), TaskId::next());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(NonZeroU64);

thread_local! {
    /// The next identity of this thread and the end of its block.
    static BLOCK: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

impl TaskId {
    /// Returns an identity that was never returned before.
    ///
    /// # Examples
    ///
    /// ```
    /// let id = trill_cell::TaskId::next();
    /// assert!(id.as_u64() > 0);
    /// ```
    #[inline]
    pub fn next() -> TaskId {
        let (mut next, mut end) = BLOCK.get();
        if next == end {
            (next, end) = take_block();
        }
        BLOCK.set((next + 1, end));
        // 2^64 spawns take centuries, and blocks begin at 1.
        TaskId(NonZeroU64::new(next).unwrap_or(NonZeroU64::MIN))
    }

    /// Returns the identity with this number; `None` for 0.
    ///
    /// What a task waits for is kept as a number, see [`Kind::Task`](crate::Kind::Task).
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_cell::TaskId;
    ///
    /// let id = TaskId::next();
    /// assert_eq!(TaskId::from_u64(id.as_u64()), Some(id));
    /// assert_eq!(TaskId::from_u64(0), None);
    /// ```
    pub const fn from_u64(number: u64) -> Option<TaskId> {
        match NonZeroU64::new(number) {
            Some(number) => Some(TaskId(number)),
            None => None,
        }
    }

    /// Returns the identity as a number above 0.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(trill_cell::TaskId::next().as_u64() > 0);
    /// ```
    #[inline]
    pub const fn as_u64(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskId({})", self.0)
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Takes a block of identities from the process-wide counter.
#[cold]
fn take_block() -> (u64, u64) {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let start = NEXT.fetch_add(BLOCK_IDS, Ordering::Relaxed);
    (start, start + BLOCK_IDS)
}

/// Identities a thread takes at once: large enough that the shared counter is written every 1,024 spawns only.
const BLOCK_IDS: u64 = 1024;
