//! What every timer of this crate is made of: a deadline, and a place in a wheel while somebody waits for it.

use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use trill_cell::{Kind, waiting};

use crate::home::{Home, Place};
use crate::wheel::Held;

/// A deadline that one task can wait for.
///
/// It takes a slot in a wheel when it is first polled and pending, and gives it back when it is ready or dropped.
pub(crate) struct Alarm {
    /// `None` means never.
    deadline: Option<Instant>,
    /// The slot, which has this deadline, or none and only the waker. The timer there may have fired since.
    place: Option<Place>,
}

impl Alarm {
    /// Rings at `deadline`, or never.
    #[inline]
    pub(crate) const fn at(deadline: Option<Instant>) -> Alarm {
        Alarm {
            deadline,
            place: None,
        }
    }

    /// Rings after `delay` from now; never if that is beyond what an instant can hold.
    #[inline]
    pub(crate) fn after(delay: Duration) -> Alarm {
        Alarm::at(trill_world::now().checked_add(delay))
    }

    /// When it rings, `None` means never.
    #[inline]
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Waits for the deadline, and returns it. It stays the deadline: a further poll is ready again.
    #[inline]
    #[track_caller]
    pub(crate) fn poll(&mut self, waker: &Waker) -> Poll<Instant> {
        let Some(deadline) = self.deadline else {
            self.hold(waker);
            waiting(Kind::Timer, u64::MAX, Location::caller());
            return Poll::Pending;
        };
        let left = match far_from(deadline) {
            // It may have fired all the same, if this poll has lasted for long: then its slot is gone, or the wheel does not
            // take it.
            Some(left) => left,
            None if self.has_fired(deadline) => {
                self.place = None;
                return Poll::Ready(deadline);
            }
            None => deadline.saturating_duration_since(trill_world::now()),
        };
        if left.is_zero() {
            self.disarm();
            return Poll::Ready(deadline);
        }
        if self.place.is_some() && !self.stay(waker) {
            return Poll::Ready(deadline);
        }
        if self.place.is_none() && !self.arm(deadline, waker) {
            return Poll::Ready(deadline);
        }
        waiting(Kind::Timer, millis(left), Location::caller());
        Poll::Pending
    }

    /// Says whether it is known without a lock that the timer has fired.
    #[inline]
    fn has_fired(&self, deadline: Instant) -> bool {
        let place = self.place.as_ref();
        place.is_some_and(|place| place.has_fired(deadline))
    }

    /// As [`Alarm::poll`] for the first poll of a deadline that was `ms` away not long ago, without reading the
    /// clock. If it has passed after all, the wheel fires it in the next turn.
    #[inline]
    #[track_caller]
    pub(crate) fn poll_young(&mut self, ms: u32, waker: &Waker) -> Poll<Instant> {
        let (Some(deadline), None) = (self.deadline, &self.place) else {
            return self.poll(waker);
        };
        if !self.arm(deadline, waker) {
            return Poll::Ready(deadline);
        }
        waiting(Kind::Timer, u64::from(ms), Location::caller());
        Poll::Pending
    }

    /// Changes the deadline. A task that waits is woken by the new one.
    pub(crate) fn set(&mut self, deadline: Option<Instant>) {
        self.deadline = deadline;
        let Some(place) = self.place else {
            return;
        };
        let Some(deadline) = deadline else {
            if !place.home.wheel.detach(place.key) {
                self.place = None;
            }
            return;
        };
        let here = Home::current();
        if place.is_in(here) || !here.is_in_this_world() {
            // In a simulated world outside `block_on` there is no other thread that would fire it.
            if !place.reset(deadline, here) {
                self.place = None;
            }
            return;
        }
        // Else the timer moves here: where it was, the thread may have left `block_on`.
        self.place = None;
        let Some(waker) = place.home.wheel.cancel(place.key) else {
            return;
        };
        if !here.is_served() {
            trill_park::wake(waker);
            return;
        }
        match here.arm(deadline, waker) {
            Ok(place) => self.place = Some(place),
            Err(waker) => trill_park::wake(waker),
        }
    }

    /// Gives the slot back, if there is one.
    #[inline]
    pub(crate) fn disarm(&mut self) {
        let Some(place) = self.place.take() else {
            return;
        };
        // It has not fired, or nobody has looked since. The waker is dropped here, after the wheel is unlocked.
        drop(place.home.wheel.cancel(place.key));
    }

    /// Takes a slot. Returns `false` if the deadline has passed.
    #[inline]
    #[track_caller]
    fn arm(&mut self, deadline: Instant, waker: &Waker) -> bool {
        let here = Home::current();
        if !here.is_served() {
            // Nobody would fire the timer. The task runs again at once instead, and looks at the clock.
            waker.wake_by_ref();
            return true;
        }
        match here.arm(deadline, waker.clone()) {
            Ok(place) => {
                self.place = Some(place);
                true
            }
            Err(waker) => {
                drop(waker);
                false
            }
        }
    }

    /// Keeps the slot for another poll: with the waker of this poll, and only if it is this thread's.
    ///
    /// Returns `false` if the timer has fired.
    fn stay(&mut self, waker: &Waker) -> bool {
        let Some(place) = self.place else {
            return true;
        };
        if !place.is_in(Home::current()) {
            // Another thread polls: the timer follows it, and is armed anew.
            self.place = None;
            return place.home.wheel.cancel(place.key).is_some();
        }
        let kept = match place.home.wheel.held(place.key, waker) {
            Held::Same => true,
            Held::Other => place
                .home
                .wheel
                .replace(place.key, waker.clone())
                .map(drop)
                .is_ok(),
            Held::Gone => false,
        };
        if !kept {
            self.place = None;
        }
        kept
    }

    /// Keeps the waker for [`Alarm::set`] while there is no deadline.
    #[cold]
    fn hold(&mut self, waker: &Waker) {
        if let Some(place) = self.place {
            match place.home.wheel.held(place.key, waker) {
                Held::Same => return,
                Held::Other | Held::Gone => self.disarm(),
            }
        }
        let home = Home::current();
        let key = home.wheel.hold(waker.clone());
        self.place = Some(Place { home, key });
    }
}

impl Drop for Alarm {
    #[inline]
    fn drop(&mut self) {
        self.disarm();
    }
}

/// A panic never leaves an alarm half set: the only foreign code it calls is wakers, and between whole steps.
impl UnwindSafe for Alarm {}
impl RefUnwindSafe for Alarm {}

impl fmt::Debug for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alarm")
            .field("deadline", &self.deadline)
            .field("is_armed", &self.place.is_some())
            .finish()
    }
}

/// How far away a deadline is, if that is far, without reading the clock.
///
/// It is measured from the reading before the thread's current poll. A poll that lasts longer than [`FAR`] may so find a
/// timer pending that is due; the attendant has fired it then, or the thread does after the poll.
#[inline]
fn far_from(deadline: Instant) -> Option<Duration> {
    let recent = trill_park::recent()?;
    // A subtraction costs ten times as much, and one that has fired comes here, too.
    if deadline <= recent {
        return None;
    }
    let left = deadline.saturating_duration_since(recent);
    (left >= FAR).then_some(left)
}

/// Longer than nearly all polls, and than the attendant leaves a thread that is stuck in one alone.
const FAR: Duration = Duration::from_millis(20);

/// Whole milliseconds, rounded up.
fn millis(delay: Duration) -> u64 {
    let below_second = delay.subsec_nanos().div_ceil(1_000_000);
    delay
        .as_secs()
        .saturating_mul(1000)
        .saturating_add(u64::from(below_second))
}
