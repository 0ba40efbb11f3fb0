//! One operation between its awaiter, its ring and the system.
//!
//! # States
//!
//! | phase | who may touch the operation | next |
//! | --- | --- | --- |
//! | `Flying` | the system | `Landed` by the reaper, `Abandoned` by the awaiter's drop |
//! | `Abandoned` | the system | `Over` by the reaper, which drops operation and output |
//! | `Landed` | the awaiter | `Over` by the awaiter, in a poll or in its drop |
//! | `Over` | nobody: it is gone | |
//!
//! The phase lies behind a mutex, and each step is taken by who holds it, so every change of who may touch the
//! operation is a hand-over under that lock. No step is lock-free. A waker is called, and an operation dropped, after
//! the lock is released.
#![allow(unsafe_code)] // The operation lies outside of the lock, because the system writes to it meanwhile.

use std::cell::UnsafeCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use io_uring::squeue;
use rustix::io::Errno;

use crate::core::Core;
use crate::landed::Landed;
use crate::op::Operation;
use crate::ring::own::Ring;
use crate::sys::CANCELED;

/// One operation, shared by its awaiter and its ring.
pub(crate) struct Flight<O> {
    course: Course,
    cancels: bool,
    operation: UnsafeCell<Option<O>>,
}

/// In which phase an operation is: all of a flight that does not depend on the operation's type.
struct Course(Mutex<Phase>);

enum Phase {
    Flying(Option<Waker>),
    Abandoned,
    Landed(i32),
    Over,
}

// SAFETY: the operation is touched by one side at a time, as the module's page says, and may be sent between them. The
// phases uphold it; `tests/operations.rs` under a sanitizer would fail.
unsafe impl<O: Send> Sync for Flight<O> {}

/// What the awaiter has given up.
enum Given {
    /// The system still has it.
    Flying,
    /// The operation, which is the awaiter's alone, with the system's answer.
    Landed(i32),
    /// Nothing any more.
    Over,
}

impl Course {
    /// Takes the system's answer, with which the operation is the awaiter's alone; else keeps the waker.
    fn poll(&self, waker: &Waker) -> Poll<i32> {
        let mut phase = self.phase();
        match &mut *phase {
            Phase::Landed(result) => {
                let result = *result;
                *phase = Phase::Over;
                Poll::Ready(result)
            }
            Phase::Flying(known) => {
                let replaced = match known {
                    Some(known) if known.will_wake(waker) => None,
                    _ => known.replace(waker.clone()),
                };
                drop(phase);
                drop(replaced);
                Poll::Pending
            }
            Phase::Abandoned | Phase::Over => {
                drop(phase);
                panic!("a future is not polled after it was ready");
            }
        }
    }

    /// Gives the operation up.
    fn abandon(&self) -> Given {
        let mut phase = self.phase();
        match std::mem::replace(&mut *phase, Phase::Over) {
            Phase::Flying(waker) => {
                *phase = Phase::Abandoned;
                drop(phase);
                drop(waker);
                Given::Flying
            }
            Phase::Landed(result) => Given::Landed(result),
            before @ (Phase::Abandoned | Phase::Over) => {
                *phase = before;
                Given::Over
            }
        }
    }

    /// Notes the system's answer. Returns whom to wake, or nothing if the operation was given up and is the reaper's now.
    fn land(&self, result: i32) -> Option<Option<Waker>> {
        let mut phase = self.phase();
        match std::mem::replace(&mut *phase, Phase::Landed(result)) {
            Phase::Flying(waker) => Some(waker),
            Phase::Abandoned => {
                *phase = Phase::Over;
                None
            }
            Phase::Landed(_) | Phase::Over => unreachable!("the system answers once"),
        }
    }

    fn is_flying(&self) -> bool {
        matches!(&*self.phase(), Phase::Flying(_))
    }

    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A flight as its ring sees it.
pub(crate) trait Land: Send + Sync {
    /// What to tell the system.
    ///
    /// # Safety
    ///
    /// Only before the system knows of the flight, which lives until the system is done.
    unsafe fn entry(&self) -> squeue::Entry;

    /// Whether ending it early loses nothing that somebody counts on.
    fn cancels(&self) -> bool;

    /// Notes the system's answer, which comes once. Returns whom to wake.
    fn land(&self, result: i32) -> Option<Waker>;
}

impl<O: Operation> Flight<O> {
    pub(crate) fn new(operation: O) -> Arc<Flight<O>> {
        Arc::new(Flight {
            cancels: operation.cancels(),
            course: Course(Mutex::new(Phase::Flying(None))),
            operation: UnsafeCell::new(Some(operation)),
        })
    }

    /// Takes the operation back.
    ///
    /// # Safety
    ///
    /// The phase says that it is the caller's, and is `Over` from now on.
    pub(crate) unsafe fn take(&self) -> O {
        // SAFETY: it is the caller's alone, as the caller promises.
        let operation = unsafe { &mut *self.operation.get() };
        operation.take().expect("it is taken once")
    }

    /// Takes the operation back, drops it, and drops its output.
    ///
    /// # Safety
    ///
    /// As for `take`; `result` is the system's answer to this flight, and nobody else has it.
    unsafe fn complete_for_nobody(&self, result: i32) {
        // SAFETY: as the caller promises.
        let operation = unsafe { self.take() };
        // SAFETY: as the caller promises.
        let landed = unsafe { Landed::new(result) };
        drop(operation.complete(landed));
    }
}

impl<O: Operation> Land for Flight<O> {
    unsafe fn entry(&self) -> squeue::Entry {
        // SAFETY: nobody else has the flight yet, as the caller promises.
        let operation = unsafe { &mut *self.operation.get() };
        let operation = operation.as_mut();
        operation.expect("it lies there until it lands").entry()
    }

    fn cancels(&self) -> bool {
        self.cancels
    }

    fn land(&self, result: i32) -> Option<Waker> {
        let waker = self.course.land(result);
        if waker.is_none() {
            // SAFETY: the awaiter is gone and the system is done, so it is this thread's. The ring hands each answer to
            // the flight it belongs to, once. `tests/operations.rs` under a sanitizer would fail.
            unsafe { self.complete_for_nobody(result) };
        }
        waker.flatten()
    }
}

/// A flight as its awaiter sees it.
pub(crate) struct Journey<O> {
    flight: Arc<Flight<O>>,
    ring: Arc<Ring>,
    ticket: u64,
}

impl<O: Operation> Journey<O> {
    pub(crate) fn new(flight: Arc<Flight<O>>, ring: Arc<Ring>, ticket: u64) -> Journey<O> {
        Journey {
            flight,
            ring,
            ticket,
        }
    }

    /// Takes the output, or the operation back if the system has not begun; else keeps the waker.
    pub(crate) fn poll(&mut self, waker: &Waker) -> Poll<Result<O::Output, O>> {
        self.ring.prod();
        let Poll::Ready(result) = self.flight.course.poll(waker) else {
            return Poll::Pending;
        };
        // SAFETY: it has landed, and this is the one awaiter. `tests/operations.rs` under a sanitizer would fail.
        let operation = unsafe { self.flight.take() };
        if result == -CANCELED || (result == -INTERRUPTED && operation.begins_anew()) {
            return Poll::Ready(Err(operation));
        }
        // SAFETY: it is this flight's answer, and it is used once.
        let landed = unsafe { Landed::new(result) };
        Poll::Ready(Ok(operation.complete(landed)))
    }

    /// Gives the operation up. Says whether the system still has it.
    pub(crate) fn abandon(&mut self) -> bool {
        match self.flight.course.abandon() {
            Given::Flying => true,
            Given::Landed(result) => {
                // SAFETY: as in `poll`.
                unsafe { self.flight.complete_for_nobody(result) };
                false
            }
            Given::Over => false,
        }
    }

    /// Asks the system to end it early, if that is of use.
    pub(crate) fn cancel(&self) {
        if self.flight.cancels {
            self.ring.cancel(self.ticket);
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        !self.flight.course.is_flying()
    }

    pub(crate) fn core(&self) -> &'static Core {
        self.ring.core()
    }
}

const INTERRUPTED: i32 = Errno::INTR.raw_os_error();
