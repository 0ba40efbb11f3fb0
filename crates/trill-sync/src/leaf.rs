//! What every waiting future of a lock tells the task that polls it.

use std::panic::Location;
use std::ptr;
use std::task::{Context, Poll};

use trill_cell::{Kind, proceed, waiting};
use trill_park::inspected;

/// Polls a leaf within the task's budget, and says what the task waits for if it is pending.
///
/// `of` is the primitive, whose address identifies it.
#[inline]
pub(crate) fn leaf<T: ?Sized, R>(
    kind: Kind,
    of: &T,
    location: &'static Location<'static>,
    cx: &mut Context<'_>,
    poll: impl FnOnce(&mut Context<'_>) -> Poll<R>,
) -> Poll<R> {
    let Poll::Ready(unit) = proceed(cx) else {
        waiting(Kind::Turn, 0, location);
        return Poll::Pending;
    };
    let polled = poll(cx);
    if polled.is_pending() {
        unit.refund();
        waiting(kind, ptr::from_ref(of).addr() as u64, location);
    }
    polled
}

/// As [`leaf`], for a lock, of which a debug mode hears.
///
/// `raw` is what [`note_unlock`] is called with at the end.
#[inline]
pub(crate) fn lock_leaf<T: ?Sized, L, R>(
    of: &T,
    raw: &L,
    location: &'static Location<'static>,
    cx: &mut Context<'_>,
    poll: impl FnOnce(&mut Context<'_>) -> Poll<R>,
) -> Poll<R> {
    let polled = leaf(Kind::Lock, of, location, cx, poll);
    note_lock(polled.is_ready(), raw, location);
    polled
}

/// Tells a debug mode, if there is one, that a lock was taken, if it was; returns whether.
#[inline]
pub(crate) fn note_lock<L>(taken: bool, raw: &L, location: &'static Location<'static>) -> bool {
    if taken {
        inspected(move |inspector| inspector.locked(ptr::from_ref(raw).addr(), location));
    }
    taken
}

/// Tells a debug mode, if there is one, that a lock is about to be left.
#[inline]
pub(crate) fn note_unlock<L>(raw: &L) {
    inspected(move |inspector| inspector.unlocked(ptr::from_ref(raw).addr()));
}
