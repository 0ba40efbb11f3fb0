//! What a time limit and the work under it share, and how the work waits for it.

use std::convert::Infallible;
use std::future::{Future, Pending, pending};
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use trill_timer::{Elapsed, Timeout, timeout_at};

use super::Expired;
use crate::line::{Line, Place};
use crate::primitive::Mutex;
use crate::token::CancelToken;

/// The limit.
pub(super) struct Shared {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    when: Option<Instant>,
    is_expired: bool,
    /// The number of the next one that waits.
    next: u64,
    /// Who is under the limit and must look at it when it is moved.
    waiting: Line<Waker>,
}

impl Shared {
    pub(super) fn new(when: Option<Instant>) -> Shared {
        let state = State {
            when,
            ..State::default()
        };
        Shared {
            state: Mutex::new(state),
        }
    }

    pub(super) fn when(&self) -> Option<Instant> {
        self.locked(|state| state.when)
    }

    pub(super) fn is_expired(&self) -> bool {
        self.locked(|state| state.is_expired)
    }

    pub(super) fn reschedule(&self, when: Option<Instant>) -> Result<(), Expired> {
        let waiting = self.locked(|state| {
            if state.is_expired {
                return Err(Expired(()));
            }
            state.when = when;
            Ok(state.waiting.take())
        })?;
        wake_all(waiting);
        Ok(())
    }

    /// Notes that the limit ends some work at `when`. Returns `false` if it was moved meanwhile.
    fn expire(&self, when: Instant) -> bool {
        let waiting = self.locked(|state| {
            if state.is_expired {
                return Some(Vec::new());
            }
            if state.when != Some(when) {
                return None;
            }
            state.is_expired = true;
            Some(state.waiting.take())
        });
        let Some(waiting) = waiting else {
            return false;
        };
        wake_all(waiting);
        true
    }

    /// Runs `with` under the lock. It runs no code of the program and drops no value of it.
    fn locked<R>(&self, with: impl FnOnce(&mut State) -> R) -> R {
        with(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Some work's wait for its limit.
pub(super) struct Watch {
    shared: Arc<Shared>,
    /// Rings at the deadline that was read last. It takes no budget, which the work may have used up.
    alarm: Option<Timeout<Pending<Infallible>>>,
    /// The place among those who are woken when the limit is moved.
    place: Option<u64>,
    /// How many turns a request to cancel was let go first.
    turns_given: u8,
}

impl Watch {
    pub(super) fn new(shared: &Arc<Shared>) -> Watch {
        Watch {
            shared: Arc::clone(shared),
            alarm: None,
            place: None,
            turns_given: 0,
        }
    }

    /// Waits for the limit, which has expired when this is ready.
    #[track_caller]
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Elapsed> {
        self.enter(cx.waker());
        loop {
            let (when, is_expired) = self.shared.locked(|state| (state.when, state.is_expired));
            // One that expired for other work is over for this at once.
            let when = if is_expired {
                Some(trill_world::now())
            } else {
                when
            };
            let Some(when) = when else {
                self.alarm = None;
                return Poll::Pending;
            };
            if self.alarm.as_ref().and_then(Timeout::deadline) != Some(when) {
                self.alarm = None;
            }
            let alarm = self
                .alarm
                .get_or_insert_with(|| timeout_at(when, pending()));
            let Poll::Ready(Err(elapsed)) = Pin::new(alarm).poll(cx) else {
                return Poll::Pending;
            };
            if self.turns_given < REQUEST_TURNS && is_asked() {
                self.turns_given += 1;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if self.shared.expire(when) {
                self.leave();
                return Poll::Ready(elapsed);
            }
            // Another thread moved it, and may be told so: it has not expired.
        }
    }

    /// Gives the place up, because the work is over.
    pub(super) fn leave(&mut self) {
        self.alarm = None;
        if let Some(number) = self.place.take() {
            let waker = self.shared.locked(|state| state.waiting.remove(number));
            drop(waker);
        }
    }

    /// Makes sure that this task is woken when the limit is moved. Before the limit is read, so that no move is missed.
    fn enter(&mut self, waker: &Waker) {
        let place = self.place;
        let waker = waker.clone();
        let (place, before) = self.shared.locked(|state| {
            if let Some(place) = place {
                if let Some(known) = state.waiting.at(place) {
                    return (place, Some(mem::replace(known, waker)));
                }
            }
            state.next += 1;
            state.waiting.push(state.next, waker);
            (state.next, None)
        });
        drop(before);
        self.place = Some(place);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Wakes those who wait, outside of the lock.
fn wake_all(waiting: Vec<Place<Waker>>) {
    for (_, waker) in waiting {
        if let Some(waker) = waker {
            trill_park::wake(waker);
        }
    }
}

/// Whether the current token is cancelled.
fn is_asked() -> bool {
    CancelToken::current().is_some_and(|token| token.is_cancelled())
}

/// Turns that a limit gives to a request: one in which the request may have come, and one that began with it, at whose
/// end `CancelToken::run` drops the work.
const REQUEST_TURNS: u8 = 2;
