//! The callbacks of a loop: those whose turn it is, those that wait for a deadline, and those that watch a descriptor.
//!
//! Everything that can be cancelled is in a map under its name, so a cancelled callback leaves nothing behind.
//!
//! No code of strangers runs here: callbacks are handed out to be run or dropped without the lock.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::time::Instant;

use crate::origin::Origin;
use crate::reach::Reach;
use crate::watch::{Side, Watch};

pub(crate) struct Queue<R: Reach> {
    /// Callbacks that run once, by name.
    calls: BTreeMap<u64, Call<R>>,
    /// What runs next, by place.
    ready: BTreeMap<u64, Next>,
    /// Deadlines of callbacks; equal ones in the order of their making.
    timers: BTreeSet<(When, u64)>,
    watches: BTreeMap<u64, Watch<R>>,
    /// Which watch a descriptor's number has.
    sides: BTreeMap<Side, u64>,
    /// The watches that were ready when they were last looked at: they are looked at each turn.
    active: BTreeSet<u64>,
    /// Whether the loop is to end after this turn, or the next.
    pub(crate) is_stopping: bool,
    /// Whether somebody runs the loop.
    pub(crate) is_running: bool,
}

/// A callback that runs once.
struct Call<R: Reach> {
    callback: R::Once,
    origin: Origin,
    at: At,
}

/// Where a callback is.
#[derive(Clone, Copy)]
enum At {
    /// In the queue at this place.
    Ready(u64),
    /// Among the timers.
    Timer(When),
}

/// When a timer is due.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum When {
    At(Instant),
    /// Later than an instant can hold.
    Never,
}

/// What stands at a place of the queue.
#[derive(Clone, Copy)]
enum Next {
    Call(u64),
    Watch(u64),
}

/// What is to be run.
pub(crate) enum Due<R: Reach> {
    Once(R::Once, Origin),
    /// To be given back with [`Queue::put_back`].
    Each(u64, R::Each, Origin),
}

/// What is to be dropped, without the lock.
pub(crate) enum Gone<R: Reach> {
    Call(R::Once, Origin),
    Watch(Watch<R>),
}

impl<R: Reach> Gone<R> {
    /// Drops it here; a panic goes to the caller.
    pub(crate) fn drop_here(self) {
        match self {
            Gone::Call(callback, origin) => drop((callback, origin)),
            Gone::Watch(watch) => drop(watch),
        }
    }
}

impl<R: Reach> Queue<R> {
    pub(crate) fn new() -> Queue<R> {
        Queue {
            calls: BTreeMap::new(),
            ready: BTreeMap::new(),
            timers: BTreeSet::new(),
            watches: BTreeMap::new(),
            sides: BTreeMap::new(),
            active: BTreeSet::new(),
            is_stopping: false,
            is_running: false,
        }
    }

    /// Queues a callback at the end.
    pub(crate) fn add_soon(&mut self, name: u64, callback: R::Once, origin: Origin) {
        self.ready.insert(name, Next::Call(name));
        let at = At::Ready(name);
        self.calls.insert(
            name,
            Call {
                callback,
                origin,
                at,
            },
        );
    }

    /// Keeps a callback until its deadline, `None` for ever. Says whether that is the first of all.
    pub(crate) fn add_timer(
        &mut self,
        name: u64,
        deadline: Option<Instant>,
        callback: R::Once,
        origin: Origin,
    ) -> bool {
        let when = deadline.map_or(When::Never, When::At);
        let at = At::Timer(when);
        let call = Call {
            callback,
            origin,
            at,
        };
        self.calls.insert(name, call);
        self.timers.insert((when, name));
        self.timers.first() == Some(&(when, name))
    }

    /// Takes a callback out, wherever it is.
    pub(crate) fn cancel_call(&mut self, name: u64) -> Option<Gone<R>> {
        let call = self.calls.remove(&name)?;
        match call.at {
            At::Ready(place) => drop(self.ready.remove(&place)),
            At::Timer(when) => drop(self.timers.remove(&(when, name))),
        }
        Some(Gone::Call(call.callback, call.origin))
    }

    pub(crate) fn has_call(&self, name: u64) -> bool {
        self.calls.contains_key(&name)
    }

    /// The first deadline.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.timers.first()? {
            (When::At(deadline), _) => Some(*deadline),
            (When::Never, _) => None,
        }
    }

    /// Queues the callback with the first deadline if that has come; `place` says where. Says whether there was one.
    pub(crate) fn move_due(&mut self, now: Instant, place: impl FnOnce() -> u64) -> bool {
        let first = self.timers.first().copied();
        let Some((when, name)) = first.filter(|(when, _)| *when <= When::At(now)) else {
            return false;
        };
        self.timers.remove(&(when, name));
        let place = place();
        self.ready.insert(place, Next::Call(name));
        if let Some(call) = self.calls.get_mut(&name) {
            call.at = At::Ready(place);
        }
        true
    }

    /// The watch of a descriptor's side.
    pub(crate) fn watch_of(&self, side: Side) -> Option<&Watch<R>> {
        self.watches.get(self.sides.get(&side)?)
    }

    /// Adds a watch. Returns the one that it replaces.
    pub(crate) fn add_watch(&mut self, name: u64, watch: Watch<R>) -> Option<Gone<R>> {
        let before = self.sides.insert(watch.side, name);
        let before = before.and_then(|before| self.take_watch(before));
        self.watches.insert(name, watch);
        before.map(Gone::Watch)
    }

    /// Ends a watch. A callback of it that is queued will not run.
    pub(crate) fn cancel_watch(&mut self, name: u64) -> Option<Gone<R>> {
        let watch = self.take_watch(name)?;
        self.sides.remove(&watch.side);
        Some(Gone::Watch(watch))
    }

    /// Ends the watch of a descriptor's side.
    pub(crate) fn cancel_side(&mut self, side: Side) -> Option<Gone<R>> {
        let name = *self.sides.get(&side)?;
        self.cancel_watch(name)
    }

    pub(crate) fn has_watch(&self, name: u64) -> bool {
        self.watches.contains_key(&name)
    }

    fn take_watch(&mut self, name: u64) -> Option<Watch<R>> {
        let watch = self.watches.remove(&name)?;
        self.active.remove(&name);
        if let Some(place) = watch.place {
            self.ready.remove(&place);
        }
        Some(watch)
    }

    /// Takes the watches that were ready last time.
    pub(crate) fn take_active(&mut self) -> BTreeSet<u64> {
        mem::take(&mut self.active)
    }

    pub(crate) fn watch(&self, name: u64) -> Option<&Watch<R>> {
        self.watches.get(&name)
    }

    /// Queues the callback of a watch whose descriptor is ready; `place` says where.
    pub(crate) fn queue_watch(&mut self, name: u64, place: u64) {
        if let Some(watch) = self.watches.get_mut(&name) {
            self.active.insert(name);
            // It is there already if the loop was dropped in the middle of a turn.
            if watch.place.is_none() && watch.callback.is_some() {
                watch.place = Some(place);
                self.ready.insert(place, Next::Watch(name));
            }
        }
    }

    /// The first place of the queue.
    pub(crate) fn first(&self) -> Option<u64> {
        self.ready.keys().next().copied()
    }

    /// Takes what stands at a place; nothing if it was cancelled meanwhile.
    pub(crate) fn take(&mut self, place: u64) -> Option<Due<R>> {
        match self.ready.remove(&place)? {
            Next::Call(name) => {
                let call = self.calls.remove(&name)?;
                Some(Due::Once(call.callback, call.origin))
            }
            Next::Watch(name) => {
                let watch = self.watches.get_mut(&name)?;
                watch.place = None;
                let (callback, origin) = watch.callback.take()?;
                Some(Due::Each(name, callback, origin))
            }
        }
    }

    /// Gives the callback of a watch back after it ran.
    ///
    /// # Errors
    ///
    /// Returns it if the watch has ended or was replaced meanwhile.
    pub(crate) fn put_back(
        &mut self,
        name: u64,
        callback: R::Each,
        origin: Origin,
    ) -> Result<(), (R::Each, Origin)> {
        match self.watches.get_mut(&name) {
            Some(watch) => {
                watch.callback = Some((callback, origin));
                Ok(())
            }
            None => Err((callback, origin)),
        }
    }

    /// Says whether the next turn has something to do at once.
    pub(crate) fn has_work(&self) -> bool {
        !self.ready.is_empty() || !self.active.is_empty() || self.is_stopping
    }

    /// Takes everything out.
    pub(crate) fn clear(&mut self) -> Vec<Gone<R>> {
        self.ready.clear();
        self.timers.clear();
        self.sides.clear();
        self.active.clear();
        let calls = mem::take(&mut self.calls).into_values();
        let watches = mem::take(&mut self.watches).into_values();
        calls
            .map(|call| Gone::Call(call.callback, call.origin))
            .chain(watches.map(Gone::Watch))
            .collect()
    }

    /// How many callbacks run soon, at a deadline, and each time a descriptor is ready.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        let timers = self.timers.len();
        (self.calls.len() - timers, timers, self.watches.len())
    }
}
