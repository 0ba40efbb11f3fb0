//! The lock inside [`RwLock`](crate::RwLock): many readers, one of which may be upgradable, or one writer.
//!
//! # States
//!
//! | bits | name | meaning |
//! | --- | --- | --- |
//! | 0 | `WRITER` | a writer is inside, alone |
//! | 1 | `UPGRADABLE` | an upgradable reader is inside |
//! | 2 | `UPGRADING` | it waits until it is alone; nobody else is let in |
//! | 3… | readers | plain readers inside |
//!
//! # Transitions
//!
//! 1. In and out: by the queue in `lock/fifo.rs`, in order of arrival, so a writer is not passed by later readers.
//! 2. `UPGRADABLE`, alone → `WRITER` by its holder. If it is not alone it sets `UPGRADING` and waits in a queue of its
//!    own; the last reader to leave wakes it.
//! 3. `WRITER` → `UPGRADABLE` or a reader, `UPGRADABLE` → a reader, by the holder, who then serves the queue.
//!
//! # Tested by
//!
//! loom: `tests/loom_lock_rwlock.rs`.

use std::task::{Context, Poll};

use crate::leaf::note_unlock;
use crate::lock::fifo::{Fifo, Gate};
use crate::primitive::{AtomicUsize, Ordering, const_fn, fence_for_loom};
use crate::waiters::{Ticket, Waiters};

/// A lock without the data.
#[derive(Debug)]
pub(crate) struct RawRwLock {
    door: Fifo<Sharing>,
}

/// Who is inside.
#[derive(Debug)]
struct Sharing {
    state: AtomicUsize,
    /// Holds the upgradable reader while it is upgrading.
    upgrader: Waiters,
}

/// An upgrade that has begun.
#[derive(Debug, Default)]
pub(crate) struct Upgrading {
    ticket: Ticket,
    announced: bool,
}

impl RawRwLock {
    const_fn! {
        /// Makes an unlocked one.
        pub(crate) const fn new() -> RawRwLock {
            RawRwLock {
                door: Fifo {
                    gate: Sharing {
                        state: AtomicUsize::new(0),
                        upgrader: Waiters::new(),
                    },
                    waiters: Waiters::new(),
                },
            }
        }
    }

    /// Enters as what is asked for, if that is possible and nobody waits.
    #[inline]
    pub(crate) fn try_enter(&self, ask: u32) -> bool {
        self.door.try_enter(ask)
    }

    /// Enters as what is asked for, or waits.
    #[inline]
    pub(crate) fn poll_enter(
        &self,
        ticket: &mut Ticket,
        ask: u32,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        self.door.poll_enter(ticket, ask, cx)
    }

    /// Gives up waiting.
    #[inline]
    pub(crate) fn cancel(&self, ticket: &mut Ticket, ask: u32) {
        self.door.cancel(ticket, ask);
    }

    /// Leaves as what was entered as.
    #[inline]
    pub(crate) fn leave(&self, ask: u32) {
        note_unlock(self);
        self.door.leave(ask);
    }

    /// Transition 3: turns the caller, who is inside, from one thing into another.
    #[inline]
    pub(crate) fn become_other(&self, from: u32, to: u32) {
        let change = unit(to).wrapping_sub(unit(from));
        // SeqCst: Release pairs with the Acquire of those it lets in; the rest is the order that `lock/fifo.rs` asks for.
        self.door.gate.state.fetch_add(change, Ordering::SeqCst);
        self.door.serve();
    }

    /// Transition 2, if the caller, the upgradable reader, is alone.
    #[inline]
    pub(crate) fn try_upgrade(&self) -> bool {
        self.door.gate.upgrade_from(UPGRADABLE_HELD)
    }

    /// Transition 2, or waits until the caller is alone.
    pub(crate) fn poll_upgrade(&self, upgrading: &mut Upgrading, cx: &mut Context<'_>) -> Poll<()> {
        let gate = &self.door.gate;
        if !upgrading.announced {
            if self.try_upgrade() {
                return Poll::Ready(());
            }
            // SeqCst: pairs with the load in `settle`, which a reader does after it has left.
            gate.state.fetch_or(UPGRADING, Ordering::SeqCst);
            upgrading.announced = true;
        }
        loop {
            if gate.upgrade_from(UPGRADABLE_HELD | UPGRADING) {
                gate.upgrader.remove(&mut upgrading.ticket);
                return Poll::Ready(());
            }
            if !gate.upgrader.register(&mut upgrading.ticket, cx.waker()) {
                break;
            }
        }
        fence_for_loom();
        if gate.upgrade_from(UPGRADABLE_HELD | UPGRADING) {
            gate.upgrader.remove(&mut upgrading.ticket);
            return Poll::Ready(());
        }
        Poll::Pending
    }

    /// Gives up an upgrade that is not finished, and leaves.
    pub(crate) fn cancel_upgrade(&self, upgrading: &mut Upgrading) {
        let gate = &self.door.gate;
        gate.upgrader.remove(&mut upgrading.ticket);
        // SeqCst: as in `put_back`.
        gate.state
            .fetch_and(!(UPGRADABLE_HELD | UPGRADING), Ordering::SeqCst);
        self.door.serve();
    }

    /// How many wait to enter, and to upgrade.
    #[inline]
    pub(crate) fn waiters(&self) -> usize {
        self.door.waiters.len() + self.door.gate.upgrader.len()
    }

    /// How many readers are inside, upgradable or not.
    #[inline]
    pub(crate) fn readers(&self) -> usize {
        let state = self.door.gate.state.load(Ordering::Relaxed);
        state / READER + usize::from(state & UPGRADABLE_HELD != 0)
    }

    /// Whether a writer is inside.
    #[inline]
    pub(crate) fn has_writer(&self) -> bool {
        self.door.gate.state.load(Ordering::Relaxed) & WRITER != 0
    }
}

impl Sharing {
    /// Makes the upgradable reader a writer if the state is exactly this.
    fn upgrade_from(&self, state: usize) -> bool {
        // SeqCst: Acquire pairs with the Release of the readers that left; the rest is the order that `waiters.rs` asks
        // for.
        self.state
            .compare_exchange(state, WRITER, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok()
    }
}

impl Gate for Sharing {
    #[inline]
    fn take(&self, ask: u32) -> bool {
        let in_the_way = in_the_way(ask);
        // SeqCst: Acquire pairs with the Release of `put_back` and `become_other`; the rest is the order that
        // `lock/fifo.rs` asks for.
        self.state
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |state| {
                (state & in_the_way == 0).then(|| state + unit(ask))
            })
            .is_ok()
    }

    #[inline]
    fn has(&self, ask: u32) -> bool {
        // SeqCst: the order that `lock/fifo.rs` asks for.
        self.state.load(Ordering::SeqCst) & in_the_way(ask) == 0
    }

    #[inline]
    fn put_back(&self, ask: u32) {
        // SeqCst: Release pairs with the Acquire of `take` and `upgrade_from`; the rest is the order that `lock/fifo.rs`
        // asks for.
        self.state.fetch_sub(unit(ask), Ordering::SeqCst);
    }

    #[inline]
    fn settle(&self) {
        fence_for_loom();
        // SeqCst: the second half of what a reader that leaves does; pairs with `poll_upgrade`.
        if self.state.load(Ordering::SeqCst) == UPGRADABLE_HELD | UPGRADING {
            self.upgrader.notify_one_unfenced();
        }
    }
}

/// What keeps somebody out.
#[inline]
fn in_the_way(ask: u32) -> usize {
    match ask {
        READ => WRITER | UPGRADING | READERS_FULL,
        UPGRADABLE => WRITER | UPGRADING | UPGRADABLE_HELD,
        _ => !0,
    }
}

/// What somebody who is inside adds to the state.
#[inline]
fn unit(ask: u32) -> usize {
    match ask {
        READ => READER,
        UPGRADABLE => UPGRADABLE_HELD,
        _ => WRITER,
    }
}

/// What can be asked for.
pub(crate) const READ: u32 = 1;
pub(crate) const UPGRADABLE: u32 = 2;
pub(crate) const WRITE: u32 = 3;

const WRITER: usize = 1;
const UPGRADABLE_HELD: usize = 1 << 1;
const UPGRADING: usize = 1 << 2;
const READER: usize = 1 << 3;
/// Set when half of all countable readers are inside, which only leaked guards can bring about; more have to wait.
const READERS_FULL: usize = 1 << (usize::BITS - 1);
