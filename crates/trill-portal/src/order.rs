//! A future on its way to become a task.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use trill_cell::{Locals, Spawned, in_locals};
use trill_executor::ambient;

use crate::slot::Slot;

/// A future on its way to become a task. Dropping it tells whoever waits that the portal is closed.
pub(crate) trait Order: Send {
    /// Spawns the future where this is called, unless nobody wants it any more.
    fn place(self: Box<Self>);
}

/// Does something with orders that drops futures; a panic in that has been reported by the panic hook and goes no further.
pub(crate) fn quietly(body: impl FnOnce()) {
    // A future whose drop panics is gone, and nothing else is touched.
    if let Err(payload) = catch_unwind(AssertUnwindSafe(body)) {
        // Its drop might panic, too.
        std::mem::forget(payload);
    }
}

/// The order of one future.
pub(crate) struct Spawn<F: Future> {
    /// Gone once it is placed.
    parts: Option<(F, Spawned)>,
    /// What the calling thread's locals leave to a task.
    locals: Locals,
    slot: Arc<Slot<F::Output>>,
}

impl<F> Spawn<F>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    pub(crate) fn new(future: F, spawned: Spawned, slot: Arc<Slot<F::Output>>) -> Self {
        Spawn {
            parts: Some((future, spawned)),
            locals: trill_cell::locals().inheritable(),
            slot,
        }
    }
}

impl<F> Order for Spawn<F>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn place(mut self: Box<Self>) {
        // A future that nobody wants is dropped here, on its runtime, and was never polled.
        if !self.slot.is_wanted() {
            return;
        }
        let Some((future, spawned)) = self.parts.take() else {
            return;
        };
        let placed = in_locals(&mut self.locals, || ambient::spawn_as(future, spawned));
        match placed {
            Ok(task) => self.slot.placed(task),
            Err(refused) => {
                let _closing = Closing(&self.slot);
                drop(refused);
            }
        }
    }
}

impl<F: Future> Drop for Spawn<F> {
    fn drop(&mut self) {
        if let Some(parts) = self.parts.take() {
            let _closing = Closing(&self.slot);
            drop(parts);
        }
    }
}

/// Tells whoever waits, also when dropping the future panics.
struct Closing<'a, T>(&'a Slot<T>);

impl<T> Drop for Closing<'_, T> {
    fn drop(&mut self) {
        self.0.close();
    }
}
