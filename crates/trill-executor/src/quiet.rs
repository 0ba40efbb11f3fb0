//! Running strangers' code that may panic where a panic would take others down.

use std::any::Any;
use std::fmt;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Wake, Waker};

use crate::current;

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

/// Runs `with` on a waker as good as `waker` that never panics.
///
/// async-task keeps this waker in the awaited task's cell and aborts the process if it panics there. A waker of the task
/// that is being polled by this crate cannot panic and is used as it is, nor can one of
/// `trill_park::block_on`; any other one is wrapped.
#[inline]
pub(crate) fn with<R>(waker: &Waker, with: impl FnOnce(&Waker) -> R) -> R {
    if current::is_polled(waker.data()) || trill_park::is_own(waker) {
        with(waker)
    } else {
        with(&wrap(waker))
    }
}

/// Makes a waker that calls `waker` and catches its panics.
fn wrap(waker: &Waker) -> Waker {
    Waker::from(Arc::new(Quiet(ManuallyDrop::new(waker.clone()))))
}

/// A stranger's waker.
struct Quiet(ManuallyDrop<Waker>);

impl Wake for Quiet {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Err(payload) = catch(|| self.0.wake_by_ref()) {
            discard_payload(payload);
        }
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // Moving the waker out through a clone would count twice, so it is replaced by one that does nothing.
        let waker = std::mem::replace(&mut self.0, ManuallyDrop::new(Waker::noop().clone()));
        discard(ManuallyDrop::into_inner(waker));
    }
}

impl fmt::Debug for Quiet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Quiet").field(&*self.0).finish()
    }
}
