//! Where a signal handler finds the listeners.
//!
//! A handler may take no lock, so the nodes form a list that only grows and are never freed: one that its listener has
//! left waits for the next listener. There are as many as there were listeners at once.
//!
//! | field | written by | read by |
//! | --- | --- | --- |
//! | `next` | who makes the following node, once, under the lock of `FREE` | everybody |
//! | `program`, `default` | the listener that has the node | handlers |
//! | `heard` | handlers; cleared by the listener that takes the node | handlers |
//! | `pending` | handlers set bits, the listener takes all of them | both |
//! | `bell`, `ear` | never | handlers send, the listener receives from a copy of `ear` |
//!
//! 1. A handler that finds its bit in `program` (or else in `default`) sets it in `pending`, and rings if `pending` was 0.
//! 2. The listener takes `pending`. If it is 0 the listener empties its socket and looks at `pending` again after each
//!    byte, before it waits. So a bit that was set while it looked has its byte still to come.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use trill_reactor::Async;

use super::{bell, bit};
use crate::sys::Role;

/// A listener as the handlers see it.
#[derive(Debug)]
pub(super) struct Node {
    /// The process it was made in. A child made by `fork` shares the socket, and must not ring at its parent's.
    made_in: u32,
    next: OnceLock<&'static Node>,
    /// The signals it hears in any case.
    program: AtomicU64,
    /// The signals it hears if nobody hears them in any case.
    default: AtomicU64,
    /// Whether it heard one of `default`.
    heard: AtomicBool,
    /// The signals that came since its listener looked.
    pending: AtomicU64,
    bell: UnixStream,
    ear: UnixStream,
}

/// Who heard a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// At least one listener.
    Somebody,
    /// Nobody.
    Nobody,
    /// A default listener that had heard one before.
    Again,
}

impl Node {
    /// Takes a node that nobody has, or makes one.
    pub(super) fn acquire() -> io::Result<&'static Node> {
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        free.retain(|node| node.is_here());
        if let Some(node) = free.pop() {
            return Ok(node);
        }
        // The door makes the sockets, and refuses them in a simulated world.
        let (bell, ear) = Async::<UnixStream>::pair()?;
        let node: &'static Node = Box::leak(Box::new(Node {
            made_in: trill_world::forks(),
            next: OnceLock::new(),
            program: AtomicU64::new(0),
            default: AtomicU64::new(0),
            heard: AtomicBool::new(false),
            pending: AtomicU64::new(0),
            bell: bell.into_inner()?,
            ear: ear.into_inner()?,
        }));
        // The lock is held, so nobody else appends.
        let mut place = &HEAD;
        while let Some(last) = place.get() {
            place = &last.next;
        }
        let _ = place.set(node);
        Ok(node)
    }

    /// Says whether its listener is in this process, and not in one from which this one was forked.
    pub(super) fn is_here(&self) -> bool {
        self.made_in == trill_world::forks()
    }

    /// Makes the node hear `signals`.
    pub(super) fn listen(&self, signals: u64, role: Role) {
        // Relaxed here and below: the bits stand for nothing but themselves. A signal that another thread's handler
        // delivers before it sees them came before the listener was there.
        self.pending.store(0, Ordering::Relaxed);
        self.heard.store(false, Ordering::Relaxed);
        match role {
            Role::Program => self.program.store(signals, Ordering::Relaxed),
            Role::Default => self.default.store(signals, Ordering::Relaxed),
        }
    }

    /// Makes the node hear nothing.
    pub(super) fn stop_listening(&self) {
        self.program.store(0, Ordering::Relaxed);
        self.default.store(0, Ordering::Relaxed);
    }

    /// Leaves the node to the next listener.
    pub(super) fn release(&'static self) {
        FREE.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(self);
    }

    /// Takes the signals that came.
    pub(super) fn take(&self) -> u64 {
        // A load first: the listener of a runtime looks in every poll, and this writes to no shared line.
        if self.pending.load(Ordering::Relaxed) == 0 {
            return 0;
        }
        // A handler may have been on its way to the listener that had the node before.
        let all = self.program.load(Ordering::Relaxed) | self.default.load(Ordering::Relaxed);
        // Acquire: pairs with the Release in `ring`, so that what the sender did before is seen.
        self.pending.swap(0, Ordering::Acquire) & all
    }

    /// A descriptor to wait for; what comes there means nothing by itself.
    pub(super) fn ear(&self) -> io::Result<UnixStream> {
        self.ear.try_clone()
    }

    /// Notes a signal. Async-signal-safe.
    fn ring(&self, bit: u64) {
        // Release: pairs with the Acquire in `take`.
        if self.pending.fetch_or(bit, Ordering::Release) == 0 {
            // It cannot be full: there is one byte for each time the listener looked. Nor can it raise a signal: the
            // other end is never closed.
            bell::ring(&self.bell);
        }
    }
}

/// Tells the listeners of a signal. Async-signal-safe: it takes no lock and allocates nothing.
pub(super) fn deliver(number: i32) -> Heard {
    let bit = bit(number);
    let mut heard = Heard::Nobody;
    each(|node| {
        if node.program.load(Ordering::Relaxed) & bit != 0 {
            node.ring(bit);
            heard = Heard::Somebody;
        }
    });
    if heard == Heard::Somebody {
        return heard;
    }
    each(|node| {
        if node.default.load(Ordering::Relaxed) & bit == 0 {
            return;
        }
        // Relaxed: handlers of two threads agree by the swap alone who was first.
        match node.heard.swap(true, Ordering::Relaxed) {
            true => heard = Heard::Again,
            false => {
                node.ring(bit);
                if heard == Heard::Nobody {
                    heard = Heard::Somebody;
                }
            }
        }
    });
    heard
}

/// Visits all nodes of this process. A node is complete before it is in the list, so reading it takes no lock.
fn each(mut visit: impl FnMut(&'static Node)) {
    let mut place = &HEAD;
    while let Some(node) = place.get() {
        if node.is_here() {
            visit(node);
        }
        place = &node.next;
    }
}

/// The first node.
static HEAD: OnceLock<&'static Node> = OnceLock::new();

/// The nodes that nobody has. Its lock also orders those who append to the list.
static FREE: Mutex<Vec<&'static Node>> = Mutex::new(Vec::new());
