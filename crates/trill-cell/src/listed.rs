//! Tasks that no executor keeps, for those who look at all tasks.
//!
//! A child of a scope has a header, but lies within the task that runs the scope. It is entered here when its first
//! poll ends and it has not, and leaves when it ends.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::header::Header;
use crate::id::TaskId;

/// A task's header, which is found by [`each_listed`] until this is dropped.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use trill_cell::{Header, Listed, Spawned, each_listed};
///
/// let header = Arc::new(Header::new(Spawned::here()));
/// let id = header.id();
/// let is_listed = || {
///     let mut found = false;
///     each_listed(|header, _| found |= header.id() == id);
///     found
/// };
/// let listed = Listed::new(header, None);
/// assert!(is_listed());
/// drop(listed);
/// assert!(!is_listed());
/// ```
pub struct Listed {
    header: Arc<Header>,
    place: usize,
}

impl Listed {
    /// Enters a task, which `awaiter` awaits if it is known.
    ///
    /// # Examples
    ///
    /// See [`Listed`].
    pub fn new(header: Arc<Header>, awaiter: Option<TaskId>) -> Listed {
        let entry = Entry {
            header: header.clone(),
            awaiter,
        };
        let mut shard = lock(&SHARDS[shard_of(header.id())]);
        let place = match shard.free.pop() {
            Some(place) => {
                shard.entries[place] = Some(entry);
                place
            }
            None => {
                shard.entries.push(Some(entry));
                shard.entries.len() - 1
            }
        };
        Listed { header, place }
    }

    /// Returns the task's header.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use trill_cell::{Header, Listed, Spawned};
    ///
    /// let header = Arc::new(Header::new(Spawned::here()));
    /// let listed = Listed::new(header.clone(), None);
    /// assert_eq!(listed.header().id(), header.id());
    /// ```
    #[inline]
    pub fn header(&self) -> &Header {
        &self.header
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        let mut shard = lock(&SHARDS[shard_of(self.header.id())]);
        // The header itself stays until the lock is free: what it carries is the program's.
        shard.entries[self.place] = None;
        shard.free.push(self.place);
        if shard.free.len() == shard.entries.len() {
            *shard = Shard::new();
        }
    }
}

impl fmt::Debug for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Listed").field(&self.header).finish()
    }
}

/// Runs `visit` on every listed task's header and who awaits the task.
///
/// `visit` must be quick: it must neither enter tasks here nor drop any, nor run them.
///
/// # Examples
///
/// See [`Listed`].
pub fn each_listed(mut visit: impl FnMut(&Header, Option<TaskId>)) {
    for shard in &SHARDS {
        let shard = lock(shard);
        for entry in shard.entries.iter().flatten() {
            visit(&entry.header, entry.awaiter);
        }
    }
}

struct Entry {
    header: Arc<Header>,
    awaiter: Option<TaskId>,
}

struct Shard {
    entries: Vec<Option<Entry>>,
    /// Places without an entry.
    free: Vec<usize>,
}

impl Shard {
    const fn new() -> Shard {
        Shard {
            entries: Vec::new(),
            free: Vec::new(),
        }
    }
}

/// Nothing in here panics while the lock is held but an allocation, or a visitor.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Threads take identities in blocks, so each thread's tasks stay in one shard for long.
fn shard_of(id: TaskId) -> usize {
    (id.as_u64() / 1024) as usize % SHARDS.len()
}

/// So many threads may enter and leave at once.
static SHARDS: [Mutex<Shard>; 16] = [const { Mutex::new(Shard::new()) }; 16];
