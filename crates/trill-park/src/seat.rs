//! Where one call of `block_on` waits: calls nest, and each has a waker of its own.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::parker::{Parker, Place};
use crate::thread::Thread;

/// Where one call of `block_on` waits.
#[derive(Debug, Default)]
pub(crate) struct Seat {
    pub(crate) parker: Parker,
    owner: OnceLock<&'static Thread>,
}

impl Seat {
    /// Makes the call poll its future once more, rousing its thread if it is parked here.
    #[inline]
    pub(crate) fn unpark(&self) {
        match self.parker.unpark() {
            Place::Running => {}
            place => {
                if let Some(owner) = self.owner.get() {
                    owner.rouse(place);
                }
            }
        }
    }
}

/// The seats of a thread, one for each level of nesting.
#[derive(Debug)]
pub(crate) struct Seats {
    /// The seat of the outermost call.
    first: Seat,
    /// Those of calls inside it, made on first use and kept.
    inner: [OnceLock<Box<Seat>>; LEVELS_MAX - 1],
    /// Which call runs; written by the thread itself.
    level: AtomicUsize,
}

impl Default for Seats {
    fn default() -> Seats {
        Seats {
            first: Seat::default(),
            inner: [const { OnceLock::new() }; LEVELS_MAX - 1],
            level: AtomicUsize::new(0),
        }
    }
}

impl Seats {
    /// The seat of the innermost call.
    #[inline]
    pub(crate) fn current(&self) -> &Seat {
        // Relaxed: only the thread itself needs the exact answer, and it wrote the level.
        match self.level.load(Ordering::Relaxed) {
            0 => &self.first,
            level => self.inner(level),
        }
    }

    /// How deep the innermost call lies in others.
    pub(crate) fn level(&self) -> usize {
        self.level.load(Ordering::Relaxed)
    }

    #[cold]
    fn inner(&self, level: usize) -> &Seat {
        let slot = &self.inner[level.min(LEVELS_MAX - 1) - 1];
        slot.get_or_init(|| {
            let seat = Box::<Seat>::default();
            // Whoever unparked the thread while this seat was not there yet is heard so.
            seat.parker.unpark();
            seat
        })
    }

    /// Begins an inner call.
    pub(crate) fn enter_inner(&self) {
        self.level
            .store(self.level.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// Ends an inner call.
    pub(crate) fn leave_inner(&self) {
        let level = self.level.load(Ordering::Relaxed);
        self.level.store(level - 1, Ordering::Relaxed);
        if level >= LEVELS_MAX {
            // The two calls share a seat, and the inner one has eaten the outer one's notifications.
            self.current().parker.unpark();
        }
    }

    /// The seat of the innermost call, with its thread known to it.
    pub(crate) fn claim(&self, owner: &'static Thread) -> &Seat {
        let seat = self.current();
        seat.owner.get_or_init(|| owner);
        seat
    }

    /// Unparks every call of the thread: whoever asks for the thread does not know which one waits.
    #[inline]
    pub(crate) fn unpark_all(&self) {
        self.first.unpark();
        for seat in &self.inner {
            match seat.get() {
                Some(seat) => seat.unpark(),
                None => break,
            }
        }
    }
}

/// Calls nested deeper than this share the last seat, which costs them spurious polls.
const LEVELS_MAX: usize = 8;
