//! The rounds of a barrier: who has come, who may go on, and who was thrown out.
//!
//! All of it lies behind a mutex, which is never held while a waker runs. Who waits registers, then looks at its round
//! under the mutex; who ends a round wakes everybody after that. So one who came to the next round may be woken, too:
//! it finds its own round open and waits on.
//!
//! # Tested by
//!
//! loom: `tests/loom_lock_events.rs`; 10,000 schedules: `tests/barrier_rounds.rs`.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::PoisonError;
use std::task::{Poll, Waker};

use crate::lock::barrier::BarrierBroken;
use crate::primitive::{Mutex, MutexGuard, const_fn};
use crate::waiters::{Ticket, Waiters};

/// The state of a barrier.
#[derive(Debug)]
pub(crate) struct Rounds {
    size: usize,
    state: Mutex<State>,
    waiters: Waiters,
}

/// What the mutex protects.
#[derive(Debug)]
struct State {
    /// Which round is open.
    round: u64,
    /// How many have come to it.
    come: usize,
    /// The lowest seat that nobody ever had in this round.
    fresh_seat: usize,
    /// Seats below that one whose owners have left, the lowest on top.
    left_seats: BinaryHeap<Reverse<usize>>,
    is_broken: bool,
    /// Rounds that were broken off, the oldest first, with how many of those who had come do not know it yet.
    broken_rounds: Vec<(u64, usize)>,
}

/// What a future has of a barrier.
#[derive(Debug, Default)]
pub(crate) struct Seat {
    /// The round it came to and its number there, if it has come.
    taken: Option<(u64, usize)>,
    ticket: Ticket,
}

/// Who a task was in a round that is full.
#[derive(Debug)]
pub(crate) struct Passed {
    pub(crate) index: usize,
    pub(crate) is_last: bool,
}

impl Rounds {
    const_fn! {
        /// Starts the first round of a barrier for `size` tasks.
        pub(crate) const fn new(size: usize) -> Rounds {
            Rounds {
                size,
                state: Mutex::new(State {
                    round: 0,
                    come: 0,
                    fresh_seat: 0,
                    left_seats: BinaryHeap::new(),
                    is_broken: false,
                    broken_rounds: Vec::new(),
                }),
                waiters: Waiters::new(),
            }
        }
    }

    pub(crate) fn size(&self) -> usize {
        self.size
    }

    pub(crate) fn come(&self) -> usize {
        self.state().come
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.state().is_broken
    }

    /// Waits until the round to which `seat` has come is full or broken off.
    pub(crate) fn poll_meet(
        &self,
        seat: &mut Seat,
        waker: &Waker,
    ) -> Poll<Result<Passed, BarrierBroken>> {
        if seat.taken.is_none() {
            match self.arrive() {
                Ok(Arrived::Opened(index)) => {
                    self.waiters.remove(&mut seat.ticket);
                    let is_last = true;
                    return Poll::Ready(Ok(Passed { index, is_last }));
                }
                Ok(Arrived::Waits(round, index)) => seat.taken = Some((round, index)),
                Err(broken) => return Poll::Ready(Err(broken)),
            }
        }
        loop {
            if let Some(ended) = self.look(seat) {
                return Poll::Ready(ended);
            }
            // A notified one looks again: it may be another round that has ended.
            if !self.waiters.register(&mut seat.ticket, waker) {
                return match self.look(seat) {
                    Some(ended) => Poll::Ready(ended),
                    None => Poll::Pending,
                };
            }
        }
    }

    /// Does as [`poll_meet`](Rounds::poll_meet), but comes again when a round is broken off, once the barrier is whole.
    pub(crate) fn poll_wait(&self, seat: &mut Seat, waker: &Waker) -> Poll<Passed> {
        loop {
            match self.poll_meet(seat, waker) {
                Poll::Ready(Ok(passed)) => return Poll::Ready(passed),
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(BarrierBroken)) => {}
            }
            if self.is_broken()
                && !self.waiters.register(&mut seat.ticket, waker)
                && self.is_broken()
            {
                return Poll::Pending;
            }
        }
    }

    /// Gives up: one whose round is open does not count any more.
    pub(crate) fn depart(&self, seat: &mut Seat) {
        if let Some((round, index)) = seat.taken.take() {
            let mut state = self.state();
            if state.round == round {
                state.come -= 1;
                state.left_seats.push(Reverse(index));
            } else {
                state.learn_of_break(round);
            }
        }
        self.waiters.remove(&mut seat.ticket);
    }

    /// Throws out all who have come to the open round; the barrier is whole or broken after that.
    pub(crate) fn break_off(&self, is_broken: bool) {
        let mut state = self.state();
        state.is_broken = is_broken;
        if state.come > 0 {
            let (round, come) = (state.round, state.come);
            state.broken_rounds.push((round, come));
            state.open_next();
        }
        drop(state);
        self.waiters.broadcast();
    }

    /// Counts a newcomer; the last one opens the barrier.
    fn arrive(&self) -> Result<Arrived, BarrierBroken> {
        let mut state = self.state();
        if state.is_broken {
            return Err(BarrierBroken);
        }
        let index = state.take_seat();
        if state.come < self.size {
            return Ok(Arrived::Waits(state.round, index));
        }
        state.open_next();
        drop(state);
        self.waiters.broadcast();
        Ok(Arrived::Opened(index))
    }

    /// Looks whether the round of `seat`, which has come to one, has ended; if so, it has left.
    fn look(&self, seat: &mut Seat) -> Option<Result<Passed, BarrierBroken>> {
        let (round, index) = seat.taken?;
        let mut state = self.state();
        if state.round == round {
            return None;
        }
        let was_broken = state.learn_of_break(round);
        drop(state);
        seat.taken = None;
        self.waiters.remove(&mut seat.ticket);
        let is_last = false;
        Some(if was_broken {
            Err(BarrierBroken)
        } else {
            Ok(Passed { index, is_last })
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Counts one more and gives it the lowest seat that is free.
    fn take_seat(&mut self) -> usize {
        self.come += 1;
        match self.left_seats.pop() {
            Some(Reverse(seat)) => seat,
            None => {
                self.fresh_seat += 1;
                self.fresh_seat - 1
            }
        }
    }

    /// Ends the open round and opens the next.
    fn open_next(&mut self) {
        self.round += 1;
        self.come = 0;
        self.fresh_seat = 0;
        self.left_seats.clear();
    }

    /// Tells one who had come to a round that has ended whether it was broken off, and forgets it after the last one.
    fn learn_of_break(&mut self, round: u64) -> bool {
        let Ok(place) = self
            .broken_rounds
            .binary_search_by(|broken| broken.0.cmp(&round))
        else {
            return false;
        };
        let unaware = &mut self.broken_rounds[place].1;
        *unaware -= 1;
        if *unaware == 0 {
            self.broken_rounds.remove(place);
        }
        true
    }
}

/// How a newcomer finds a barrier.
enum Arrived {
    /// It was the last, with this number.
    Opened(usize),
    /// It waits in this round with this number.
    Waits(u64, usize),
}
