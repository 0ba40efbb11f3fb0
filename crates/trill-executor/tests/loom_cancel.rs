//! A model of cancelling a task while it is run, over a cell like async-task's, which has no models of its own.
//!
//! The cell here has the states that matter to the executor (scheduled, running, closed) and the transitions of
//! async-task 4.7: run, wake, close. The executor's part is the inbox through which the runnable goes, and the rule that a
//! future is dropped by the thread that holds the runnable. The real cell runs under Miri and in `tests/stress.rs`.
#![cfg(loom)]
#![allow(unsafe_code)] // loom's cells are read and written through pointers.

use std::ptr::NonNull;

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use trill_executor::model::{Inject, Slot};

const SCHEDULED: usize = 1;
const RUNNING: usize = 2;
const CLOSED: usize = 4;

struct Cell {
    state: AtomicUsize,
    /// How often the future was polled, or `None` when it is dropped. Only the holder of the runnable touches it.
    future: UnsafeCell<Option<usize>>,
    queue: Arc<Inject>,
    slot: Slot,
}

impl Cell {
    fn schedule(&self) {
        self.queue.push(NonNull::from(self).cast());
    }

    fn wake(&self) {
        let mut state = self.state.load(Ordering::Acquire);
        loop {
            if state & CLOSED != 0 {
                return;
            }
            match self.state.compare_exchange(
                state,
                state | SCHEDULED,
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) if state & (SCHEDULED | RUNNING) == 0 => return self.schedule(),
                Ok(_) => return,
                Err(now) => state = now,
            }
        }
    }

    fn close(&self) {
        let mut state = self.state.load(Ordering::Acquire);
        loop {
            if state & CLOSED != 0 {
                return;
            }
            let is_idle = state & (SCHEDULED | RUNNING) == 0;
            let next = state | CLOSED | if is_idle { SCHEDULED } else { 0 };
            match self
                .state
                .compare_exchange(state, next, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) if is_idle => return self.schedule(),
                Ok(_) => return,
                Err(now) => state = now,
            }
        }
    }

    fn drop_future(&self) {
        self.slot.clear();
        self.future.with_mut(|future| {
            // SAFETY: the caller holds the runnable; this model is what checks it.
            let dropped = unsafe { (*future).take() };
            assert!(dropped.is_some(), "dropped twice");
        });
    }

    fn run(&self) {
        let mut state = self.state.load(Ordering::Acquire);
        loop {
            if state & CLOSED != 0 {
                self.drop_future();
                self.state.fetch_and(!SCHEDULED, Ordering::AcqRel);
                return;
            }
            let next = (state & !SCHEDULED) | RUNNING;
            match self
                .state
                .compare_exchange(state, next, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) => break,
                Err(now) => state = now,
            }
        }
        let is_first = self.future.with_mut(|future| {
            // SAFETY: the caller holds the runnable; this model is what checks it.
            let polls = unsafe { (*future).as_mut() }.expect("polled after it was dropped");
            *polls += 1;
            *polls == 1
        });
        if is_first {
            self.slot.fill(NonNull::from(self).cast());
        }
        let mut state = self.state.load(Ordering::Acquire);
        let mut dropped = false;
        loop {
            if state & CLOSED != 0 && !std::mem::replace(&mut dropped, true) {
                self.drop_future();
            }
            let next = match state & CLOSED {
                0 => state & !RUNNING,
                _ => state & !RUNNING & !SCHEDULED,
            };
            match self
                .state
                .compare_exchange(state, next, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) if state & CLOSED == 0 && state & SCHEDULED != 0 => return self.schedule(),
                Ok(_) => return,
                Err(now) => state = now,
            }
        }
    }
}

#[test]
fn a_task_cancelled_while_it_runs_is_dropped_once() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(|| {
        let queue = Arc::new(Inject::new());
        let cell = Arc::new(Cell {
            state: AtomicUsize::new(SCHEDULED),
            future: UnsafeCell::new(Some(0)),
            queue: queue.clone(),
            slot: Slot::new(),
        });
        cell.schedule();
        let canceller = {
            let cell = cell.clone();
            thread::spawn(move || cell.close())
        };
        let waker = {
            let cell = cell.clone();
            thread::spawn(move || cell.wake())
        };
        while queue.pop().is_some() {
            cell.run();
        }
        canceller.join().unwrap();
        waker.join().unwrap();
        // What the executor's drop does: drain, wake what the registry still has, drain again.
        while queue.pop().is_some() {
            cell.run();
        }
        cell.slot.look(|_| panic!("a closed task waits nowhere"));
        assert!(queue.is_empty());
        cell.future.with(|future| {
            // SAFETY: all other threads have ended.
            assert!(unsafe { (*future).is_none() });
        });
    });
}
