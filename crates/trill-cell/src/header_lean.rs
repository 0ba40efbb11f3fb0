//! What a task carries when insight is compiled out: an identity and its locals.

use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::budget;
use crate::carried;
use crate::current::Setting;
use crate::extras::Slot;
use crate::id::TaskId;
use crate::observer;
use crate::spawned::Spawned;
use crate::stopwatch::Stopwatch;
use crate::wait::{Kind, Wait};

/// What a task carries for those who look at it; without the feature `insight`, only an identity and its
/// locals.
///
/// # Examples
///
/// ```
/// use trill_cell::{Header, Spawned};
///
/// assert_eq!(Header::new(Spawned::here()).polls(), 0);
/// ```
pub struct Header {
    id: TaskId,
    extras: Slot,
    mark: AtomicU32,
}

impl Header {
    /// Makes the header of a new task, which carries the [`Locals`](crate::Locals) that are inherited here.
    #[inline]
    pub fn new(_spawned: Spawned) -> Header {
        if observer::any() {
            return Header::new_observed();
        }
        Header::make()
    }

    /// The part of [`new`](Header::new) for processes that are observed.
    #[cold]
    #[inline(never)]
    fn new_observed() -> Header {
        let header = Header::make();
        observer::each(|observer| observer.spawned(&header));
        header
    }

    #[inline]
    fn make() -> Header {
        Header {
            id: TaskId::next(),
            extras: Slot::new(None, carried::inherited()),
            mark: AtomicU32::new(u32::MAX),
        }
    }

    /// Runs `poll` as this task: it is [`current`](crate::current) meanwhile and has a fresh budget.
    #[inline]
    pub fn poll<R>(&self, poll: impl FnOnce() -> R) -> R {
        let _current = Setting::new(self);
        let result = budget::with_budget(poll);
        observer::each(move |observer| observer.polled(self, 0));
        result
    }

    /// As [`Header::poll`]; nothing is timed without insight.
    #[inline]
    pub fn poll_with<R>(&self, _stopwatch: &Stopwatch, poll: impl FnOnce() -> R) -> R {
        self.poll(poll)
    }

    /// Runs `body` as this task: for what its future does when it is dropped.
    #[inline]
    pub fn within<R>(&self, body: impl FnOnce() -> R) -> R {
        let _current = Setting::new(self);
        body()
    }

    /// Returns the task's identity.
    #[inline]
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// Returns `None`: names are part of insight.
    pub fn name(&self) -> Option<&str> {
        None
    }

    /// Returns `None`: spawn sites are part of insight.
    pub fn site(&self) -> Option<&'static Location<'static>> {
        None
    }

    /// Returns `None`: parents are part of insight.
    pub fn parent(&self) -> Option<TaskId> {
        None
    }

    /// Returns 0: counters are part of insight.
    pub fn polls(&self) -> u64 {
        0
    }

    /// Returns four bytes that belong to the scheduler which made the task; [`u32::MAX`] until they are set.
    #[inline]
    pub fn mark(&self) -> u32 {
        self.mark.load(Ordering::Relaxed)
    }

    /// Sets the scheduler's four bytes.
    #[inline]
    pub fn set_mark(&self, mark: u32) {
        self.mark.store(mark, Ordering::Relaxed);
    }

    /// Returns 0: counters are part of insight.
    pub fn ticks(&self) -> u64 {
        0
    }

    /// Returns `None`: what a task waits for is part of insight.
    pub fn wait(&self) -> Option<Wait> {
        None
    }

    /// Does nothing: who awaits a task is part of insight.
    pub fn note_awaiter(&self, _task: TaskId) {}

    /// Returns `None`: who awaits a task is part of insight.
    pub fn noted_awaiter(&self) -> Option<TaskId> {
        None
    }

    /// Where the locals are.
    #[inline]
    pub(crate) fn extras(&self) -> &Slot {
        &self.extras
    }

    /// Forgets what a leaf waits for.
    #[inline]
    pub(crate) fn set_wait(&self, _: Kind, _: u64, _: &'static Location<'static>) {}
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
