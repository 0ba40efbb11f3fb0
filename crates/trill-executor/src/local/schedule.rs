//! Where a runnable of a single-threaded executor goes when it becomes one.
#![allow(unsafe_code)] // Reading a task's home, and making tasks whose futures borrow and are not `Send`.

use std::future::Future;

use trill_cell::Spawned;

use super::state::LocalState;
use crate::cell::{Parts, Runnable, allocate};
use crate::home::Home;
use crate::task::Task;

/// Makes a task of the executor and queues it.
///
/// # Safety
///
/// The future and its output stay valid until the task has ended or the executor is dropped, which drops the future.
/// Tasks are polled and dropped on the thread that calls this.
#[inline]
pub(super) unsafe fn spawn<F: Future>(
    state: &'static LocalState,
    future: F,
    spawned: Spawned,
) -> Task<F::Output> {
    let parts = Parts {
        future,
        schedule,
        home: Home::local(state),
        spawned,
    };
    // SAFETY: the caller upholds that the future lives long enough and stays on this thread. The schedule function is a
    // static one. `tests/local.rs` fails if a future outlives its executor.
    let (runnable, handle) = unsafe { allocate::<_, _, true>(parts) };
    state.tally.count_spawned(true);
    state.push_here(runnable.into_raw());
    Task::new(handle)
}

/// Queues a runnable of a single-threaded executor.
fn schedule(runnable: Runnable, _is_end_of_poll: bool) {
    // SAFETY: `spawn` made the task with a home of this kind; it upholds it. Miri on `tests/local.rs` would fail.
    let state = unsafe { runnable.home().local_state() };
    let item = runnable.into_raw();
    if state.is_here() {
        state.push_here(item);
    } else {
        state.push_from_outside(item);
    }
}
