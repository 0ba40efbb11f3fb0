//! An allocator that can count, to know the bytes a task or a timer costs.
//!
//! Counting is off except in the rows about memory: when off it costs one relaxed load per call,
//! the same for every peer.
//!
//! This module implements `GlobalAlloc`, which is an unsafe trait.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static ON: AtomicBool = AtomicBool::new(false);
static LIVE_BYTES: AtomicIsize = AtomicIsize::new(0);

/// Begins to count.
pub(crate) fn count() {
    ON.store(true, Ordering::Relaxed);
}

/// Bytes allocated and not freed since [`count`], each block as large as `malloc` made it, with its
/// header. Blocks from before that were freed since count against it.
pub(crate) fn live_bytes() -> isize {
    LIVE_BYTES.load(Ordering::Relaxed)
}

struct Counting;

// SAFETY: every call is handed to `System` with the arguments it came with, and its result is
// returned unchanged; the caller of each method upholds what `System` asks. Any program here would
// crash if this were wrong; `tests::a_block_counts_while_it_lives` allocates and frees through it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise about `layout` is what `System` asks for.
        let block = unsafe { System.alloc(layout) };
        record(block, 1);
        block
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as in `alloc`.
        let block = unsafe { System.alloc_zeroed(layout) };
        record(block, 1);
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        record(block, -1);
        // SAFETY: the caller got `block` from this allocator, hence from `System`, with `layout`.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let before = if ON.load(Ordering::Relaxed) {
            size(block)
        } else {
            0
        };
        // SAFETY: as in `dealloc`; the caller's promise about `new_size` is handed on.
        let moved = unsafe { System.realloc(block, layout, new_size) };
        if !moved.is_null() && ON.load(Ordering::Relaxed) {
            LIVE_BYTES.fetch_add(size(moved) - before, Ordering::Relaxed);
        }
        moved
    }
}

fn record(block: *mut u8, sign: isize) {
    if ON.load(Ordering::Relaxed) && !block.is_null() {
        LIVE_BYTES.fetch_add(sign * size(block), Ordering::Relaxed);
    }
}

/// What `block` takes from the heap.
fn size(block: *mut u8) -> isize {
    // SAFETY: `block` is a live block of `System`, which is `malloc` on Linux; both callers hold it.
    // `tests::a_block_counts_while_it_lives` would show a wrong size.
    let usable = unsafe { libc::malloc_usable_size(block.cast()) };
    usable as isize + MALLOC_HEADER_BYTES
}

/// What glibc keeps before each block besides its usable bytes.
const MALLOC_HEADER_BYTES: isize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_counts_while_it_lives() {
        // Other tests allocate meanwhile; a block of this size stands out from them.
        const LARGE: usize = 64 << 20;
        count();
        let before = live_bytes();
        let mut block: Vec<u8> = Vec::with_capacity(LARGE);
        let held = live_bytes() - before;
        block.reserve_exact(2 * LARGE);
        let grown = live_bytes() - before;
        drop(block);
        let after = live_bytes() - before;
        let near =
            |value: isize, expected: usize| (value - expected as isize).unsigned_abs() < LARGE / 8;
        assert!(near(held, LARGE), "{held}");
        assert!(near(grown, 2 * LARGE), "{grown}");
        assert!(near(after, 0), "{after}");
    }
}
