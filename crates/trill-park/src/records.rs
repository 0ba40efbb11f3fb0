//! Who the calling thread is: its records, and the one that is inside `block_on`.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use trill_world::World;

use crate::registry;
use crate::thread::Thread;

thread_local! {
    /// The record that is inside `block_on` on this thread; apart from the others, so that reading it is one load.
    static ENTERED: Cell<Option<&'static Thread>> = const { Cell::new(None) };
    static RECORDS: RefCell<Records> = const { RefCell::new(Records { os: None, simulated: None }) };
}

/// The records of this thread.
struct Records {
    /// The one for the operating system's world.
    os: Option<&'static Thread>,
    /// The one for the simulated world it was last in.
    simulated: Option<(World, &'static Thread)>,
}

impl Records {
    /// The record of this thread for `world`, and the one of a world that it left for this one.
    fn record(&mut self, world: World) -> (&'static Thread, Option<(World, &'static Thread)>) {
        let Some(simulation) = world.simulation() else {
            let thread = self.os.get_or_insert_with(|| registry::acquire(&world));
            return (thread, None);
        };
        if let Some((known, thread)) = &self.simulated {
            if known
                .simulation()
                .is_some_and(|known| Arc::ptr_eq(known, simulation))
            {
                return (thread, None);
            }
        }
        let thread = registry::acquire(&world);
        (thread, self.simulated.replace((world, thread)))
    }

    /// Whether this thread comes back to a record when it enters that one's world again.
    fn keeps(&self, thread: &Thread) -> bool {
        let simulated = self.simulated.as_ref();
        simulated.is_some_and(|(_, known)| std::ptr::eq(*known, thread))
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        if let Some(thread) = self.os.take() {
            registry::release(thread);
        }
        if let Some((_, thread)) = self.simulated.take() {
            thread.retire();
        }
    }
}

/// The record that is inside `block_on` on this thread.
#[inline]
pub(crate) fn entered() -> Option<&'static Thread> {
    ENTERED.get()
}

/// The record of this thread for the operating system's world, if it has one.
pub(crate) fn own() -> Option<&'static Thread> {
    RECORDS
        .try_with(|records| records.try_borrow().ok()?.os)
        .ok()
        .flatten()
}

/// Makes this thread's record for the current world the entered one; returns it and the one before.
pub(crate) fn enter() -> (&'static Thread, Option<&'static Thread>) {
    let world = World::current();
    // While the thread's locals are being destroyed there is no place to keep a record, so it is not reused.
    let (thread, left) = RECORDS
        .try_with(|records| records.borrow_mut().record(world.clone()))
        .unwrap_or_else(|_| (registry::acquire(&world), None));
    // Outside the borrow: the last one out drops the world, which is code of a stranger.
    if let Some((_world, record)) = left {
        record.retire();
    }
    (thread, ENTERED.replace(Some(thread)))
}

/// Lets go of a record whose outermost call has ended, if its thread went to another world meanwhile.
pub(crate) fn left(thread: &'static Thread) {
    if thread.is_simulated() {
        let keeps = RECORDS.try_with(|records| records.borrow().keeps(thread));
        if !keeps.unwrap_or(false) {
            thread.retire();
        }
    }
}

/// Makes `before` the entered record again.
pub(crate) fn leave(before: Option<&'static Thread>) {
    ENTERED.set(before);
}
