//! What the two halves of a oneshot channel share.
//!
//! # States
//!
//! | bit | set by | meaning |
//! | --- | --- | --- |
//! | `SENT` | sender, once | the value is there; it belongs to the receiver from now on |
//! | `DROPPED` | sender, once | there will be no value |
//! | `CLOSED` | receiver, once | no value may be sent any more |
//! | `RECEIVING` | receiver | the receiver's waker is in its cell |
//! | `CLOSING` | sender | the sender's waker is in its cell |
//!
//! # Transitions
//!
//! 1. *send*: none of `SENT`, `DROPPED`, `CLOSED` → `SENT`; if `RECEIVING` was set, wakes that waker.
//! 2. *drop of the sender*: → `DROPPED`; likewise.
//! 3. *close*: → `CLOSED`; if `CLOSING` was set and neither `SENT` nor `DROPPED`, wakes that waker.
//! 4. *wait*, by the receiver: `RECEIVING` off, waker written, `RECEIVING` on. It sees 1 or 2 in the last step, or
//!    else 1 or 2 see `RECEIVING`. The sender does the same with `CLOSING` and 3.
//!
//! # Who may touch what
//!
//! | cell | state | by |
//! | --- | --- | --- |
//! | value | before `SENT` | the sender |
//! | | after `SENT` | the receiver |
//! | a waker | its bit is off | its owner, to write |
//! | | its bit is on | both, to read; the other side reads it once, right after 1, 2 or 3 |
//!
//! # Tested by
//!
//! loom: `tests/loom_channel_oneshot.rs`.
#![allow(unsafe_code)] // The cells of the table above.

use std::mem::MaybeUninit;
use std::task::{Poll, Waker};

use crate::channel::error::TryRecvError;
use crate::primitive::{AtomicU32, Ordering, UnsafeCell};

/// The state of a oneshot channel.
pub(super) struct State<T> {
    bits: AtomicU32,
    value: UnsafeCell<MaybeUninit<T>>,
    receiver: UnsafeCell<Option<Waker>>,
    sender: UnsafeCell<Option<Waker>>,
}

// SAFETY: the value goes from the sender's thread to the receiver's and is never shared; wakers are `Send` and `Sync`.
// "Who may touch what" upholds this; `tests/loom_channel_oneshot.rs` would fail.
unsafe impl<T: Send> Send for State<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for State<T> {}

impl<T> State<T> {
    pub(super) fn new() -> State<T> {
        State {
            bits: AtomicU32::new(0),
            value: UnsafeCell::new(MaybeUninit::uninit()),
            receiver: UnsafeCell::new(None),
            sender: UnsafeCell::new(None),
        }
    }

    /// Transition 1; gives the value back if the receiver closed the channel. Called once, by the sender.
    pub(super) fn send(&self, value: T) -> Result<(), T> {
        self.value.with_mut(|place| {
            // SAFETY: before `SENT` the value is the sender's, and `Sender::send` takes the sender.
            // `tests/loom_channel_oneshot.rs` would fail.
            unsafe { (*place).write(value) };
        });
        let mut bits = self.bits.load(Ordering::Relaxed);
        loop {
            if bits & CLOSED != 0 {
                // SAFETY: it was written above, and `SENT` was never set.
                return Err(unsafe { self.take() });
            }
            // Release: publishes the value to the receiver's Acquire in `try_take` and `poll_take`. Acquire: pairs
            // with the Release in `wait`, for the receiver's waker.
            match self.bits.compare_exchange_weak(
                bits,
                bits | SENT,
                Ordering::AcqRel,
                Ordering::Relaxed,
            ) {
                Ok(_) => break,
                Err(now) => bits = now,
            }
        }
        if bits & RECEIVING != 0 {
            wake(&self.receiver);
        }
        Ok(())
    }

    /// Transition 2. Called by the sender if it did not send.
    pub(super) fn drop_sender(&self) {
        // AcqRel: as in `send`.
        let bits = self.bits.fetch_or(DROPPED, Ordering::AcqRel);
        if bits & (RECEIVING | CLOSED) == RECEIVING {
            wake(&self.receiver);
        }
    }

    /// Transition 3; returns whether a value had been sent before. Called by the receiver.
    pub(super) fn close(&self) -> bool {
        // Acquire: pairs with the Release in `send` for the value, and in `wait` for the sender's waker. Release: what
        // the receiver did before is seen by a sender that is refused.
        let bits = self.bits.fetch_or(CLOSED, Ordering::AcqRel);
        if bits & (CLOSING | SENT | DROPPED | CLOSED) == CLOSING {
            wake(&self.sender);
        }
        bits & SENT != 0
    }

    /// Takes the value if it is there. Called by the receiver until it got the value.
    pub(super) fn try_take(&self) -> Result<T, TryRecvError> {
        // Acquire: pairs with the Release in `send`.
        let bits = self.bits.load(Ordering::Acquire);
        if bits & SENT != 0 {
            // SAFETY: `SENT` is set, so the value is there and the receiver's, who takes it once
            // (`Receiver::received`). `tests/loom_channel_oneshot.rs` would fail.
            return Ok(unsafe { self.take() });
        }
        Err(if bits & (DROPPED | CLOSED) != 0 {
            TryRecvError::Closed
        } else {
            TryRecvError::Empty
        })
    }

    /// Takes the value or leaves the receiver's waker.
    pub(super) fn poll_take(&self, waker: &Waker) -> Poll<Result<T, TryRecvError>> {
        match self.try_take() {
            Err(TryRecvError::Empty) => {}
            done => return Poll::Ready(done),
        }
        if self.wait(RECEIVING, SENT | DROPPED, &self.receiver, waker) {
            Poll::Pending
        } else {
            Poll::Ready(self.try_take())
        }
    }

    /// Waits for the receiver to close the channel; leaves the sender's waker.
    pub(super) fn poll_closed(&self, waker: &Waker) -> Poll<()> {
        if self.is_closed() || !self.wait(CLOSING, CLOSED, &self.sender, waker) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Whether the receiver closed the channel or is gone.
    pub(super) fn is_closed(&self) -> bool {
        // Acquire: pairs with the Release in `close`.
        self.bits.load(Ordering::Acquire) & CLOSED != 0
    }

    /// Whether there will be no value: the sender is gone without one, or the receiver closed the channel before.
    pub(super) fn is_barren(&self) -> bool {
        let bits = self.bits.load(Ordering::Acquire);
        bits & SENT == 0 && bits & (DROPPED | CLOSED) != 0
    }

    /// Whether the value was sent.
    pub(super) fn is_sent(&self) -> bool {
        self.bits.load(Ordering::Acquire) & SENT != 0
    }

    /// Transition 4: leaves `waker` in the caller's own cell, unless a bit of `until` is set; returns whether it did.
    fn wait(&self, mine: u32, until: u32, cell: &UnsafeCell<Option<Waker>>, waker: &Waker) -> bool {
        let mut bits = self.bits.load(Ordering::Acquire);
        if bits & until != 0 {
            return false;
        }
        if bits & mine != 0 {
            let same = cell.with(|held| {
                // SAFETY: the bit is on, so nobody writes; only this side turns it off.
                // `tests/loom_channel_oneshot.rs` would fail.
                let held = unsafe { &*held };
                held.as_ref().is_some_and(|held| held.will_wake(waker))
            });
            if same {
                return true;
            }
        }
        // Cloned and dropped while no cell is borrowed: that is foreign code.
        let mut waker = Some(waker.clone());
        if bits & mine != 0 {
            // AcqRel: pairs with the other side's AcqRel; if that one came first, the cell is still its to read.
            bits = self.bits.fetch_and(!mine, Ordering::AcqRel);
            if bits & until != 0 {
                return false;
            }
        }
        cell.with_mut(|held| {
            // SAFETY: the bit is off, so the cell is this side's. `tests/loom_channel_oneshot.rs` would fail.
            let held = unsafe { &mut *held };
            std::mem::swap(held, &mut waker);
        });
        // Release: publishes the waker. Acquire: pairs with the Release in `send` and `close`.
        bits = self.bits.fetch_or(mine, Ordering::AcqRel);
        drop(waker);
        bits & until == 0
    }

    /// Moves the value out.
    ///
    /// # Safety
    ///
    /// The value was written, is the caller's, and is not taken again.
    unsafe fn take(&self) -> T {
        self.value.with_mut(|place| {
            // SAFETY: the caller says so.
            unsafe { place.cast::<T>().read() }
        })
    }
}

/// Wakes the waker that the other side left.
fn wake(cell: &UnsafeCell<Option<Waker>>) {
    cell.with(|held| {
        // SAFETY: its bit was on in the transition that lets this side read it, and the owner does not write after it.
        // `tests/loom_channel_oneshot.rs` would fail.
        let held = unsafe { &*held };
        if let Some(waker) = held {
            waker.wake_by_ref();
        }
    });
}

const SENT: u32 = 1;
const DROPPED: u32 = 2;
const CLOSED: u32 = 4;
const RECEIVING: u32 = 8;
const CLOSING: u32 = 16;
