//! What every waiting future of a limiter tells the task that polls it.

use std::panic::Location;
use std::ptr;
use std::task::{Context, Poll};

use trill_cell::{Kind, Proceed, proceed, waiting};

/// Takes a unit of the task's budget; without one the task waits for its turn.
pub(crate) fn begin(cx: &mut Context<'_>, location: &'static Location<'static>) -> Poll<Proceed> {
    let unit = proceed(cx);
    if unit.is_pending() {
        waiting(Kind::Turn, 0, location);
    }
    unit
}

/// Says that the task waits for permits of `of`, whose address identifies it.
pub(crate) fn waits<T>(of: &T, location: &'static Location<'static>) {
    waiting(Kind::Permit, ptr::from_ref(of).addr() as u64, location);
}
