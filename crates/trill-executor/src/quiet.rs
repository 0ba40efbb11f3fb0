//! Running strangers' code that may panic where a panic would take others down.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a panic carries.
pub(crate) type Payload = Box<dyn Any + Send>;

/// Runs `body` and catches its panic.
#[inline]
pub(crate) fn catch<R>(body: impl FnOnce() -> R) -> Result<R, Payload> {
    // What a panic leaves half changed belongs to the task that panicked, and that is not polled again.
    catch_unwind(AssertUnwindSafe(body))
}

/// Drops a value; a panic in it has been reported by the panic hook and goes no further.
#[inline]
pub(crate) fn discard<T>(value: T) {
    if let Err(payload) = catch(|| drop(value)) {
        discard_payload(payload);
    }
}

/// Drops a panic's payload, whose own drop may panic again.
#[cold]
fn discard_payload(payload: Payload) {
    if let Err(again) = catch(|| drop(payload)) {
        // Somebody throws things that throw: better leaked than for ever.
        std::mem::forget(again);
    }
}
