//! What every waiting future of a channel tells the task that polls it.

use std::panic::Location;
use std::task::{Context, Poll};

use trill_cell::{Kind, Proceed, proceed, waiting};

/// Takes a unit of the task's budget, or says that the task waits for its turn.
#[inline]
pub(crate) fn begin(cx: &mut Context<'_>, location: &'static Location<'static>) -> Poll<Proceed> {
    let unit = proceed(cx);
    if unit.is_pending() {
        waiting(Kind::Turn, 0, location);
    }
    unit
}

/// Gives the unit back if nothing was ready, and says what the task waits for.
#[inline]
pub(crate) fn end<R>(
    poll: Poll<R>,
    unit: Proceed,
    kind: Kind,
    address: u64,
    location: &'static Location<'static>,
) -> Poll<R> {
    if poll.is_pending() {
        unit.refund();
        waiting(kind, address, location);
    }
    poll
}
