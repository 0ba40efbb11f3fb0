//! The second and later waiters of a queue: a doubly linked list in a slab, behind the queue's mutex.

use std::task::Waker;

use super::word::{LISTED, listed};

/// The waiters that did not find the slot free.
#[derive(Debug)]
pub(crate) struct Overflow {
    entries: Vec<Entry>,
    /// First and last of those that wait, or [`NONE`].
    front: u32,
    back: u32,
    /// First of the unused entries, linked by `next`, or [`NONE`].
    unused: u32,
    /// Memory for a notifier's list of wakers.
    spare: Vec<Waker>,
}

/// Which end of the list a waiter joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Front,
    Back,
}

/// What a waiter was when it left.
#[derive(Debug)]
pub(crate) struct Left {
    /// It was still waiting.
    pub(crate) waited: bool,
    /// It had been notified alone, so that its turn is to be passed on.
    pub(crate) turn: bool,
    /// Dropped by the caller after unlocking.
    _waker: Option<Waker>,
}

/// A waiter, or an unused place for one.
#[derive(Debug)]
struct Entry {
    state: State,
    waker: Option<Waker>,
    weight: u32,
    prev: u32,
    next: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unused,
    Waiting,
    /// Out of the list, until its ticket notices.
    Notified,
    /// The same, without a turn to pass on.
    Broadcast,
}

impl Overflow {
    /// Makes an empty list.
    pub(crate) fn new() -> Overflow {
        Overflow {
            entries: Vec::new(),
            front: NONE,
            back: NONE,
            unused: NONE,
            spare: Vec::new(),
        }
    }

    /// Adds a waiter and returns its key.
    ///
    /// # Panics
    ///
    /// With 2^24 - 1 waiters in the list.
    pub(crate) fn insert(&mut self, end: End, weight: u32, waker: Waker) -> u32 {
        let key = self.unused_entry();
        let (prev, next) = match end {
            End::Front => (NONE, self.front),
            End::Back => (self.back, NONE),
        };
        self.entries[key as usize] = Entry {
            state: State::Waiting,
            waker: Some(waker),
            weight,
            prev,
            next,
        };
        self.link(prev, next, key, key);
        key
    }

    /// Takes a waiter out; its key is free then.
    pub(crate) fn remove(&mut self, key: u32) -> Left {
        let state = self.entries[key as usize].state;
        debug_assert_ne!(state, State::Unused, "a ticket's entry is in use");
        if state == State::Waiting {
            self.unlink(key);
        }
        let unused = self.unused;
        let entry = &mut self.entries[key as usize];
        entry.state = State::Unused;
        entry.next = unused;
        self.unused = key;
        Left {
            waited: state == State::Waiting,
            turn: state == State::Notified,
            _waker: entry.waker.take(),
        }
    }

    /// The weight of the first who waits.
    pub(crate) fn front_weight(&self) -> Option<u32> {
        (self.front != NONE).then(|| self.entries[self.front as usize].weight)
    }

    /// Notifies the first who waits; the caller knows that there is one.
    pub(crate) fn notify_front(&mut self, broadcast: bool) -> Option<Waker> {
        let key = self.front;
        self.unlink(key);
        let entry = &mut self.entries[key as usize];
        entry.state = if broadcast {
            State::Broadcast
        } else {
            State::Notified
        };
        entry.waker.take()
    }

    /// Whether the waiter was notified.
    pub(crate) fn is_notified(&self, key: u32) -> bool {
        self.entries[key as usize].state != State::Waiting
    }

    /// The waker of a waiter.
    pub(crate) fn waker(&self, key: u32) -> Option<&Waker> {
        self.entries[key as usize].waker.as_ref()
    }

    /// Replaces the waker of a waiter and returns the old one.
    pub(crate) fn replace_waker(&mut self, key: u32, waker: Waker) -> Option<Waker> {
        self.entries[key as usize].waker.replace(waker)
    }

    /// Lends memory for wakers.
    pub(crate) fn take_spare(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.spare)
    }

    /// Keeps memory for wakers, which is empty.
    pub(crate) fn keep_spare(&mut self, spare: Vec<Waker>) {
        if spare.capacity() > self.spare.capacity() {
            self.spare = spare;
        }
    }

    /// Finds an unused entry, or makes one.
    fn unused_entry(&mut self) -> u32 {
        if self.unused != NONE {
            let key = self.unused;
            self.unused = self.entries[key as usize].next;
            return key;
        }
        let key = self.entries.len();
        assert!(
            key < WAITERS_MAX,
            "more than 2^24 futures wait for one lock or channel"
        );
        self.entries.push(Entry {
            state: State::Unused,
            waker: None,
            weight: 0,
            prev: NONE,
            next: NONE,
        });
        key as u32
    }

    /// Takes a waiting entry out of the list.
    fn unlink(&mut self, key: u32) {
        let Entry { prev, next, .. } = self.entries[key as usize];
        self.link(prev, next, next, prev);
    }

    /// Makes `after` follow `prev`, and `before` precede `next`.
    fn link(&mut self, prev: u32, next: u32, after: u32, before: u32) {
        match prev {
            NONE => self.front = after,
            prev => self.entries[prev as usize].next = after,
        }
        match next {
            NONE => self.back = before,
            next => self.entries[next as usize].prev = before,
        }
    }
}

/// Stands for "no entry".
const NONE: u32 = u32::MAX;

/// How many the queue's word can count.
const WAITERS_MAX: usize = listed(LISTED);
