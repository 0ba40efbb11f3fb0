//! What a task carries for those who look at it, with insight.

use std::fmt;
use std::panic::Location;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};

use crate::budget;
use crate::carried;
use crate::current::{self, Setting};
use crate::extras::{Extras, Slot};
use crate::id::TaskId;
use crate::observer;
use crate::spawned::Spawned;
use crate::stopwatch::Stopwatch;
use crate::wait::{self, Kind, Wait};

/// What a task carries for those who look at it: identity, origin, counters and what it waits for.
///
/// It is written only by the thread that polls the task, with plain stores, and may be read by any thread.
/// Reads of several fields are not one snapshot.
///
/// # Examples
///
/// See the [crate's page](crate).
pub struct Header {
    id: TaskId,
    site: &'static Location<'static>,
    /// One word: most tasks have no name and no locals.
    extras: Slot,
    parent: Option<TaskId>,
    /// The lower half of the count; the upper one is among the extras.
    polls: AtomicU32,
    mark: AtomicU32,
    ticks: AtomicU64,
    /// A packed [`Wait`], or 0.
    wait: AtomicU64,
    location: AtomicPtr<Location<'static>>,
}

impl Header {
    /// Makes the header of a new task whose parent is the task that is being polled on this thread, and which carries
    /// the [`Locals`](crate::Locals) that are inherited here.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_cell::{Header, Spawned};
    ///
    /// let parent = Header::new(Spawned::here());
    /// let child = parent.poll(|| Header::new(Spawned::here()));
    /// assert_eq!(child.parent(), Some(parent.id()));
    /// ```
    #[inline]
    pub fn new(spawned: Spawned) -> Header {
        if observer::any() {
            return Header::new_observed(spawned);
        }
        Header::make(spawned)
    }

    /// The part of [`new`](Header::new) for processes that are observed: with a header that has an address, and so cannot be
    /// made where its task will have it.
    #[cold]
    #[inline(never)]
    fn new_observed(spawned: Spawned) -> Header {
        let header = Header::make(spawned);
        observer::each(|observer| observer.spawned(&header));
        header
    }

    #[inline]
    fn make(spawned: Spawned) -> Header {
        Header {
            id: TaskId::next(),
            site: spawned.site,
            extras: Slot::new(spawned.name, carried::inherited()),
            parent: current::current_id(),
            polls: AtomicU32::new(0),
            mark: AtomicU32::new(u32::MAX),
            ticks: AtomicU64::new(0),
            wait: AtomicU64::new(0),
            location: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// Runs `poll` as this task: it is [`current`](crate::current) meanwhile, has a fresh budget, and its poll is
    /// counted and timed.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_cell::{Header, Spawned, current_id};
    ///
    /// let header = Header::new(Spawned::here());
    /// assert_eq!(header.poll(current_id), Some(header.id()));
    /// assert_eq!(header.polls(), 1);
    /// ```
    #[inline]
    pub fn poll<R>(&self, poll: impl FnOnce() -> R) -> R {
        let _current = self.begin_poll();
        let stretch = Stretch {
            header: self,
            began: trill_world::ticks(),
        };
        let result = budget::with_budget(poll);
        drop(stretch);
        result
    }

    /// As [`Header::poll`], for a scheduler that polls one task after another: `stopwatch` decides whether the poll is
    /// timed.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_cell::{Header, Spawned, Stopwatch};
    ///
    /// let (first, second) = (Header::new(Spawned::here()), Header::new(Spawned::here()));
    /// let stopwatch = Stopwatch::new();
    /// let began = trill_world::ticks();
    /// stopwatch.start(true);
    /// first.poll_with(&stopwatch, || {});
    /// second.poll_with(&stopwatch, || {});
    /// assert!(first.ticks() + second.ticks() <= trill_world::ticks() - began);
    /// ```
    #[inline]
    pub fn poll_with<R>(&self, stopwatch: &Stopwatch, poll: impl FnOnce() -> R) -> R {
        let _current = self.begin_poll();
        let (result, spent) = stopwatch.time(|| budget::with_budget(poll));
        if spent != 0 {
            self.add_ticks(spent);
        }
        observer::each(move |observer| observer.polled(self, spent));
        result
    }

    /// Runs `body` as this task without counting a poll: for what its future does when it is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_cell::{Header, Spawned, current_id};
    ///
    /// let header = Header::new(Spawned::here());
    /// assert_eq!(header.within(current_id), Some(header.id()));
    /// assert_eq!(header.polls(), 0);
    /// ```
    #[inline]
    pub fn within<R>(&self, body: impl FnOnce() -> R) -> R {
        let _current = Setting::new(self);
        body()
    }

    /// Becomes current, and counts the poll.
    #[inline]
    fn begin_poll(&self) -> Setting {
        // Only the polling thread writes, so a load and a store are enough.
        let polls = self.polls.load(Ordering::Relaxed).wrapping_add(1);
        self.polls.store(polls, Ordering::Relaxed);
        if polls == 0 {
            self.extras.get_or_insert().carry_poll();
        }
        self.wait.store(0, Ordering::Relaxed);
        Setting::new(self)
    }

    /// Adds to the time of all polls.
    #[inline]
    fn add_ticks(&self, spent: u64) {
        let before = self.ticks.load(Ordering::Relaxed);
        self.ticks
            .store(before.wrapping_add(spent), Ordering::Relaxed);
    }

    /// Returns the task's identity.
    ///
    /// # Examples
    ///
    /// See [`Header::poll`].
    #[inline]
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// Returns the task's name, if it was given one.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_cell::{Header, Spawned};
    ///
    /// # if cfg!(feature = "insight") {
    /// assert_eq!(Header::new(Spawned::here().named("reader")).name(), Some("reader"));
    /// # }
    /// ```
    pub fn name(&self) -> Option<&str> {
        self.extras.get()?.name.as_deref()
    }

    /// Returns where the task was spawned.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_cell::{Header, Spawned};
    ///
    /// # if cfg!(feature = "insight") {
    /// assert_eq!(Header::new(Spawned::here()).site().unwrap().file(), file!());
    /// # }
    /// ```
    pub fn site(&self) -> Option<&'static Location<'static>> {
        Some(self.site)
    }

    /// Returns the task that spawned this one, if a task did.
    ///
    /// # Examples
    ///
    /// See [`Header::new`].
    pub fn parent(&self) -> Option<TaskId> {
        self.parent
    }

    /// Returns how often the task was polled.
    ///
    /// # Examples
    ///
    /// See [`Header::poll`].
    pub fn polls(&self) -> u64 {
        let upper = self.extras.get().map_or(0, Extras::polls_carried);
        u64::from(upper) << 32 | u64::from(self.polls.load(Ordering::Relaxed))
    }

    /// Returns four bytes that belong to the scheduler which made the task; [`u32::MAX`] until they are set.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_cell::{Header, Spawned};
    ///
    /// let header = Header::new(Spawned::here());
    /// assert_eq!(header.mark(), u32::MAX);
    /// header.set_mark(7);
    /// assert_eq!(header.mark(), 7);
    /// ```
    #[inline]
    pub fn mark(&self) -> u32 {
        self.mark.load(Ordering::Relaxed)
    }

    /// Sets the scheduler's four bytes.
    ///
    /// # Examples
    ///
    /// See [`Header::mark`].
    #[inline]
    pub fn set_mark(&self, mark: u32) {
        self.mark.store(mark, Ordering::Relaxed);
    }

    /// Returns how long all polls took together, in [`trill_world::ticks`].
    ///
    /// On an executor's worker it is an estimate in which long polls are exact; see [`Stopwatch`].
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_cell::{Header, Spawned};
    ///
    /// assert_eq!(Header::new(Spawned::here()).ticks(), 0);
    /// ```
    pub fn ticks(&self) -> u64 {
        self.ticks.load(Ordering::Relaxed)
    }

    /// Returns what the task waits for, as far as a leaf said so in the last poll.
    ///
    /// # Examples
    ///
    /// See the [crate's page](crate).
    pub fn wait(&self) -> Option<Wait> {
        let location = self.location.load(Ordering::Relaxed);
        wait::unpack(self.wait.load(Ordering::Relaxed), location_from(location))
    }

    /// Notes that `task` awaits this one otherwise than by a handle that its executor knows, as the task that runs a group
    /// awaits the group's children.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_cell::{Header, Spawned};
    ///
    /// # if cfg!(feature = "insight") {
    /// let (parent, child) = (Header::new(Spawned::here()), Header::new(Spawned::here()));
    /// child.note_awaiter(parent.id());
    /// assert_eq!(child.noted_awaiter(), Some(parent.id()));
    /// # }
    /// ```
    pub fn note_awaiter(&self, task: TaskId) {
        let extras = self.extras.get_or_insert();
        extras.awaiter.store(task.as_u64(), Ordering::Relaxed);
    }

    /// Returns which task awaits this one, as was noted last.
    ///
    /// # Examples
    ///
    /// See [`Header::note_awaiter`].
    pub fn noted_awaiter(&self) -> Option<TaskId> {
        let extras = self.extras.get()?;
        TaskId::from_u64(extras.awaiter.load(Ordering::Relaxed))
    }

    /// Where the locals are.
    #[inline]
    pub(crate) fn extras(&self) -> &Slot {
        &self.extras
    }

    /// Notes what a leaf waits for.
    #[inline]
    pub(crate) fn set_wait(&self, kind: Kind, value: u64, location: &'static Location<'static>) {
        let before = self.wait.load(Ordering::Relaxed);
        if kind == Kind::Timer && wait::is_other_than_timer(before) {
            // A timeout speaks after what it guards, and that is what the task waits for.
            self.wait
                .store(wait::one_more_leaf(before), Ordering::Relaxed);
            return;
        }
        let leaves = wait::leaves(before).saturating_add(1);
        self.wait
            .store(wait::pack(kind, leaves, value), Ordering::Relaxed);
        self.location
            .store(ptr::from_ref(location).cast_mut(), Ordering::Relaxed);
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header")
            .field("id", &self.id)
            .field("name", &self.name())
            .field("site", &format_args!("{}", self.site))
            .field("parent", &self.parent)
            .field("polls", &self.polls())
            .field("wait", &self.wait())
            .finish_non_exhaustive()
    }
}

/// Adds the time of a poll to its task, also when the poll panics.
struct Stretch<'a> {
    header: &'a Header,
    began: u64,
}

impl Drop for Stretch<'_> {
    #[inline]
    fn drop(&mut self) {
        let spent = trill_world::ticks().saturating_sub(self.began);
        self.header.add_ticks(spent);
        let header = self.header;
        observer::each(move |observer| observer.polled(header, spent));
    }
}

/// Turns a stored address back into the location it came from.
#[allow(unsafe_code)]
fn location_from(address: *mut Location<'static>) -> Option<&'static Location<'static>> {
    // SAFETY: the word holds null or the address of a `&'static Location`; `set_wait` is its only writer and locations
    // are never freed. Miri on the test `last_leaf_is_kept_with_its_location` would fail.
    unsafe { address.as_ref() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_of_polls_goes_on_beyond_four_bytes() {
        let header = Header::new(Spawned::here());
        header.polls.store(u32::MAX - 1, Ordering::Relaxed);
        header.poll(|| ());
        assert_eq!(header.polls(), u64::from(u32::MAX));
        header.poll(|| ());
        assert_eq!(header.polls(), 1 << 32);
        header.poll(|| ());
        assert_eq!(header.polls(), (1 << 32) + 1);
    }
}
