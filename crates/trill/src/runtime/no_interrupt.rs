//! Without the feature `signal` nobody hears Ctrl-C: the system ends the process.

use std::task::Context;

use super::interrupted::Interrupted;

/// Hears nothing.
pub(super) struct Watch;

impl Watch {
    pub(super) fn new(_ctrl_c: bool, _terminate: bool) -> Option<Watch> {
        None
    }

    pub(super) fn poll(&mut self, _: &Context<'_>) -> Option<Interrupted> {
        None
    }
}

/// There is no signal that could be told.
pub(super) type Signal = std::convert::Infallible;

/// Is never called.
pub(super) fn end_process(signal: Signal) -> ! {
    match signal {}
}
