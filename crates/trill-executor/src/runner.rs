//! The part that one `run` future takes in its executor: it polls runnables, sleeps, and retires.
#![allow(unsafe_code)] // Turning queued addresses back into runnables.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Stopwatch;
use trill_park::Thread;
use trill_world::World;

use crate::cell::Runnable;
use crate::current::{self, Current};
use crate::hunt::Hunt;
use crate::primitive::Ordering;
use crate::queue::Item;
use crate::registry::Free;
use crate::slow::{Pace, run_slow_batch};
use crate::state::State;
use crate::worker::Worker;

/// The part that one `run` future takes in its executor.
pub(crate) struct Runner {
    hunt: Hunt,
    /// Slots of the registry for the tasks it polls.
    free: RefCell<Free>,
    stopwatch: Stopwatch,
    pace: Pace,
    /// The parking thread that tells the worker when it is stuck.
    served_by: Option<&'static Thread>,
    /// Whether all its polls, and its drop, are on one thread.
    is_fixed: bool,
}

// SAFETY: the only fields that are not `Sync` are `free` and `stopwatch`, and they are reached through `&mut self` alone:
// `poll` lends them to a `Current` that lives no longer. The compiler upholds it, as no `&self` method touches them.
unsafe impl Sync for Runner {}

impl Runner {
    /// Joins an executor. `is_fixed` promises that the thread that polls it first also does so later, and drops it.
    pub(crate) fn new(state: &'static State, is_fixed: bool) -> Runner {
        Runner {
            hunt: Hunt::new(state.hire()),
            free: RefCell::default(),
            stopwatch: Stopwatch::new(),
            pace: Pace::default(),
            served_by: None,
            is_fixed,
        }
    }

    /// Polls `future`, then runnables, until `future` is ready, nothing is left, or it is others' turn.
    #[track_caller]
    pub(crate) fn poll<F: Future>(
        &mut self,
        future: Pin<&mut F>,
        cx: &mut Context<'_>,
    ) -> Poll<F::Output> {
        self.arrive();
        let Runner {
            hunt,
            free,
            stopwatch,
            pace,
            is_fixed,
            ..
        } = self;
        let worker = hunt.worker;
        let state = worker.state;
        let current = Current::new(
            state.address(),
            Some(state),
            Some(worker),
            &state.registry,
            &worker.tally,
            Some(free),
        )
        .timed_by(stopwatch);
        let _host = Host {
            worker,
            is_fixed: *is_fixed,
        };
        let _inside = current.enter();
        let polled = future.poll(cx);
        if polled.is_pending() {
            let is_simulated = !World::current().is_os();
            stopwatch.start(is_simulated || !worker.is_watched());
            if pace.is_slow && !is_simulated {
                run_slow_batch(hunt, &current, pace, cx);
            } else {
                pace.is_slow = run_batch(hunt, &current, is_simulated, cx);
            }
        }
        polled
    }

    /// Falls asleep without having polled anything; returns `false` if there is something to run.
    pub(crate) fn sleep(&mut self, cx: &Context<'_>) -> bool {
        let Hunt {
            worker, searching, ..
        } = &mut self.hunt;
        worker.state.get_up(worker, searching);
        worker.state.fall_asleep(worker, searching, cx.waker())
    }

    /// Begins a poll: gets up, and sees to it that somebody watches this thread.
    fn arrive(&mut self) {
        let worker = self.hunt.worker;
        worker.state.get_up(worker, &mut self.hunt.searching);
        worker.stalled.store(false, Ordering::Relaxed);
        // What waits for a runner further out on this thread waits until this poll returns.
        current::each_worker(|outer| {
            if std::ptr::eq(outer.state, worker.state) && !std::ptr::eq(outer, worker) {
                outer.stalled.store(true, Ordering::Relaxed);
            }
        });
        let here = trill_park::thread();
        if !self
            .served_by
            .is_some_and(|known| std::ptr::eq(known, here))
        {
            self.be_served(here);
        }
    }

    /// Lets `here` tell the worker when its thread is stuck.
    #[cold]
    fn be_served(&mut self, here: &'static Thread) {
        if let Some(former) = self.served_by.take() {
            former.dismiss(self.hunt.worker);
        }
        // The attendant's record stands for "outside block_on": nobody would notice there.
        let is_watched = !here.is_attendant() && here.serve(self.hunt.worker).is_ok();
        self.served_by = is_watched.then_some(here);
        self.hunt
            .worker
            .watched
            .store(is_watched, Ordering::Relaxed);
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let worker = self.hunt.worker;
        if let Some(former) = self.served_by.take() {
            former.dismiss(worker);
        }
        if current::host().is_some_and(|host| std::ptr::eq(host, worker)) {
            current::set_host(None);
        }
        if current::own().is_some_and(|own| std::ptr::eq(own, worker)) {
            current::set_own(None);
        }
        retire(worker, &mut self.hunt.searching, self.free.get_mut());
    }
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner")
            .field("worker", &self.hunt.worker)
            .finish_non_exhaustive()
    }
}

/// Runs up to [`BATCH_POLLS`] runnables; falls asleep when there are no more, else asks to be polled again.
///
/// Ends early, and returns `true`, when the attendant says that the thread has not looked at its timers and sockets for 2 ms.
fn run_batch(
    hunt: &mut Hunt,
    current: &Current<'_>,
    is_simulated: bool,
    cx: &mut Context<'_>,
) -> bool {
    let worker = hunt.worker;
    for _ in 0..BATCH_POLLS {
        let next = match is_simulated {
            false => hunt.next(),
            true => hunt.pick(),
        };
        match next {
            Some(item) => {
                if hunt.searching {
                    worker.state.end_search(&mut hunt.searching);
                }
                if run_one(worker, current, item) && !is_simulated {
                    cx.waker().wake_by_ref();
                    return true;
                }
            }
            None if worker
                .state
                .fall_asleep(worker, &mut hunt.searching, cx.waker()) =>
            {
                return false;
            }
            None => {}
        }
    }
    cx.waker().wake_by_ref();
    false
}

/// Polls one task; says whether the attendant has found the thread stuck meanwhile.
#[inline]
pub(crate) fn run_one(worker: &'static Worker, current: &Current<'_>, item: Item) -> bool {
    // SAFETY: queues hold what `into_raw` gave, and each item comes out once. `queue` upholds it; the models in
    // `tests/loom_queue.rs` would fail.
    let runnable = unsafe { Runnable::from_raw(item) };
    runnable.home().move_to(worker);
    current.with_task(item, |tab| runnable.run(tab));
    let was_stuck = worker.stalled.load(Ordering::Relaxed);
    if was_stuck {
        worker.stalled.store(false, Ordering::Relaxed);
    }
    was_stuck
}

/// Gives a worker's record back, and what it has to the others.
pub(crate) fn retire(worker: &'static Worker, searching: &mut bool, free: &mut Free) {
    let state = worker.state;
    state.retire(worker, searching);
    worker.watched.store(false, Ordering::Relaxed);
    worker.stalled.store(false, Ordering::Relaxed);
    let mut batch = state.injector.batch();
    while let Some(item) = worker.take_own() {
        batch.push(item);
    }
    drop(batch);
    state.registry.retire(free);
    state.dismiss(worker);
    // One that was roused and does not look must send another.
    state.end_search(searching);
    if state.is_injected() {
        state.notify();
    }
}

/// Remembers whose runner was polled last on this thread, once its poll is over.
struct Host {
    worker: &'static Worker,
    is_fixed: bool,
}

impl Drop for Host {
    #[inline]
    fn drop(&mut self) {
        current::set_host(Some(self.worker));
        if self.is_fixed {
            current::set_own(Some(self.worker));
        }
    }
}

/// Runnables after which the thread's reactor and timers get a look: about 5 µs of short polls, far below the 50 µs
/// between two looks.
pub(crate) const BATCH_POLLS: u32 = 64;
