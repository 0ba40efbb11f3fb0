//! The ring of one thread in one reactor.
//!
//! The thread that made it submits; any thread may reap, cancel and prod. Queue for the system and table of flights
//! are behind one mutex, the queue of answers behind another; neither is held while a waker is called or an operation
//! is dropped, and the system is entered outside of both.
//!
//! The ring's descriptor is a member of the reactor's epoll set. The waker that waits for it reaps.
#![allow(unsafe_code)] // The system is given pointers.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Wake, Waker};

use io_uring::{IoUring, opcode, squeue, types};
use rustix::io::Errno;

use crate::core::{Core, Entry};
use crate::direction::Direction;
use crate::event::Interest;
use crate::op::Operation;
use crate::pending::Pending;
use crate::ring::journey::{Flight, Journey, Land};
use crate::ring::setup;
use crate::slot::{Listed, Who};

/// The ring of one thread in one reactor.
pub(crate) struct Ring {
    uring: IoUring,
    submissions: Mutex<Flights>,
    /// Whoever holds this may look at the queue of answers.
    answers: Mutex<()>,
    /// Whether entries lie in the queue that the system did not take when it was entered.
    left_over: AtomicBool,
    core: &'static Core,
    entry: OnceLock<Entry>,
}

/// What is under way. The lock around it also guards the queue for the system.
#[derive(Default)]
struct Flights {
    places: Vec<Place>,
    free: Vec<u32>,
    count: usize,
    /// Whether the thread has ended, so that nothing new is taken.
    closed: bool,
}

#[derive(Default)]
struct Place {
    /// Grows with each flight, so that a late answer finds nobody.
    generation: u32,
    flight: Option<Arc<dyn Land>>,
}

impl Ring {
    /// Makes the calling thread's ring and puts it into the reactor's epoll set.
    pub(crate) fn new(core: &'static Core) -> io::Result<Arc<Ring>> {
        let ring = Arc::new(Ring {
            uring: setup::make()?,
            submissions: Mutex::default(),
            answers: Mutex::new(()),
            left_over: AtomicBool::new(false),
            core,
            entry: OnceLock::new(),
        });
        let entry = core.admit(ring.as_fd(), Interest::BOTH)?;
        // It is the only call.
        let _ = ring.entry.set(entry);
        ring.clone().listen();
        Ok(ring)
    }

    /// Gives an operation to the system; back if there are too many or the thread has ended.
    pub(crate) fn submit<O: Operation>(self: Arc<Ring>, operation: O) -> Result<Pending<O>, O> {
        let flight = Flight::new(operation);
        // SAFETY: it is new.
        match unsafe { self.launch(flight.clone()) } {
            Some(ticket) => Ok(Pending::new(Journey::new(flight, self, ticket))),
            // SAFETY: the system never hears of it, and nobody else has it.
            None => Err(unsafe { flight.take() }),
        }
    }

    /// Tells the system of a flight. Returns its ticket; nothing if it is not taken.
    ///
    /// # Safety
    ///
    /// The flight is new.
    unsafe fn launch(&self, flight: Arc<dyn Land>) -> Option<u64> {
        // SAFETY: the system does not know of the flight yet, as it is new. The table keeps it until the answer was
        // reaped.
        let entry = unsafe { flight.entry() };
        let mut flights = self.flights();
        if flights.closed || flights.count >= FLIGHTS_MAX {
            return None;
        }
        let ticket = flights.add(flight);
        self.core.operation_begins();
        self.push(&entry.user_data(ticket));
        drop(flights);
        self.enter();
        // What could be done at once is done: without a turn of the reactor.
        self.reap();
        Some(ticket)
    }

    /// Asks the system to end a flight early. Its answer comes in any case.
    pub(crate) fn cancel(&self, ticket: u64) {
        if self.core.is_foreign() {
            return;
        }
        let flights = self.flights();
        if flights.closed || !flights.knows(ticket) {
            return;
        }
        let entry = opcode::AsyncCancel::new(ticket).build();
        self.push(&entry.user_data(NOBODY));
        drop(flights);
        self.enter();
        self.reap();
    }

    /// Gives the system what it did not take before.
    pub(crate) fn prod(&self) {
        // Relaxed: a flag; what it is about lies behind the lock.
        if self.left_over.load(Ordering::Relaxed) && !self.core.is_foreign() {
            self.enter();
            self.reap();
        }
    }

    /// Hands the system's answers to their flights and wakes those who wait.
    pub(crate) fn reap(&self) {
        loop {
            let mut answers = [(0, 0); REAP_MAX];
            let count = self.take_answers(&mut answers);
            for &(ticket, result) in &answers[..count] {
                if ticket == NOBODY {
                    continue;
                }
                let flight = self.flights().remove(ticket);
                let waker = flight.and_then(|flight| flight.land(result));
                self.core.operation_ended();
                if let Some(waker) = waker {
                    trill_park::wake(waker);
                }
            }
            if count == 0 && !self.fetch_overflow() {
                break;
            }
        }
    }

    /// Ends with its thread: nothing new is taken, and the system has nothing left of what was.
    ///
    /// The system would cancel what waits for a thread that has ended. What may be cancelled is, by us; what was begun
    /// by a writer is waited for, as long as a disk may take.
    ///
    /// In a child made by `fork` nothing is done: the ring is the parent's, which shares it.
    pub(crate) fn retire(&self) {
        if self.core.is_foreign() {
            return;
        }
        self.flights().closed = true;
        for round in 0.. {
            self.reap();
            if self.flights().count == 0 {
                break;
            }
            if round == 0 || round == PATIENCE_ROUNDS {
                self.cancel_all(round > 0);
            }
            let pause = types::Timespec::new().nsec(PAUSE_NS);
            let args = types::SubmitArgs::new().timespec(&pause);
            // It ends early by an answer; whatever else ends it, the next round looks.
            let _ = self.uring.submitter().submit_with_args(1, &args);
        }
        if let Some(entry) = self.entry.get() {
            // Closing the ring's descriptor would take it out of the set as well.
            let _ = self.core.expel(*entry, self.as_fd());
        }
    }

    pub(crate) fn core(&self) -> &'static Core {
        self.core
    }

    /// Asks the system to end all flights that may be ended early, or really all.
    fn cancel_all(&self, really: bool) {
        let flights = self.flights();
        for ticket in flights.tickets(really) {
            self.push(&opcode::AsyncCancel::new(ticket).build().user_data(NOBODY));
        }
        drop(flights);
        self.enter();
    }

    /// Puts an entry into the queue. The caller holds the lock of the submissions.
    fn push(&self, entry: &squeue::Entry) {
        loop {
            // SAFETY: one queue exists at a time, as the lock is held. A sanitizer over `tests/operations.rs` would
            // find a second one.
            let mut queue = unsafe { self.uring.submission_shared() };
            // SAFETY: what the entry points to lives until the answer: its flight is in the table, or it points to
            // nothing. `tests/operations.rs` drops futures at every moment.
            if unsafe { queue.push(entry) }.is_ok() {
                return;
            }
            drop(queue);
            self.enter();
        }
    }

    /// Gives the queue to the system.
    fn enter(&self) {
        for _ in 0..ENTERS_MAX {
            match self.uring.submit() {
                Ok(_) => {
                    self.left_over.store(false, Ordering::Relaxed);
                    return;
                }
                Err(error) => match Errno::from_io_error(&error) {
                    Some(Errno::INTR) => {}
                    // It has too many answers to keep, or no memory: answers are fetched by whoever reaps.
                    _ => std::thread::yield_now(),
                },
            }
        }
        self.left_over.store(true, Ordering::Relaxed);
    }

    fn take_answers(&self, into: &mut [(u64, i32); REAP_MAX]) -> usize {
        let _one = lock(&self.answers);
        // SAFETY: one queue exists at a time, as the lock is held. A sanitizer over `tests/operations.rs` would find a
        // second one.
        let queue = unsafe { self.uring.completion_shared() };
        let mut count = 0;
        for (place, answer) in into.iter_mut().zip(queue) {
            *place = (answer.user_data(), answer.result());
            count += 1;
        }
        count
    }

    /// Has the system fill the queue with answers that did not fit before. Says whether there were any.
    fn fetch_overflow(&self) -> bool {
        let flights = self.flights();
        // SAFETY: as in `push`.
        let overflowed = unsafe { self.uring.submission_shared() }.cq_overflow();
        drop(flights);
        if overflowed {
            self.enter();
        }
        overflowed
    }

    /// Reaps, until there is nothing, and waits for the next event.
    fn listen(self: Arc<Ring>) {
        let Some(entry) = self.entry.get() else {
            return;
        };
        if self.core.is_foreign() {
            return;
        }
        let waker = Waker::from(self.clone());
        loop {
            let seen = entry.slot.ready(Direction::Read);
            self.reap();
            if let Some(seen) = seen {
                entry.slot.clear(Direction::Read, seen);
            }
            if self.flights().closed {
                return;
            }
            let listed = entry.slot.wait(Direction::Read, Who::Shared, &waker);
            if !matches!(listed, Listed::Ready(_)) {
                return;
            }
        }
    }

    fn flights(&self) -> MutexGuard<'_, Flights> {
        lock(&self.submissions)
    }
}

/// Reaps: the reactor has seen that there are answers.
impl Wake for Ring {
    fn wake(self: Arc<Ring>) {
        self.listen();
    }
}

impl AsFd for Ring {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the ring owns its descriptor and is borrowed. `tests/operations.rs` would fail with a closed one.
        unsafe { BorrowedFd::borrow_raw(self.uring.as_raw_fd()) }
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring")
            .field("flights", &self.flights().count)
            .finish_non_exhaustive()
    }
}

impl Flights {
    /// Takes a flight in; returns what its answer will carry.
    fn add(&mut self, flight: Arc<dyn Land>) -> u64 {
        let index = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place::default());
            // `FLIGHTS_MAX` is far below.
            (self.places.len() - 1) as u32
        });
        self.count += 1;
        let place = &mut self.places[index as usize];
        place.flight = Some(flight);
        u64::from(place.generation) << 32 | u64::from(index)
    }

    fn remove(&mut self, ticket: u64) -> Option<Arc<dyn Land>> {
        if !self.knows(ticket) {
            return None;
        }
        let index = ticket as u32;
        let place = &mut self.places[index as usize];
        place.generation = place.generation.wrapping_add(1);
        self.count -= 1;
        self.free.push(index);
        place.flight.take()
    }

    /// Whether the answer of this flight is still to come.
    fn knows(&self, ticket: u64) -> bool {
        let place = self.places.get(ticket as u32 as usize);
        place.is_some_and(|place| {
            place.flight.is_some() && u64::from(place.generation) == ticket >> 32
        })
    }

    fn tickets(&self, really: bool) -> impl Iterator<Item = u64> {
        (0u64..)
            .zip(&self.places)
            .filter_map(move |(index, place)| {
                let flight = place.flight.as_ref()?;
                let generation = u64::from(place.generation) << 32;
                (really || flight.cancels()).then_some(generation | index)
            })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a request to cancel carries: no place has this number.
const NOBODY: u64 = u64::MAX;

/// How many operations a ring has under way at most; more are handed back, and the caller's pool queues them. Each costs
/// the system some 250 bytes.
const FLIGHTS_MAX: usize = 4096;

/// How many answers are taken under one lock. 512 bytes of stack.
const REAP_MAX: usize = 32;

/// How often the system is asked to take entries before that is left to the next who comes by.
const ENTERS_MAX: usize = 100;

/// 10 ms between two looks while a thread's ring ends.
const PAUSE_NS: u32 = 10_000_000;

/// After 2 s of waiting also what should run to its end is cancelled: it waits for something that does not come.
const PATIENCE_ROUNDS: usize = 200;
