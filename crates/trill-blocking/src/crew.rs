//! Who works on what: the queues of a pool, its idle threads and its limits, behind one mutex.
//!
//! A submission queues its job and then sees to it that somebody *looks* for it: an idle thread is roused, or one is
//! started. The job is not bound to that thread. One that has just finished its own takes it if it comes first, which
//! it often does, and is awake.
//!
//! # Why no job is left for nobody
//!
//! *Eligible* are the queued jobs that the limits of their classes allow to begin. *Looking* are the threads that were
//! roused or started and have not looked at the queues since. Whenever the mutex is free:
//!
//! 1. If a job is queued, a thread lives.
//! 2. There are not more eligible jobs than looking threads, or no thread is idle.
//! 3. If there are more threads than the limit allows, no thread is idle.
//!
//! | step, all under the mutex | why these still hold |
//! | --- | --- |
//! | submission, class at its limit: queue | a thread runs work of that class; the job is not eligible |
//! | submission, else: queue; unless enough look, rouse an idle thread or start one | 2 |
//! | the same, none idle and the start is refused: hand the job back if no thread lives | 1; none is idle |
//! | the same, none idle and the pool is at its limit | the limit is at least one, so a thread lives; none is idle |
//! | a thread looks: it takes the oldest eligible job | one less of both |
//! | a job ended: one more of its class may begin; the thread looks | it takes as many as became eligible |
//! | a thread finds nothing: it becomes idle, or leaves if the pool is closed | nothing is eligible |
//! | an idle thread has waited long enough: it leaves | it was not looking, so 2 does not change; see below for 1 |
//! | a thread leaves because there are too many | by 3 none is idle; the limit is at least one, so another lives |
//!
//! When a thread leaves that found nothing, a job may still be queued whose class is at its limit. Then another thread
//! runs work of that class, and looks when it is done. When an idle thread leaves, each eligible job has a thread that
//! looks. An idle thread strikes itself off under the mutex; if it is no longer among the idle ones, it was roused, and
//! looks.
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
pub(crate) type Start<'a> = &'a dyn Fn(Arc<Seat>) -> io::Result<()>;

struct State<J> {
    lanes: Vec<Lane<J>>,
    /// Idle threads; the last one became idle last and is used first.
    idle: Vec<Arc<Seat>>,
    /// How many threads were roused or started and have not looked since.
    looking: usize,
    threads: usize,
    threads_max: usize,
    /// Whether nobody can submit any more except the jobs themselves.
    closed: bool,
    /// Numbers the jobs of all lanes.
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
            looking: 0,
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

    /// Queues `job` and sees to it that a thread looks for it.
    ///
    /// Hands it back with the error if no thread lives and none can be started.
    pub fn submit(&self, class: &Class, job: J, start: Start<'_>) -> Result<(), (J, io::Error)> {
        let mut state = self.lock();
        let lane = state.lane(class);
        let arrival = state.arrivals;
        state.arrivals += 1;
        state.lanes[lane].queue.push_back((arrival, job));
        if state.eligible() <= state.looking {
            return Ok(());
        }
        if let Some(seat) = state.idle.pop() {
            state.looking += 1;
            let must_wake = seat.give(Order::Look);
            drop(state);
            if must_wake {
                seat.wake();
            }
            return Ok(());
        }
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
    pub fn work(&self, seat: &Arc<Seat>, run: impl Fn(J)) {
        let mut came_from = From::Looking;
        while let Some((job, lane)) = self.next(seat, came_from) {
            run(job);
            came_from = From::Lane(lane);
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
    pub fn set_threads_max(&self, threads_max: usize, start: Start<'_>) {
        let mut state = self.lock();
        state.threads_max = threads_max;
        // If this is refused, those who work will take what is queued.
        while let Ok(true) = self.grow(&mut state, start) {}
        let excess = state.threads.saturating_sub(threads_max);
        let leaving = excess.min(state.idle.len());
        // Those that have been idle longest.
        let staying = state.idle.split_off(leaving);
        let idle = std::mem::replace(&mut state.idle, staying);
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
        let mut classes = Vec::with_capacity(state.lanes.len());
        for lane in &state.lanes {
            classes.push(ClassStats {
                class: lane.class,
                running: lane.running,
                queued: lane.queue.len(),
            });
        }
        Stats {
            threads: state.threads,
            idle: state.idle.len(),
            max_threads: state.threads_max,
            started: state.started,
            refused: state.refused,
            classes,
        }
    }

    /// Starts a thread if too few look. Says whether there was need and room for one.
    fn grow(&self, state: &mut State<J>, start: Start<'_>) -> io::Result<bool> {
        if state.eligible() <= state.looking || state.threads >= state.threads_max {
            return Ok(false);
        }
        let started = start(Arc::new(Seat::new(&self.world)));
        match &started {
            Ok(()) => {
                state.threads += 1;
                state.looking += 1;
                state.started += 1;
            }
            Err(_) => state.refused += 1,
        }
        started.map(|()| true)
    }

    /// Finds the next job for a thread and the number of its lane; `None` means to end.
    fn next(&self, seat: &Arc<Seat>, mut came_from: From) -> Option<(J, usize)> {
        loop {
            let mut state = self.lock();
            match came_from {
                From::Looking => state.looking -= 1,
                From::Lane(lane) => state.lanes[lane].running -= 1,
            }
            // With too many threads this one ends, and whoever is left takes what is eligible.
            if state.threads <= state.threads_max {
                if let Some((job, lane)) = state.oldest_eligible() {
                    state.lanes[lane].running += 1;
                    return Some((job, lane));
                }
            }
            if state.threads > state.threads_max || state.closed {
                state.threads -= 1;
                return None;
            }
            state.idle.push(seat.clone());
            drop(state);
            match seat.wait(self.keep_alive).or_else(|| self.give_up(seat))? {
                Order::Look => came_from = From::Looking,
                Order::Leave => return None,
            }
        }
    }

    /// Strikes a thread off that was idle for long enough, unless it was given an order meanwhile.
    fn give_up(&self, seat: &Arc<Seat>) -> Option<Order> {
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
        for (number, lane) in self.lanes.iter().enumerate() {
            if lane.class.name() == class.name() {
                return number;
            }
        }
        self.lanes.push(Lane {
            class: *class,
            running: 0,
            queue: VecDeque::new(),
        });
        self.lanes.len() - 1
    }

    /// How many queued jobs the limits of their classes allow to begin.
    fn eligible(&self) -> usize {
        let mut eligible = 0;
        for lane in &self.lanes {
            eligible += lane.eligible();
        }
        eligible
    }

    /// Takes out the job that arrived first among those that may begin, with the number of its lane.
    fn oldest_eligible(&mut self) -> Option<(J, usize)> {
        let mut oldest: Option<(u64, usize)> = None;
        for (number, lane) in self.lanes.iter().enumerate() {
            let Some(&(arrival, _)) = lane.queue.front() else {
                continue;
            };
            if lane.eligible() > 0 && oldest.is_none_or(|(first, _)| arrival < first) {
                oldest = Some((arrival, number));
            }
        }
        let (_, lane) = oldest?;
        let (_, job) = self.lanes[lane].queue.pop_front()?;
        Some((job, lane))
    }
}

impl<J> Lane<J> {
    fn eligible(&self) -> usize {
        let room = self.class.max_threads() - self.running;
        self.queue.len().min(room)
    }
}

/// Where a thread comes from that looks for a job.
#[derive(Clone, Copy)]
enum From {
    /// It was roused or started.
    Looking,
    /// It finished a job of the lane with this number.
    Lane(usize),
}

/// Tells threads that were struck off to end; unlocks the pool first.
fn dismiss<J>(state: MutexGuard<'_, State<J>>, seats: Vec<Arc<Seat>>) {
    let mut sleeping = Vec::with_capacity(seats.len());
    for seat in seats {
        if seat.give(Order::Leave) {
            sleeping.push(seat);
        }
    }
    drop(state);
    for seat in sleeping {
        seat.wake();
    }
}
