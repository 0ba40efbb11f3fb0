//! The waker of whoever awaits a task, in one word.
//!
//! | lowest bits | the rest |
//! | --- | --- |
//! | 00 | the cell of a task of this crate, whose waker counts a reference |
//! | 10 | the data of a waker of `trill_park::block_on`, which counts nothing |
//! | 01 | a `Box<Waker>`: any other waker |
//!
//! So the usual awaiters need no allocation, and a cell is a word smaller than with a whole waker in it.
#![allow(unsafe_code)] // Packing and unpacking pointers.

use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, Ordering};
use std::task::{RawWakerVTable, Waker};

use super::waker;

/// The table of the wakers of `trill_park::block_on`, once one was packed.
static PARKED: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

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
    Box::into_raw(Box::new(waker))
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
        // SAFETY: `pack` made the box; as above.
        _ => *unsafe { Box::from_raw(packed.wrapping_byte_sub(IS_BOXED).cast::<Waker>()) },
    }
}

/// Says whether the packed waker wakes the same task as `waker`; a stranger's never does, as nothing behind the word
/// may be read here.
#[inline]
pub(super) fn will_wake(packed: *mut (), waker: &Waker) -> bool {
    let data = waker.data();
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
