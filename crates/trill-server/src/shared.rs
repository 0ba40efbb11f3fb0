//! What a server, its handle and its connections know in common.

use std::collections::BTreeMap;
use std::mem;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use trill_cell::{Unhandled, What, report};
use trill_executor::Task;
use trill_sync::{Event, Semaphore};

use crate::builder::{Options, WhenFull};

/// The state of a server. It only ever moves on: accepting, closing, stopped, ended.
pub(crate) struct Shared {
    pub(crate) name: Option<Box<str>>,
    pub(crate) site: &'static Location<'static>,
    pub(crate) when_full: WhenFull,
    /// One permit for each connection that may live.
    pub(crate) room: Option<Arc<Semaphore>>,
    /// No more connections are to be accepted.
    pub(crate) closing: Event,
    /// Connections are asked to end.
    pub(crate) shutting_down: Event,
    /// All listeners are closed.
    pub(crate) stopped: Event,
    /// And no connection lives.
    pub(crate) ended: Event,
    pub(crate) accepted: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) failed: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How many listeners are open.
    listeners: usize,
    last: u64,
    /// The task of each live connection; none while it is being spawned, and once it was aborted.
    live: BTreeMap<u64, Option<Task<()>>>,
    is_aborting: bool,
    aborted: u64,
}

impl Shared {
    pub(crate) fn new(
        options: Options,
        listeners: usize,
        site: &'static Location<'static>,
    ) -> Shared {
        Shared {
            name: options.name,
            site,
            when_full: options.when_full,
            room: options
                .connections_max
                .map(|max| Arc::new(Semaphore::new(max))),
            closing: Event::new(),
            shutting_down: Event::new(),
            stopped: Event::new(),
            ended: Event::new(),
            accepted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            state: Mutex::new(State {
                listeners,
                ..State::default()
            }),
        }
    }

    /// Counts a new connection; it is live until its guard is dropped.
    pub(crate) fn enter(self: &Arc<Shared>) -> Live {
        // Relaxed: a count that nothing is concluded from.
        self.accepted.fetch_add(1, Ordering::Relaxed);
        let mut state = self.lock();
        state.last += 1;
        let id = state.last;
        state.live.insert(id, None);
        drop(state);
        let shared = self.clone();
        Live { shared, id }
    }

    /// Keeps the task of a connection, to abort it.
    pub(crate) fn keep(&self, id: u64, task: Task<()>) {
        let mut state = self.lock();
        let is_aborting = state.is_aborting;
        let unneeded = match state.live.get_mut(&id) {
            Some(place) if !is_aborting => {
                *place = Some(task);
                None
            }
            Some(_) => {
                state.aborted += 1;
                Some(task)
            }
            // It has ended already.
            None => {
                drop(state);
                task.detach();
                return;
            }
        };
        drop(state);
        drop(unneeded);
    }

    /// Drops the futures of all live connections; they count as live until that is done.
    pub(crate) fn abort(&self) {
        self.closing.set();
        self.shutting_down.set();
        let mut state = self.lock();
        state.is_aborting = true;
        let tasks: Vec<_> = state.live.values_mut().filter_map(Option::take).collect();
        state.aborted += tasks.len() as u64;
        drop(state);
        drop(tasks);
    }

    pub(crate) fn live(&self) -> usize {
        self.lock().live.len()
    }

    pub(crate) fn aborted(&self) -> u64 {
        self.lock().aborted
    }

    /// Counts a listener as closed.
    pub(crate) fn listener_closed(&self) {
        let mut state = self.lock();
        state.listeners -= 1;
        let (stopped, ended) = (state.listeners == 0, state.is_over());
        drop(state);
        if stopped {
            self.stopped.set();
        }
        if ended {
            self.ended.set();
        }
    }

    /// Tells of what nobody awaits.
    pub(crate) fn report(&self, what: What, message: &str) {
        let name = self.name.as_deref().unwrap_or("server");
        report(&Unhandled::new(what, &message).named(name).at(self.site));
    }

    fn leave(&self, id: u64) {
        let mut state = self.lock();
        let task = state.live.remove(&id).flatten();
        let ended = state.is_over();
        drop(state);
        // The task is at its end and drops its own handle.
        if let Some(task) = task {
            task.detach();
        }
        if ended {
            self.ended.set();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether both conditions hold, in whichever order they came.
    fn is_over(&self) -> bool {
        self.listeners == 0 && self.live.is_empty()
    }
}

/// A live connection.
pub(crate) struct Live {
    pub(crate) shared: Arc<Shared>,
    pub(crate) id: u64,
}

impl Drop for Live {
    fn drop(&mut self) {
        self.shared.leave(self.id);
    }
}

/// An open listener; dropping it closes the socket first and counts it then.
pub(crate) struct Open<L> {
    listener: Option<L>,
    pub(crate) shared: Arc<Shared>,
}

impl<L> Open<L> {
    pub(crate) fn new(listener: L, shared: Arc<Shared>) -> Open<L> {
        Open {
            listener: Some(listener),
            shared,
        }
    }

    pub(crate) fn listener(&self) -> &L {
        let listener = self.listener.as_ref();
        listener.expect("only the drop takes it out")
    }
}

impl<L> Drop for Open<L> {
    fn drop(&mut self) {
        drop(mem::take(&mut self.listener));
        self.shared.listener_closed();
    }
}
