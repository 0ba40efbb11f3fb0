//! Runs a future on the calling thread and parks while it is pending.

use std::future::Future;
use std::panic::Location;
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::attendant;
use crate::dense::Dense;
use crate::inspect;
use crate::recent;
use crate::records;
use crate::relief::Relief;
use crate::sys::Slack;
use crate::thread::Thread;
use crate::waker::waker;

/// Runs `future` to its end on this thread and returns what it returns.
///
/// While the future is pending the thread parks: in its reactor if it has one, else on a futex, until it is woken or a
/// timer is due.
///
/// Calls nest, and each has a waker of its own: an inner `block_on` serves timers and sockets like the outer one, but the outer future is not polled
/// before the inner call returns, so an executor that runs in it stands still for so long.
///
/// # Panics
///
/// If the future panics. In a simulated world, also if that finds that nothing can wake this thread any more.
///
/// # Examples
///
/// ```
/// assert_eq!(trill_park::block_on(async { 5 }), 5);
/// ```
#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    inspect::blocking(Location::caller());
    let entry = Entry::new();
    let seat = entry.thread.seats.claim(entry.thread);
    let waker = waker(seat);
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    let mut parking = Parking::default();
    loop {
        seat.parker.take();
        entry.thread.begin_turn();
        if let Poll::Ready(output) =
            trill_cell::with_budget_of(BUDGET_POLLS, || future.as_mut().poll(&mut cx))
        {
            return output;
        }
        parking.turn(entry.thread);
    }
}

/// What a thread keeps between two polls of its future.
#[derive(Default)]
struct Parking {
    slack: Slack,
    /// When a busy thread looks at the outside next.
    next_look: Option<Instant>,
    /// The deadline of the last park, if it had one.
    parked_until: Option<Instant>,
    dense: Dense,
    /// When the clock was read for a park.
    read_at: Option<Instant>,
    relief: Relief,
}

impl Parking {
    /// Serves the outside, and parks until the thread is notified.
    ///
    /// What is due after a park is fired before the future is polled, and if that wakes only others (tasks of another
    /// thread) the future is not polled at all.
    fn turn(&mut self, thread: &'static Thread) {
        recent::forget();
        if thread.parker().is_notified() {
            if thread.has_outside() {
                self.look(thread);
            }
            return;
        }
        let mut has_parked = false;
        loop {
            let now = self.time_to_park(thread, has_parked);
            let next = thread.fire(now);
            // Firing may have woken the future.
            if thread.parker().is_notified() {
                return;
            }
            let until = self.spread(thread, now, next);
            recent::forget();
            thread.park(now, until, &mut self.slack);
            thread.count_turn();
            attendant::wake_if_in_deep_sleep();
            if thread.parker().is_notified() {
                return;
            }
            has_parked = true;
        }
    }

    /// Reads the clock for a park; without deadlines the time does not matter, and reading it takes as long as a message.
    fn time_to_park(&mut self, thread: &Thread, has_parked: bool) -> Instant {
        if let Some(read_at) = self.read_at.filter(|_| !thread.has_deadlines()) {
            return read_at;
        }
        let now = trill_world::now();
        self.read_at = Some(now);
        if has_parked {
            self.note_lateness(now);
        }
        recent::note(thread, now);
        now
    }

    /// Notes by how much a park that ended at its deadline ended too late.
    fn note_lateness(&mut self, now: Instant) {
        let late = self
            .parked_until
            .and_then(|until| now.checked_duration_since(until));
        if let Some(late) = late {
            self.dense.note_lateness(late);
        }
    }

    /// Puts off the next deadline a little if the last park, too, ended at one; see `dense.rs`.
    ///
    /// Many timers a few microseconds apart would otherwise cost a park each. A timer on its own stays exact.
    fn spread(&mut self, thread: &Thread, now: Instant, next: Option<Instant>) -> Option<Instant> {
        let hurried = self.parked_until.is_some_and(|until| until <= now) && thread.is_attended();
        let until = match next {
            Some(next) if hurried => Some(self.dense.until(now, next)),
            next => next,
        };
        self.parked_until = until;
        until
    }

    /// Looks at timers and events without waiting, not more often than [`LOOK_INTERVAL`].
    fn look(&mut self, thread: &'static Thread) {
        let now = trill_world::now();
        recent::note(thread, now);
        if self.next_look.is_some_and(|next| now < next) {
            return;
        }
        self.next_look = now.checked_add(LOOK_INTERVAL);
        thread.fire(now);
        if let Some(driver) = thread.driver() {
            driver.wait(thread, now, Some(now));
        }
        self.relief.examine_next(thread, now);
    }
}

/// Keeps a thread's record entered.
struct Entry {
    thread: &'static Thread,
    before: Option<&'static Thread>,
    /// Whether a call of `block_on` runs on this record already.
    is_inner: bool,
}

impl Entry {
    fn new() -> Entry {
        recent::forget();
        let (thread, before) = records::enter();
        let is_inner = thread.is_entered();
        if is_inner {
            thread.seats.enter_inner();
        } else {
            thread.set_entered(true);
        }
        attendant::wake_if_in_deep_sleep();
        Entry {
            thread,
            before,
            is_inner,
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        recent::forget();
        records::leave(self.before);
        if self.is_inner {
            self.thread.seats.leave_inner();
            return;
        }
        // SeqCst store: a thread that found this one in the driver and went to sleep is seen by the search in
        // `hand_over`, or saw this one gone.
        self.thread.set_entered(false);
        records::left(self.thread);
        if self.thread.is_attended() && self.thread.has_outside() {
            attendant::hand_over(self.thread);
        }
    }
}

/// How many leaves may be ready in one poll of `block_on`'s future.
///
/// 32 times a task's budget: the future may be a foreign executor, whose tasks share it.
const BUDGET_POLLS: u32 = 32 * trill_cell::BUDGET_POLLS;

/// How often a busy thread looks at timers and events. A look costs about 0.5 µs, so 1 % of the time.
const LOOK_INTERVAL: Duration = Duration::from_micros(50);
