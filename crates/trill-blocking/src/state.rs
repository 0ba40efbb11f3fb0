//! What a pool is doing now: its queues, its threads and its limits, as `crew.rs` keeps them behind its mutex.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::class::Class;
use crate::seat::Seat;

/// The queues of a pool, its threads and its limits.
pub(crate) struct State<J> {
    pub(crate) lanes: Vec<Lane<J>>,
    /// Idle threads; the last one became idle last and is used first.
    pub(crate) idle: Vec<Arc<Seat>>,
    /// How many threads were roused or started, or are early, and have not looked since.
    pub(crate) looking: usize,
    pub(crate) threads: usize,
    pub(crate) threads_max: usize,
    /// Whether nobody can submit any more except the jobs themselves.
    pub(crate) closed: bool,
    /// Numbers the jobs of all lanes.
    pub(crate) arrivals: u64,
    pub(crate) started: u64,
    pub(crate) refused: u64,
}

/// The queue of a class.
pub(crate) struct Lane<J> {
    pub(crate) class: Class,
    /// How many threads work for this class.
    pub(crate) running: usize,
    pub(crate) queue: VecDeque<(u64, J)>,
}

impl<J> State<J> {
    /// No queue and no thread.
    pub(crate) fn new(threads_max: usize) -> State<J> {
        State {
            lanes: Vec::new(),
            idle: Vec::new(),
            looking: 0,
            threads: 0,
            threads_max,
            closed: false,
            arrivals: 0,
            started: 0,
            refused: 0,
        }
    }

    /// Finds the number of the class's lane, and makes one if it is new.
    pub(crate) fn lane(&mut self, class: &Class) -> usize {
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
    pub(crate) fn eligible(&self) -> usize {
        let mut eligible = 0;
        for lane in &self.lanes {
            eligible += lane.eligible();
        }
        eligible
    }

    /// Takes out the job that arrived first among those that may begin, with the number of its lane.
    pub(crate) fn oldest_eligible(&mut self) -> Option<(J, usize)> {
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
    /// How many of its jobs may begin.
    fn eligible(&self) -> usize {
        let room = self.class.max_threads() - self.running;
        self.queue.len().min(room)
    }
}
