//! Who works on what: the queues of a pool, its idle threads and its limits, behind one mutex.
//!
//! # Why no job is left for nobody
//!
//! *Eligible* is a queued job whose class is below its limit. Whenever the mutex is free, these hold:
//!
//! 1. If a job is queued, a thread lives.
//! 2. If a job is eligible, no thread is idle.
//!
//! | step, all under the mutex | why both still hold |
//! | --- | --- |
//! | submission, class at its limit: queue | a thread runs work of that class; the job is not eligible |
//! | submission, a thread is idle: give it the job | by 2 no job was eligible before, so none is overtaken |
//! | submission, no thread idle, pool below its limit: start a thread | it gets the oldest eligible job |
//! | the same, and the start is refused: queue if a thread lives, else hand the job back | 1; nobody is idle |
//! | submission, pool at its limit: queue | the limit is at least one, so a thread lives; nobody is idle |
//! | a job ended: the thread takes the oldest eligible job, or else becomes idle | 2 |
//! | a thread leaves: only after that step found nothing, or while it is idle | by 2 nothing is eligible |
//!
//! A thread that leaves while a job is queued but not eligible is not the last one: another runs work of that class,
//! and will take the job when it is done. An idle thread that has waited long enough strikes itself off under the
//! mutex; if it is no longer among the idle ones, an order lies in its seat, and it takes that.
//!
//! Threads are started under the mutex. That costs others some 15 µs, seldom, and spares a state in which a thread is
//! counted that may never come.
//!
//! # Tested by
//!
//! `tests/loom_crew.rs`, `tests/limits.rs`, `tests/refused.rs`.

#![cfg_attr(not(loom), allow(unreachable_pub))] // Public for the models only.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use trill_world::World;

use crate::class::Class;
use crate::primitive::{Mutex, MutexGuard, lock};
use crate::seat::{Order, Seat};
use crate::stats::{ClassStats, Stats};

/// The queues, threads and limits of a pool, over any type of job.
pub struct Crew<J> {
    state: Mutex<State<J>>,
    world: World,
    keep_alive: Duration,
}

/// Starts a thread that calls [`Crew::work`] with this seat.
pub(crate) type Start<'a, J> = &'a dyn Fn(Arc<Seat<J>>) -> io::Result<()>;

struct State<J> {
    lanes: Vec<Lane<J>>,
    /// Idle threads; the last one became idle last and is used first.
    idle: Vec<Arc<Seat<J>>>,
    threads: usize,
    threads_max: usize,
    /// Whether nobody can submit any more except the jobs themselves.
    closed: bool,
    /// Numbers the queued jobs of all lanes.
    arrivals: u64,
    started: u64,
    refused: u64,
}

/// The queue of a class.
struct Lane<J> {
    class: Class,
    /// How many threads work for this class.
    running: usize,
    queue: VecDeque<(u64, J)>,
}

impl<J> Crew<J> {
    /// Makes a crew whose threads live in `world`.
    pub fn new(
        world: World,
        threads_max: usize,
        keep_alive: Duration,
        classes: &[Class],
    ) -> Crew<J> {
        let mut state = State {
            lanes: Vec::new(),
            idle: Vec::new(),
            threads: 0,
            threads_max,
            closed: false,
            arrivals: 0,
            started: 0,
            refused: 0,
        };
        for class in classes {
            state.lane(class);
        }
        Crew {
            state: Mutex::new(state),
            world,
            keep_alive,
        }
    }

    /// Finds a thread for `job`, or queues it.
    ///
    /// Hands it back with the error if no thread lives and none can be started.
    pub fn submit(&self, class: &Class, job: J, start: Start<'_, J>) -> Result<(), (J, io::Error)> {
        let mut state = self.lock();
        let lane = state.lane(class);
        if state.lanes[lane].has_room() {
            if let Some(seat) = state.idle.pop() {
                state.lanes[lane].running += 1;
                let must_rouse = seat.give(Order::Run(job, lane));
                drop(state);
                if must_rouse {
                    seat.rouse();
                }
                return Ok(());
            }
        }
        let arrival = state.arrivals;
        state.arrivals += 1;
        state.lanes[lane].queue.push_back((arrival, job));
        match self.grow(&mut state, start) {
            Err(refused) if state.threads == 0 => match state.lanes[lane].queue.pop_back() {
                Some((_, job)) => Err((job, refused)),
                None => unreachable!("without threads nobody takes from the queue"),
            },
            // Somebody lives and will take it.
            _ => Ok(()),
        }
    }

    /// What a thread does, from its start to its end.
    pub fn work(&self, seat: &Arc<Seat<J>>, run: impl Fn(J)) {
        let mut order = seat.take();
        while let Some(Order::Run(job, lane)) = order {
            run(job);
            order = self.next(seat, lane);
        }
        seat.vacate();
    }

    /// Lets every thread end as soon as nothing is queued.
    pub fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let idle = std::mem::take(&mut state.idle);
        state.threads -= idle.len();
        dismiss(state, idle);
    }

    /// Changes the limit of threads.
    pub fn set_threads_max(&self, threads_max: usize, start: Start<'_, J>) {
        let mut state = self.lock();
        state.threads_max = threads_max;
        // If this is refused, those who work will take what is queued.
        while let Ok(true) = self.grow(&mut state, start) {}
        let excess = state.threads.saturating_sub(threads_max);
        let leaving = excess.min(state.idle.len());
        // Those that have been idle longest.
        let idle: Vec<_> = state.idle.drain(..leaving).collect();
        state.threads -= leaving;
        dismiss(state, idle);
    }

    /// The world in which the threads live.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// How long an idle thread waits for work.
    pub fn keep_alive(&self) -> Duration {
        self.keep_alive
    }

    /// What is going on now.
    pub fn stats(&self) -> Stats {
        let state = self.lock();
        Stats {
            threads: state.threads,
            idle: state.idle.len(),
            max_threads: state.threads_max,
            started: state.started,
            refused: state.refused,
            classes: state
                .lanes
                .iter()
                .map(|lane| ClassStats {
                    class: lane.class,
                    running: lane.running,
                    queued: lane.queue.len(),
                })
                .collect(),
        }
    }

    /// Starts a thread for the oldest eligible job. Says whether there was need and room for one.
    fn grow(&self, state: &mut State<J>, start: Start<'_, J>) -> io::Result<bool> {
        if state.threads >= state.threads_max {
            return Ok(false);
        }
        let Some((arrival, job, lane)) = state.oldest_eligible() else {
            return Ok(false);
        };
        let seat = Arc::new(Seat::new(&self.world, Order::Run(job, lane)));
        match start(seat.clone()) {
            Ok(()) => {
                state.threads += 1;
                state.started += 1;
                state.lanes[lane].running += 1;
                Ok(true)
            }
            Err(refused) => {
                state.refused += 1;
                if let Some(Order::Run(job, lane)) = seat.take() {
                    state.lanes[lane].queue.push_front((arrival, job));
                }
                Err(refused)
            }
        }
    }

    /// Finds the next order for a thread that has finished a job of `lane`; `None` or `Leave` means to end.
    fn next(&self, seat: &Arc<Seat<J>>, lane: usize) -> Option<Order<J>> {
        let mut state = self.lock();
        state.lanes[lane].running -= 1;
        // With too many threads this one ends, and whoever is left takes what is eligible.
        if state.threads <= state.threads_max {
            if let Some((_, job, lane)) = state.oldest_eligible() {
                state.lanes[lane].running += 1;
                return Some(Order::Run(job, lane));
            }
            if !state.closed {
                state.idle.push(seat.clone());
                drop(state);
                return seat.wait(self.keep_alive).or_else(|| self.give_up(seat));
            }
        }
        state.threads -= 1;
        None
    }

    /// Strikes a thread off that was idle for long enough, unless it was given an order meanwhile.
    fn give_up(&self, seat: &Arc<Seat<J>>) -> Option<Order<J>> {
        let mut state = self.lock();
        // Those idle longest are in front.
        match state.idle.iter().position(|idle| Arc::ptr_eq(idle, seat)) {
            Some(place) => {
                state.idle.remove(place);
                state.threads -= 1;
                None
            }
            None => seat.take(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<J>> {
        lock(&self.state)
    }
}

impl<J> std::fmt::Debug for Crew<J> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Crew")
            .field("world", &self.world)
            .field("keep_alive", &self.keep_alive)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

impl<J> State<J> {
    /// Finds the number of the class's lane, and makes one if it is new.
    fn lane(&mut self, class: &Class) -> usize {
        let known = self
            .lanes
            .iter()
            .position(|lane| lane.class.name() == class.name());
        known.unwrap_or_else(|| {
            self.lanes.push(Lane {
                class: *class,
                running: 0,
                queue: VecDeque::new(),
            });
            self.lanes.len() - 1
        })
    }

    /// Takes out the job that arrived first among those whose class is below its limit.
    fn oldest_eligible(&mut self) -> Option<(u64, J, usize)> {
        let arrivals = self.lanes.iter().enumerate().filter_map(|(number, lane)| {
            let (arrival, _) = lane.queue.front().filter(|_| lane.has_room())?;
            Some((*arrival, number))
        });
        let (_, lane) = arrivals.min()?;
        let (arrival, job) = self.lanes[lane].queue.pop_front()?;
        Some((arrival, job, lane))
    }
}

impl<J> Lane<J> {
    fn has_room(&self) -> bool {
        self.running < self.class.max_threads()
    }
}

/// Tells threads that were struck off to end; unlocks the pool first.
fn dismiss<J>(state: MutexGuard<'_, State<J>>, seats: Vec<Arc<Seat<J>>>) {
    let sleeping: Vec<_> = seats
        .into_iter()
        .filter(|seat| seat.give(Order::Leave))
        .collect();
    drop(state);
    for seat in sleeping {
        seat.rouse();
    }
}
