//! The part of a cell that does not depend on the future's type, and all steps that need no more.
#![allow(unsafe_code)] // Cells are reached through pointers that count.

use std::ptr::NonNull;
use std::task::{Context, Waker};

use trill_cell::{Header, TaskId};

use super::awaiter;
use super::tab::Tab;
use super::word::{
    AWAITER, BIAS, CLOSED, DONE, FRESH, HANDLE, MOVED, OUTPUT, OWN, OWNED, REF, REFS, WOKEN,
    is_orphan, is_unreachable, limit,
};
use crate::home::Home;
use crate::primitive::{AtomicPtr, AtomicUsize, Ordering, relax};
use crate::quiet;

/// The begin of every cell.
#[repr(C, align(8))] // Leaves three bits of its address to `awaiter.rs`.
pub(crate) struct Prefix {
    word: AtomicUsize,
    /// The waker of whoever awaits the task, see `awaiter.rs`.
    awaiter: AtomicPtr<()>,
    pub(super) table: &'static Table,
    pub(crate) home: Home,
    /// Its mark says where the task is in its executor's registry, since a poll first returned `Pending`.
    pub(crate) header: Header,
}

/// What depends on the future's type. All functions demand a live cell of that type.
pub(super) struct Table {
    /// Polls the future; `true` if it has ended, and then the output is in its place. For the holder of the runnable.
    pub(super) poll: unsafe fn(NonNull<Prefix>, &mut Context<'_>) -> bool,
    /// Drops the future. For the holder of the runnable.
    pub(super) drop_future: unsafe fn(NonNull<Prefix>),
    /// Drops the output, and no panic of it leaves the call.
    pub(super) drop_output: unsafe fn(NonNull<Prefix>),
    /// Where the output is.
    pub(super) output: unsafe fn(NonNull<Prefix>) -> *mut (),
    /// Queues the runnable; the flag says that the holder itself does so at the end of a poll.
    pub(super) schedule: unsafe fn(NonNull<Prefix>, bool),
    /// Gives the memory back.
    pub(super) free: unsafe fn(NonNull<Prefix>),
    /// Whether the executor lists the task while it waits. If not, a task that nobody can wake is dropped.
    pub(super) is_listed: bool,
}

impl Prefix {
    /// For a new task.
    #[inline]
    pub(super) fn new(table: &'static Table, home: Home, header: Header) -> Prefix {
        Prefix {
            word: AtomicUsize::new(FRESH),
            awaiter: AtomicPtr::default(),
            table,
            home,
            header,
        }
    }

    /// The state word, for those who decide by it what they may touch.
    #[inline]
    pub(super) fn load(&self) -> usize {
        // Acquire: pairs with the Release of every step that `step` takes.
        self.word.load(Ordering::Acquire)
    }

    /// Counts one more waker.
    #[inline]
    pub(super) fn count_reference(&self) {
        limit(self.word.fetch_add(REF, Ordering::Relaxed));
    }

    /// The packed waker in the awaiter's slot.
    #[inline]
    fn awaiter(&self) -> *mut () {
        // Relaxed: `AWAITER`, which was seen by an Acquire, is set after the slot is written.
        self.awaiter.load(Ordering::Relaxed)
    }

    /// Writes the awaiter's slot.
    #[inline]
    fn set_awaiter(&self, waker: Waker) {
        // Release: pairs with the Acquire in `read_task`, which then sees what the word points to.
        self.awaiter.store(awaiter::pack(waker), Ordering::Release);
    }

    /// Keeps readers off the waker in the awaiter's slot for good; returns its word. For the handle, before a step that
    /// takes the waker out.
    #[cold]
    fn hold_awaiter(&self) -> *mut () {
        loop {
            let packed = self.awaiter();
            if awaiter::is_readable(packed) {
                let held = awaiter::held(packed);
                // Acquire: pairs with the Release in `read_task`; the reader is done with the waker.
                if self
                    .awaiter
                    .compare_exchange(packed, held, Ordering::Acquire, Ordering::Relaxed)
                    .is_ok()
                {
                    return held;
                }
            } else if awaiter::is_parked(packed) {
                return packed;
            }
            // A reader holds the word for a few instructions.
            relax();
        }
    }

    /// Says whether a queue or a thread holds the runnable.
    pub(crate) fn is_held(&self) -> bool {
        self.word.load(Ordering::Relaxed) & OWNED != 0
    }

    /// Reads which task awaits this one, as far as it can be read now.
    ///
    /// # Safety
    ///
    /// The task is in its executor's registry and stays there during the call.
    pub(crate) unsafe fn read_task(&self) -> Option<TaskId> {
        if self.word.load(Ordering::Relaxed) & AWAITER == 0 {
            return None;
        }
        let expected = self.awaiter();
        if !awaiter::is_readable(expected) {
            return None;
        }
        // Acquire: pairs with the Release in `set_awaiter`.
        let taken = self.awaiter.compare_exchange(
            expected,
            awaiter::held(expected),
            Ordering::Acquire,
            Ordering::Relaxed,
        );
        // What was exchanged and not what was read before: that may have been another box at this address, and the
        // pointer to it is no pointer to this one.
        let packed = taken.ok()?;
        // SAFETY: the bit keeps the handle from taking the waker out, and the task does not end, as the caller upholds;
        // see `awaiter.rs`. The model `reader_never_looks_at_an_awaiter_that_the_handle_takes_out` would fail.
        let task = unsafe { awaiter::task(packed, self.header.id()) };
        // Release: pairs with the Acquire in `hold_awaiter`.
        self.awaiter.store(packed, Ordering::Release);
        task
    }
}

/// Tries the step from `old` to `new`; the word as it is if another was faster.
///
/// Takes the word alone: after a step that gave something up another thread may free the cell before this returns, and
/// of all references that are arguments only those to what is atomic through and through may outlive what they point to.
#[inline]
fn step(word: &AtomicUsize, old: usize, new: usize) -> Result<(), usize> {
    // AcqRel: each step publishes what its thread did to the cell or to what the task waits for, and sees what
    // was published by the steps before it; pairs with itself and with the Acquire in `Prefix::load`.
    word.compare_exchange_weak(old, new, Ordering::AcqRel, Ordering::Acquire)
        .map(drop)
}

/// Polls the task, or drops its future if it is closed; `true` if the runnable was queued again.
///
/// `tab` is where wakers of the task are counted in this poll, and where the task may say that it yields.
///
/// # Safety
///
/// The caller holds the runnable and gives it up.
#[inline]
pub(super) unsafe fn run(cell: NonNull<Prefix>, cx: &mut Context<'_>, tab: &Tab) -> bool {
    // SAFETY: the runnable keeps the reference of the task's life. The caller upholds it; Miri on `tests/task.rs`.
    let prefix = unsafe { cell.as_ref() };
    let table = prefix.table;
    let mut word = prefix.load();
    if word & WOKEN != 0 {
        // AcqRel: as in `step`. What was done before the wake is seen by the poll below.
        word = prefix.word.fetch_and(!WOKEN, Ordering::AcqRel);
    }
    if word & CLOSED != 0 {
        // SAFETY: as this function's.
        unsafe { end_without_output(cell, 0) };
        return false;
    }
    tab.open();
    // SAFETY: as this function's.
    let is_ready = unsafe { (table.poll)(cell, cx) };
    let counted = tab.close();
    if is_ready {
        // SAFETY: as this function's; the future is gone and the output is in its place.
        unsafe { end(cell, true, counted) };
        return false;
    }
    word = prefix.load();
    loop {
        let is_soon = word & WOKEN != 0 || tab.has_yielded();
        if is_soon && word & CLOSED == 0 {
            if counted != 0 {
                limit(prefix.word.fetch_add(counted, Ordering::Relaxed));
            }
            // `WOKEN` is cleared when the next poll begins.
            // SAFETY: as this function's. Still `OWNED`: nobody else queues it.
            unsafe { (table.schedule)(cell, true) };
            return true;
        }
        let idle = word.wrapping_sub(OWN).wrapping_add(counted);
        if word & CLOSED != 0 || !table.is_listed && is_orphan(idle) {
            // SAFETY: as this function's.
            unsafe { end_without_output(cell, counted) };
            return false;
        }
        limit(word);
        match step(&prefix.word, word, idle) {
            Ok(()) => return false,
            Err(now) => word = now,
        }
    }
}

/// Drops the future and ends the task; `counted` as for [`end`].
///
/// # Safety
///
/// As [`run`].
#[cold]
pub(super) unsafe fn end_without_output(cell: NonNull<Prefix>, counted: usize) {
    // SAFETY: the caller holds the runnable and upholds it; Miri on `tests/drop.rs` would fail.
    let table = unsafe { cell.as_ref() }.table;
    // SAFETY: as above.
    unsafe { (table.drop_future)(cell) };
    // SAFETY: as above, and the future is gone.
    unsafe { end(cell, false, counted) };
}

/// Ends the task: transition 5 of the module's page. `counted` is what the tab of its last poll adds to the word.
///
/// # Safety
///
/// The caller holds the runnable and gives it up; the future is gone; `has_output` says whether the output is in its
/// place.
#[inline]
unsafe fn end(cell: NonNull<Prefix>, mut has_output: bool, counted: usize) {
    // SAFETY: as in `run`.
    let prefix = unsafe { cell.as_ref() };
    let table = prefix.table;
    let mut word = prefix.load();
    loop {
        if has_output && word & HANDLE == 0 {
            // SAFETY: it is there, nobody will take it, and this is the only drop, as the flag shows.
            unsafe { (table.drop_output)(cell) };
            has_output = false;
        }
        let is_awaited = word & AWAITER != 0;
        let was_moved = word & MOVED != 0;
        let kept = word.wrapping_sub(BIAS).wrapping_add(counted) & !(OWNED | WOKEN | AWAITER);
        let mut next = kept | DONE | if has_output { OUTPUT } else { 0 };
        if !was_moved {
            next -= REF;
        }
        if is_unreachable(next) {
            // SAFETY: without a handle and other references nobody else can change the word, nor reach the cell.
            unsafe { (table.free)(cell) };
            return;
        }
        let packed = prefix.awaiter();
        match step(&prefix.word, word, next) {
            Err(now) => word = now,
            Ok(()) => {
                // Read again where the slot may have been filled anew between the first reading and the step.
                let packed = if was_moved { prefix.awaiter() } else { packed };
                if is_awaited {
                    // SAFETY: the step took the waker out of the slot; it is the one that was read, see transition 5.
                    let waker = unsafe { awaiter::unpack(packed) };
                    if let Err(payload) = quiet::catch(|| waker.wake()) {
                        quiet::discard(payload);
                    }
                }
                if was_moved {
                    // SAFETY: the reference of the task's life was kept until here.
                    unsafe { drop_reference(cell) };
                }
                return;
            }
        }
    }
}

/// Wakes the task; transition 1.
///
/// # Safety
///
/// The caller has a reference, and gives it up if `and_drop` is set.
#[inline]
pub(super) unsafe fn wake(cell: NonNull<Prefix>, and_drop: bool) {
    // SAFETY: the caller has a reference; Miri on `tests/task.rs` would fail.
    let prefix = unsafe { cell.as_ref() };
    let table = prefix.table;
    let mut word = prefix.load();
    loop {
        if word & (DONE | CLOSED) != 0 {
            if and_drop {
                // SAFETY: as this function's.
                unsafe { drop_reference(cell) };
            }
            return;
        }
        // The reference of the task's life stays, so this is never the last one.
        let rest = if and_drop { word - REF } else { word };
        let is_held = word & OWNED != 0;
        // Also where `WOKEN` is set already: the step is what publishes the reason of this wake.
        let next = if is_held { rest | WOKEN } else { rest + OWN };
        match step(&prefix.word, word, next) {
            Err(now) => word = now,
            Ok(()) => {
                if !is_held {
                    // SAFETY: this step made the runnable, and with it goes the reference of the task's life.
                    unsafe { (table.schedule)(cell, false) };
                }
                return;
            }
        }
    }
}

/// Gives a reference back.
///
/// # Safety
///
/// The caller has one.
#[inline]
pub(super) unsafe fn drop_reference(cell: NonNull<Prefix>) {
    // SAFETY: as this function's; Miri on `tests/task.rs` would fail.
    let prefix = unsafe { cell.as_ref() };
    let table = prefix.table;
    // AcqRel: as in `step`. Whoever frees the cell sees all that was done to it.
    let word = prefix.word.fetch_sub(REF, Ordering::AcqRel) - REF;
    if is_unreachable(word) {
        // SAFETY: this was the last reference, and there is no handle.
        unsafe { (table.free)(cell) };
    } else if !table.is_listed && is_orphan(word) {
        // Nobody can reach the cell any more but this call, so the word is as it was read.
        prefix.word.store((word | CLOSED) + OWN, Ordering::Relaxed);
        // SAFETY: this made the runnable, which is scheduled to be dropped.
        unsafe { (table.schedule)(cell, false) };
    }
}

/// Polls for the end; `Some(true)` if it has an output for the handle to take.
///
/// # Safety
///
/// The caller is the handle.
#[inline]
pub(super) unsafe fn poll_end(cell: NonNull<Prefix>, waker: &Waker) -> Option<bool> {
    // SAFETY: the handle keeps the cell; Miri on `tests/task.rs` would fail.
    let prefix = unsafe { cell.as_ref() };
    let mut word = prefix.load();
    if word & DONE != 0 {
        return Some(word & OUTPUT != 0);
    }
    let is_awaited = word & AWAITER != 0;
    if is_awaited && awaiter::will_wake(prefix.awaiter(), waker) {
        return None;
    }
    // Before anything is changed: a stranger's code may panic here.
    let fresh = waker.clone();
    let mut former = None;
    if is_awaited {
        let packed = prefix.hold_awaiter();
        loop {
            match step(&prefix.word, word, word & !AWAITER | MOVED) {
                Ok(()) => break,
                Err(now) if now & DONE != 0 => return Some(now & OUTPUT != 0),
                Err(now) => word = now,
            }
        }
        word = word & !AWAITER | MOVED;
        // SAFETY: the step took the waker out of the slot. Dropped below.
        former = Some(unsafe { awaiter::unpack(packed) });
    }
    prefix.set_awaiter(fresh);
    loop {
        match step(&prefix.word, word, word | AWAITER) {
            Ok(()) => {
                // Outside any step: it may be a stranger's.
                quiet::discard(former);
                return None;
            }
            Err(now) if now & DONE != 0 => {
                // SAFETY: `AWAITER` was never set over this waker, so it is still the handle's.
                quiet::discard((former, unsafe { awaiter::unpack(prefix.awaiter()) }));
                return Some(now & OUTPUT != 0);
            }
            Err(now) => word = now,
        }
    }
}

/// Notes that the handle took the output.
///
/// # Safety
///
/// The caller is the handle, and `poll_end` has returned `Some(true)`.
#[inline]
pub(super) unsafe fn output_taken(cell: NonNull<Prefix>) {
    // SAFETY: as in `poll_end`.
    let prefix = unsafe { cell.as_ref() };
    let word = prefix.load();
    if word & REFS == 0 {
        // Nobody else can reach the cell.
        prefix.word.store(word & !OUTPUT, Ordering::Relaxed);
    } else {
        prefix.word.fetch_and(!OUTPUT, Ordering::Relaxed);
    }
}

/// Cancels the task: transition 4.
///
/// # Safety
///
/// The caller is the handle.
pub(super) unsafe fn close(cell: NonNull<Prefix>) {
    // SAFETY: as in `poll_end`.
    let prefix = unsafe { cell.as_ref() };
    let mut word = prefix.load();
    while word & (DONE | CLOSED) == 0 {
        let is_held = word & OWNED != 0;
        match step(
            &prefix.word,
            word,
            (word | CLOSED) + if is_held { 0 } else { OWN },
        ) {
            Ok(()) if !is_held => {
                // SAFETY: this step made the runnable.
                unsafe { (prefix.table.schedule)(cell, false) };
                return;
            }
            Ok(()) => return,
            Err(now) => word = now,
        }
    }
}

/// Gives the handle up: transition 6; with `and_close` the task is cancelled as well.
///
/// # Safety
///
/// The caller is the handle.
#[inline]
pub(super) unsafe fn drop_handle(cell: NonNull<Prefix>, and_close: bool) {
    // SAFETY: as in `poll_end`.
    let prefix = unsafe { cell.as_ref() };
    let table = prefix.table;
    let mut word = prefix.load();
    let mut is_kept = false;
    loop {
        if word & DONE != 0 {
            // SAFETY: as this function's.
            unsafe { drop_handle_of_ended(cell, word) };
            return;
        }
        let is_awaited = word & AWAITER != 0;
        if is_awaited && !is_kept {
            prefix.hold_awaiter();
            is_kept = true;
        }
        let packed = prefix.awaiter();
        let mut next = word & !(HANDLE | AWAITER);
        let and_close = and_close || !table.is_listed && is_orphan(next);
        let is_held = word & OWNED != 0;
        if and_close {
            next = (next | CLOSED) + if is_held { 0 } else { OWN };
        }
        match step(&prefix.word, word, next) {
            Err(now) => word = now,
            Ok(()) => {
                if and_close && !is_held {
                    // SAFETY: this step made the runnable.
                    unsafe { (table.schedule)(cell, false) };
                }
                if is_awaited {
                    // SAFETY: the step took the waker out of the slot, which only this handle could have written.
                    quiet::discard(unsafe { awaiter::unpack(packed) });
                }
                return;
            }
        }
    }
}

/// Gives up the handle of a task that has ended.
///
/// # Safety
///
/// The caller is the handle, and `word` was read with `DONE` in it.
#[inline]
unsafe fn drop_handle_of_ended(cell: NonNull<Prefix>, word: usize) {
    // SAFETY: as in `poll_end`.
    let prefix = unsafe { cell.as_ref() };
    let table = prefix.table;
    if word & OUTPUT != 0 {
        // SAFETY: it is there, and after `DONE` only the handle touches it.
        unsafe { (table.drop_output)(cell) };
    }
    let is_last = word & REFS == 0 || {
        // AcqRel: as in `step`.
        let before = prefix.word.fetch_and(!(HANDLE | OUTPUT), Ordering::AcqRel);
        before & REFS == 0
    };
    if is_last {
        // SAFETY: no reference is left, and this was the handle.
        unsafe { (table.free)(cell) };
    }
}

/// Says whether the task has ended or was cancelled.
///
/// # Safety
///
/// The caller is the handle.
pub(super) unsafe fn is_finished(cell: NonNull<Prefix>) -> bool {
    // SAFETY: as in `poll_end`.
    unsafe { cell.as_ref() }.load() & (DONE | CLOSED) != 0
}

/// Marks the task as closed, for the holder of the runnable who is about to drop it.
///
/// # Safety
///
/// The caller holds the runnable.
pub(super) unsafe fn mark_closed(cell: NonNull<Prefix>) {
    // SAFETY: as in `run`.
    unsafe { cell.as_ref() }
        .word
        .fetch_or(CLOSED, Ordering::Relaxed);
}
