//! The budget of reads that are served from what is decrypted already.

use std::panic::Location;
use std::task::{Context, Poll};

use trill_cell::{Kind, Proceed};

/// Takes a unit of the task's budget, or says that the task waits for its turn.
#[inline]
pub(crate) fn turn(cx: &mut Context<'_>, location: &'static Location<'static>) -> Poll<Proceed> {
    let unit = trill_cell::proceed(cx);
    if unit.is_pending() {
        trill_cell::waiting(Kind::Turn, 0, location);
    }
    unit
}
