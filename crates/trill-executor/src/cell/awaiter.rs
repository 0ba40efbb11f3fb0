//! The waker of whoever awaits a task, in one word.
//!
//! | lowest bits | the rest |
//! | --- | --- |
//! | 00 | the cell of a task of this crate, whose waker counts a reference |
//! | 10 | the data of a waker of `trill_park::block_on`, which counts nothing |
//! | 01 | a box: any other waker, and the task that was polled when it was packed |
//!
//! So the usual awaiters need no allocation, and a cell is a word smaller than with a whole waker in it.
//!
//! # Readers
//!
//! Whoever looks at the tasks of an executor reads from the word which task awaits (`read_task` in `prefix.rs`). It must
//! not touch a waker that is taken out meanwhile, so the words of the kinds 00 and 01 have one bit more, [`HELD`]:
//!
//! 1. → with the bit, by a reader, which then reads, and takes the bit off again. Readers exclude each other.
//! 2. → with the bit, by the handle, before the step with which it takes the waker out: it waits while a reader holds
//!    the word, and never takes the bit off.
//!
//! The one who sets `DONE` takes the waker out without that: a reader keeps the task in its registry meanwhile, and the
//! task leaves that before it ends. So no await that comes to its end pays for readers.
#![allow(unsafe_code)] // Packing and unpacking pointers.

use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, Ordering};
use std::task::{RawWakerVTable, Waker};

use trill_cell::{Kind, TaskId, current_id};

use super::prefix::Prefix;
use super::waker;
use crate::primitive::Witness;

/// The table of the wakers of `trill_park::block_on`, once one was packed.
static PARKED: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// A waker that is none of the usual ones.
#[repr(align(8))] // Leaves three bits.
struct Boxed {
    waker: Waker,
    /// Whose poll it was that brought the waker: it may have come through a combinator that has wakers of its own.
    task: Option<TaskId>,
    witness: Witness,
}

/// Packs a waker; it must be unpacked once.
#[inline]
pub(super) fn pack(waker: Waker) -> *mut () {
    if waker::is_task(&waker) {
        return ManuallyDrop::new(waker).data().cast_mut();
    }
    if trill_park::is_own(&waker) {
        let waker = ManuallyDrop::new(waker);
        // Always the same one. Relaxed: who unpacks the word saw it through a Release, which came after this.
        let table = ptr::from_ref::<RawWakerVTable>(waker.vtable()).cast_mut();
        PARKED.store(table.cast(), Ordering::Relaxed);
        return waker.data().cast_mut().wrapping_byte_add(IS_PARKED);
    }
    let task = current_id();
    Box::into_raw(Box::new(Boxed {
        waker,
        task,
        witness: Witness::new(),
    }))
    .cast::<()>()
    .wrapping_byte_add(IS_BOXED)
}

/// Unpacks a waker.
///
/// # Safety
///
/// `packed` came from [`pack`] and is unpacked once.
#[inline]
pub(super) unsafe fn unpack(packed: *mut ()) -> Waker {
    let packed = plain(packed);
    match packed.addr() & TAG {
        0 => {
            // SAFETY: the data of a task's waker is never null. The caller upholds it; Miri on `tests/task.rs`.
            let cell = unsafe { NonNull::new_unchecked(packed) };
            // SAFETY: the word owns a reference, which the result owns from now on; as above.
            ManuallyDrop::into_inner(unsafe { waker::borrowed(cell.cast()) })
        }
        IS_PARKED => {
            let table: *const RawWakerVTable = PARKED.load(Ordering::Relaxed).cast();
            // SAFETY: `pack` stored the table, a `&'static` one, before it returned this word; as above.
            let table = unsafe { &*table };
            // SAFETY: data and table were one waker's, and such wakers count nothing; as above.
            unsafe { Waker::new(packed.wrapping_byte_sub(IS_PARKED), table) }
        }
        _ => {
            let boxed = packed.wrapping_byte_sub(IS_BOXED).cast::<Boxed>();
            // SAFETY: `pack` made the box; as above.
            let boxed = unsafe { Box::from_raw(boxed) };
            boxed.witness.give_up();
            boxed.waker
        }
    }
}

/// Says whether readers look at such a word, and it is not held.
#[inline]
pub(super) fn is_readable(packed: *mut ()) -> bool {
    !packed.is_null() && packed.addr() & (IS_PARKED | HELD) == 0
}

/// Says whether the word is a waker of `trill_park::block_on`, at which readers do not look.
#[inline]
pub(super) fn is_parked(packed: *mut ()) -> bool {
    packed.addr() & TAG == IS_PARKED
}

/// The word with [`HELD`]; for one that is readable.
#[inline]
pub(super) fn held(packed: *mut ()) -> *mut () {
    packed.wrapping_byte_add(HELD)
}

/// The word without [`HELD`].
#[inline]
fn plain(packed: *mut ()) -> *mut () {
    let is_held = packed.addr() & (IS_PARKED | HELD) == HELD;
    packed.wrapping_byte_sub(if is_held { HELD } else { 0 })
}

/// The task that awaits the one with the identity `awaited`.
///
/// A task whose own waker it is asks, in each poll, all that it awaits. So if one leaf alone said in its last poll that it
/// waits, and that was another, the handle is kept without being awaited.
///
/// # Safety
///
/// `packed` came from [`pack`], is readable, and is not unpacked meanwhile.
pub(super) unsafe fn task(packed: *mut (), awaited: TaskId) -> Option<TaskId> {
    if packed.addr() & TAG == 0 {
        // SAFETY: the word is a task's waker, which counts a reference; the caller keeps it. Miri on `tests/each_task.rs`
        // would fail.
        let awaiter = unsafe { &*packed.cast::<Prefix>() };
        let is_elsewhere = awaiter.header.wait().is_some_and(|wait| {
            let is_this = wait.kind == Kind::Task && wait.value == awaited.as_u64();
            wait.leaves == 1 && !is_this && !awaiter.is_held()
        });
        return (!is_elsewhere).then(|| awaiter.header.id());
    }
    let boxed = packed.wrapping_byte_sub(IS_BOXED).cast::<Boxed>();
    // SAFETY: `pack` made the box, and the caller keeps it; as above.
    let boxed = unsafe { &*boxed };
    boxed.witness.read();
    boxed.task
}

/// Says whether the packed waker wakes the same task as `waker`; a stranger's never does, as nothing behind the word
/// may be read here.
#[inline]
pub(super) fn will_wake(packed: *mut (), waker: &Waker) -> bool {
    let data = waker.data();
    let packed = plain(packed);
    match packed.addr() & TAG {
        0 => ptr::eq(packed, data) && waker::is_task(waker),
        IS_PARKED => {
            ptr::eq(packed.wrapping_byte_sub(IS_PARKED), data) && trill_park::is_own(waker)
        }
        _ => false,
    }
}

const IS_BOXED: usize = 1;
const IS_PARKED: usize = 2;

/// The bits that tell the kinds apart; everything that is pointed to is aligned to words.
const TAG: usize = 3;

/// A reader looks at the word, or the handle is about to take the waker out. Cells and boxes are aligned to eight bytes.
const HELD: usize = 4;
