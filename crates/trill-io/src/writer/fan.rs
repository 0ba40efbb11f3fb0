//! One waker for all who wait for a stream to take more.
//!
//! The stream knows this waker only, so it does not matter which of the waiting tasks polled it last: all are woken,
//! and a task that stopped waiting, or that nobody polls, holds up nobody.

use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// The tasks that wait.
#[derive(Default)]
pub(crate) struct Fan(Mutex<Seats>);

#[derive(Default)]
struct Seats {
    last: u64,
    /// In order of arrival.
    taken: Vec<(u64, Waker)>,
}

/// A place among the waiting tasks. Who has one leaves it before it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Seat(Option<u64>);

/// A place that is left when it is dropped.
pub(crate) struct OwnedSeat {
    fan: Arc<Fan>,
    pub(crate) seat: Seat,
}

impl OwnedSeat {
    pub(super) fn new(fan: Arc<Fan>) -> OwnedSeat {
        OwnedSeat {
            fan,
            seat: Seat::default(),
        }
    }

    /// Wakes it no more.
    pub(crate) fn leave(&mut self) {
        self.fan.leave(&mut self.seat);
    }
}

impl Drop for OwnedSeat {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Fan {
    /// Wakes `waker` from now on, until it was woken or the seat is left.
    pub(crate) fn sit(&self, seat: &mut Seat, waker: &Waker) {
        let mut seats = self.lock();
        let number = *seat.0.get_or_insert_with(|| {
            seats.last += 1;
            seats.last
        });
        let own = seats.taken.iter().find(|(taken, _)| *taken == number);
        if own.is_some_and(|(_, own)| own.will_wake(waker)) {
            return;
        }
        drop(seats);
        // Cloned before and dropped after the lock is held: both are code of somebody else.
        let waker = waker.clone();
        let mut seats = self.lock();
        let own = seats.taken.iter_mut().find(|(taken, _)| *taken == number);
        let old = match own {
            Some((_, old)) => Some(mem::replace(old, waker)),
            None => {
                seats.taken.push((number, waker));
                None
            }
        };
        drop(seats);
        drop(old);
    }

    /// Wakes it no more.
    pub(crate) fn leave(&self, seat: &mut Seat) {
        let Some(number) = seat.0.take() else {
            return;
        };
        let mut seats = self.lock();
        let at = seats.taken.iter().position(|(taken, _)| *taken == number);
        let old = at.map(|at| seats.taken.remove(at));
        drop(seats);
        drop(old);
    }

    /// Wakes all who wait but the one in `own`, who is being polled.
    pub(crate) fn wake_others(&self, own: &Seat) {
        let mut seats = self.lock();
        let mut woken = mem::take(&mut seats.taken);
        if let Some(at) = woken.iter().position(|(taken, _)| Some(*taken) == own.0) {
            seats.taken.push(woken.remove(at));
        }
        drop(seats);
        let mut panicked = None;
        for (_, waker) in woken {
            // A waker that panics must not keep the others from being woken.
            if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(|| waker.wake())) {
                panicked = Some(payload);
            }
        }
        if let Some(payload) = panicked {
            panic::resume_unwind(payload);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Seats> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Fan {
    fn wake(self: Arc<Fan>) {
        self.wake_others(&Seat::default());
    }

    fn wake_by_ref(self: &Arc<Fan>) {
        self.wake_others(&Seat::default());
    }
}
