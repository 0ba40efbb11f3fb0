//! The bits of a cell's state word.
//!
//! | bit | meaning |
//! | --- | --- |
//! | [`OWNED`] | a queue or a thread holds the runnable: one that is to be polled, is polled, or is about to be dropped |
//! | [`WOKEN`] | somebody woke the task since its runnable began to be held |
//! | [`CLOSED`] | cancelled: whoever holds the runnable drops the future and does not poll it |
//! | [`DONE`] | the future is gone and nobody holds the runnable any more |
//! | [`OUTPUT`] | with `DONE`: the cell holds what the future returned, for the handle to take |
//! | [`HANDLE`] | there is a handle |
//! | [`AWAITER`] | the awaiter's slot holds a waker |
//! | [`MOVED`] | the awaiter's slot was filled more than once |
//! | the rest | references: one for the task's life, until `DONE`, one for each waker, and [`BIAS`] with `OWNED` |
//!
//! While a worker polls a task, that task's own wakers are counted without touching the word: what was cloned and dropped
//! on the worker's thread is added up (see `tab.rs`) and brought to the word in the step that ends the poll. Until then the
//! word may count too few references, so with `OWNED` it counts `BIAS` too many.

pub(super) const OWNED: usize = 1;
pub(super) const WOKEN: usize = 1 << 1;
pub(super) const CLOSED: usize = 1 << 2;
pub(super) const DONE: usize = 1 << 3;
pub(super) const OUTPUT: usize = 1 << 4;
pub(super) const HANDLE: usize = 1 << 5;
pub(super) const AWAITER: usize = 1 << 6;
pub(super) const MOVED: usize = 1 << 7;

/// One reference.
pub(super) const REF: usize = 1 << 8;

/// All references.
pub(super) const REFS: usize = !(REF - 1);

/// More references than are ever brought to the word at once.
pub(super) const BIAS: usize = REF << if usize::BITS == 64 { 30 } else { 18 };

/// What makes an idle task owned, by an addition.
pub(super) const OWN: usize = OWNED + BIAS;

/// A new task: its runnable is about to be queued, and somebody has its handle.
pub(super) const FRESH: usize = OWN | HANDLE | REF;

/// Says whether nobody but the caller can reach the cell, and the caller is about to let go of it.
#[inline]
pub(super) fn is_unreachable(word: usize) -> bool {
    word & (HANDLE | REFS) == 0
}

/// Says whether a task that no executor lists waits for a wake that cannot come: no waker, no handle, no runnable.
#[inline]
pub(super) fn is_orphan(word: usize) -> bool {
    word & (REFS | HANDLE | OWNED | CLOSED | DONE) == REF
}

/// Ends the process before a count of references that are never given back wraps, as `Arc` does: then the cell would be
/// freed while it is in use.
///
/// To be called after each addition that can be made again and again, with the word before it; what one poll brings is
/// less than is left above the limit.
#[inline]
pub(super) fn limit(word: usize) {
    if word > usize::MAX / 2 {
        std::process::abort();
    }
}
