//! Who works on what: the queues of a pool, its idle threads and its limits, behind one mutex.
//!
//! A submission queues its job and then sees to it that somebody *looks* for it: an idle thread is roused, or one is
//! started. The job is not bound to that thread. One that has just finished its own takes it if it comes first, which
//! it often does, and is awake.
//!
//! Between the end of a job and the look for the next one its thread gives the result away, which wakes whoever awaits it.
//! That one often has the next job ready and submits it at once, before the thread has looked. So a thread says *early*
//! that it will look, before it gives the result away: the submission then counts on it instead of waking another one, which
//! would find that the job is taken.
//!
//! The stages of a thread are on the page of `member.rs`.
//!
//! # Why no job is left for nobody
//!
//! *Eligible* are the queued jobs that the limits of their classes allow to begin. *Looking* are the threads that were
//! roused or started, or are early, and have not looked at the queues since. Whenever the mutex is free:
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
//! | a job's work is over: its thread counts as looking, early; its class has no more room yet | one looks more |
//! | an early thread looks: it takes one job, and unless enough look, another thread is roused or started | 2 |
//! | an early thread steps aside: unless enough look, an idle thread is roused or one started | 2 |
//! | a thread finds nothing: it becomes idle, or leaves if the pool is closed | nothing is eligible |
//! | an idle thread has waited long enough: it leaves | it was not looking, so 2 does not change; see below for 1 |
//! | a thread leaves because there are too many | by 3 none is idle; the limit is at least one, so another lives |
//!
//! When a thread leaves that found nothing, a job may still be queued whose class is at its limit. Then another thread
//! runs work of that class, and looks when it is done. When an idle thread leaves, each eligible job has a thread that
//! looks. An idle thread strikes itself off under the mutex; if it is no longer among the idle ones, it was roused, and
//! looks.
//!
//! An early thread holds its place in its class until it looks: a result that nobody takes is dropped in its place. When
//! it looks, it counts no more as looking and one more job may be eligible, so two may be left for one thread: one that was
//! submitted meanwhile and counted on it, and one of its class.
//!
//! Threads are started under the mutex. That costs others some 15 µs, seldom, and spares a state in which a thread is
//! counted that may never come.
//!
//! # Tested by
//!
//! `tests/loom_crew.rs`, `tests/limits.rs`, `tests/refused.rs`.

#![cfg_attr(not(loom), allow(unreachable_pub))] // Public for the models only.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use trill_world::World;

use crate::class::Class;
use crate::member::{Member, Stage};
use crate::primitive::{Mutex, MutexGuard, lock};
use crate::seat::{Order, Seat};
use crate::state::State;
use crate::stats::{ClassStats, Stats};

/// The queues, threads and limits of a pool, over any type of job.
pub struct Crew<J> {
    state: Mutex<State<J>>,
    world: World,
    keep_alive: Duration,
}

/// Starts a thread that calls [`Crew::work`] with this seat.
pub(crate) type Start<'a> = &'a dyn Fn(Arc<Seat>) -> io::Result<()>;

impl<J> Crew<J> {
    /// Makes a crew whose threads live in `world`.
    pub fn new(
        world: World,
        threads_max: usize,
        keep_alive: Duration,
        classes: &[Class],
    ) -> Crew<J> {
        let mut state = State::new(threads_max);
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
        let (mut state, refused) = match self.provide(state, start) {
            Err(refused) => refused,
            Ok(()) => return Ok(()),
        };
        if state.threads > 0 {
            // Somebody lives and will take it.
            return Ok(());
        }
        match state.lanes[lane].queue.pop_back() {
            Some((_, job)) => Err((job, refused)),
            None => unreachable!("without threads nobody takes from the queue"),
        }
    }

    /// What a thread does, from its start to its end.
    pub fn work(&self, member: &Member, start: Start<'_>, run: impl Fn(J)) {
        while let Some(job) = self.next(member, start) {
            run(job);
        }
        member.seat.vacate();
    }

    /// Says that the work of a thread's job is over, before the result is given away; whether others count on it now.
    ///
    /// The thread comes back to [`Crew::work`] in a moment, or calls [`Crew::step_aside`].
    pub fn finish_early(&self, member: &Member) -> bool {
        let Stage::Busy(lane) = member.stage.get() else {
            return false;
        };
        if !self.world.is_os() {
            return false;
        }
        self.lock().looking += 1;
        member.stage.set(Stage::Early(lane));
        true
    }

    /// Takes back what [`Crew::finish_early`] said, and gives to others what counted on it.
    pub fn step_aside(&self, member: &Member, start: Start<'_>) {
        if let Stage::Early(lane) = member.stage.get() {
            member.stage.set(Stage::Busy(lane));
            let mut state = self.lock();
            state.looking -= 1;
            // If a start is refused, this thread lives, and looks when it is back.
            let _ = self.provide(state, start);
        }
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

    /// Rouses an idle thread or starts one if too few look.
    ///
    /// Returns the lock, with the error, if a start was refused.
    fn provide<'a>(
        &'a self,
        mut state: MutexGuard<'a, State<J>>,
        start: Start<'_>,
    ) -> Result<(), (MutexGuard<'a, State<J>>, io::Error)> {
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
            Ok(_) => Ok(()),
            Err(refused) => Err((state, refused)),
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

    /// Finds the next job for a thread; `None` means to end.
    fn next(&self, member: &Member, start: Start<'_>) -> Option<J> {
        loop {
            if let Some(job) = self.look(member, start) {
                return Some(job);
            }
            if let Stage::Dismissed = member.stage.get() {
                return None;
            }
            let order = member.seat.wait(self.keep_alive);
            let order = order.or_else(|| self.give_up(&member.seat));
            match order? {
                Order::Look => member.stage.set(Stage::Looking),
                Order::Leave => return None,
            }
        }
    }

    /// Looks at the queues. Without a job the thread is `Idle` or `Dismissed` afterwards.
    fn look(&self, member: &Member, start: Start<'_>) -> Option<J> {
        let mut state = self.lock();
        let stage = member.stage.get();
        if let Stage::Looking | Stage::Early(_) = stage {
            state.looking -= 1;
        }
        if let Stage::Busy(lane) | Stage::Early(lane) = stage {
            state.lanes[lane].running -= 1;
        }
        // With too many threads this one ends, and whoever is left takes what is eligible.
        if state.threads <= state.threads_max {
            if let Some((job, lane)) = state.oldest_eligible() {
                state.lanes[lane].running += 1;
                member.stage.set(Stage::Busy(lane));
                // Two of an early thread's class and another one may have counted on it. If a start is refused, this
                // thread lives, and looks again.
                let _ = self.provide(state, start);
                return Some(job);
            }
        }
        if state.threads > state.threads_max || state.closed {
            state.threads -= 1;
            member.stage.set(Stage::Dismissed);
        } else {
            state.idle.push(member.seat.clone());
            member.stage.set(Stage::Idle);
        }
        None
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
