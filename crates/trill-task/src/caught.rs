//! Running strangers' code whose panic must wait until everything else is in order.

use std::any::Any;
use std::mem;
use std::panic::{self, AssertUnwindSafe};

/// What a panic carries.
pub(crate) type Payload = Box<dyn Any + Send>;

/// Runs `body` and catches its panic.
///
/// What the panic leaves half changed belongs to the future that panicked, and that is not polled again.
pub(crate) fn catch<R>(body: impl FnOnce() -> R) -> Result<R, Payload> {
    panic::catch_unwind(AssertUnwindSafe(body))
}

/// Drops a value; a panic in it was told by the panic hook and goes no further.
pub(crate) fn discard<T>(value: T) {
    if let Err(payload) = catch(|| drop(value)) {
        if let Err(again) = catch(|| drop(payload)) {
            // Somebody throws things that throw: better leaked than for ever.
            mem::forget(again);
        }
    }
}

/// Keeps the first panic, of several, for later.
#[derive(Default)]
pub(crate) struct FirstPanic(Option<Payload>);

impl FirstPanic {
    /// Drops a value.
    pub(crate) fn drop<T>(&mut self, value: T) {
        if let Err(payload) = catch(|| drop(value)) {
            self.keep(payload);
        }
    }

    pub(crate) fn keep(&mut self, payload: Payload) {
        match self.0 {
            None => self.0 = Some(payload),
            Some(_) => discard(payload),
        }
    }

    /// Goes on with the panic that was kept, if one was and the thread does not panic already.
    pub(crate) fn resume(self) {
        match self.0 {
            Some(payload) if !std::thread::panicking() => panic::resume_unwind(payload),
            payload => discard(payload),
        }
    }

    pub(crate) fn into_payload(self) -> Option<Payload> {
        self.0
    }
}

/// The text of a panic, if it was made by `panic!` with one.
pub(crate) fn message(payload: &(dyn Any + Send)) -> Option<&str> {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
}
