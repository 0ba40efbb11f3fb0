//! Where a runnable goes when it becomes one.
#![allow(unsafe_code)] // Reading a task's home, and making tasks whose futures borrow.

use std::future::Future;

use trill_cell::Spawned;

use crate::cell::{Parts, Runnable, allocate};
use crate::current::{self, Current};
use crate::home::{At, Home};
use crate::queue::Item;
use crate::sleep;
use crate::state::State;
use crate::task::Task;
use crate::worker::Worker;

/// Makes a task of the executor and queues it.
///
/// # Safety
///
/// The future and its output stay valid until the task has ended or the executor is dropped, which drops the future.
/// If either is not `Send`, nothing is polled or dropped on another thread.
#[inline]
pub(crate) unsafe fn spawn<F: Future>(
    state: &'static State,
    future: F,
    spawned: Spawned,
) -> Task<F::Output> {
    current::with(|current| {
        let current = current.filter(|current| current.is(state.address()));
        let worker = current.and_then(|current| current.worker);
        let home = worker.map_or_else(|| Home::state(state), Home::worker);
        let parts = Parts {
            future,
            schedule,
            home,
            spawned,
        };
        // SAFETY: the caller upholds that the future lives long enough and may go where the executor's threads are.
        // The schedule function is a static one. `tests/drop.rs` fails if a future outlives its executor.
        let (runnable, handle) = unsafe { allocate::<_, _, true>(parts) };
        match current {
            Some(current) => current.count_spawned(),
            None => state.outside.count_spawned(false),
        }
        let item = runnable.into_raw();
        match current.zip(worker) {
            Some((current, worker)) => push_back(current, worker, item, false),
            None => inject(state, item),
        }
        Task::new(handle)
    })
}

/// Queues a runnable of a shared executor.
fn schedule(runnable: Runnable, is_end_of_poll: bool) {
    // SAFETY: `spawn` made the task with a home of this kind; it upholds it. Miri on `tests/drop.rs` would fail.
    let at = unsafe { runnable.home().place() };
    let item = runnable.into_raw();
    current::with(
        |current| match current.filter(|current| current.is(at.executor().address())) {
            Some(current) => schedule_here(current, at.executor(), item, is_end_of_poll),
            None => schedule_from_outside(at, item),
        },
    );
}

/// Queues a runnable that became one in a poll of its executor on this thread.
#[inline]
fn schedule_here(current: &Current<'_>, state: &'static State, item: Item, is_end_of_poll: bool) {
    let Some(worker) = current.worker else {
        return inject(state, item);
    };
    if is_end_of_poll {
        if !current.keeps(item) {
            push_back(current, worker, item, true);
        }
    } else if current.is_in_task() && worker.is_watched() {
        let is_first = current.may_jump(item) || worker.ring.is_empty();
        let behind = match is_first {
            true => worker.lifo.put(item),
            false => Some(item),
        };
        if let Some(behind) = behind {
            push_back(current, worker, behind, false);
        }
    } else {
        push_back(current, worker, item, false);
    }
}

/// Adds a runnable to the ring of the worker whose runner this thread polls.
///
/// `is_soon` says that the runner looks at its ring next, whatever the running task does.
#[inline]
pub(crate) fn push_back(current: &Current<'_>, worker: &'static Worker, item: Item, is_soon: bool) {
    worker.push(item);
    let len = worker.ring.len();
    if worker.is_watched() || is_soon {
        if len > 1 && current.may_rouse() {
            worker.state.notify_unfenced();
        }
    } else {
        // The running task may block this thread for long, and nobody would tell the others.
        worker.state.notify();
    }
}

/// Queues a runnable outside all workers.
pub(crate) fn inject(state: &State, item: Item) {
    state.injector.push(item);
    state.notify();
}

/// Queues a runnable that this thread's reactor or timers woke, for a runner that stays on this thread.
///
/// It goes into the ring without a lock or a fence: only this thread pushes there, and it comes to it itself. The inbox
/// would take two read-modify-writes more, a fence, and a second copy.
pub(crate) fn schedule_between_polls(worker: &'static Worker, item: Item) {
    worker.push(item);
    let state = worker.state;
    if worker.status() == sleep::ASLEEP {
        state.rouse_own(worker);
    } else if worker.is_crowded(worker.ring.len()) {
        state.notify_unfenced();
    }
}

/// Queues a runnable that was woken outside all polls of its executor on this thread.
///
/// It goes to the worker that this thread serves, else to the one that polled it last. Such wakes stay in order.
fn schedule_from_outside(at: At, item: Item) {
    let state = at.executor();
    let own = current::own().filter(|own| std::ptr::eq(own.state, state) && own.is_watched());
    if let Some(own) = own {
        return schedule_between_polls(own, item);
    }
    let host = current::host().filter(|host| {
        let is_active = host.status() != sleep::INACTIVE;
        is_active && std::ptr::eq(host.state, state)
    });
    let home = match at {
        At::Worker(worker) => Some(worker),
        At::State(_) => None,
    };
    match host.or(home) {
        Some(worker) => {
            let len = worker.inbox.push(item);
            state.notify_inbox(worker, len);
        }
        None => inject(state, item),
    }
}
