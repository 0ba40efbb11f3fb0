//! What a poll leaves for the step that ends it.
//!
//! A task that waits clones its waker for whatever it waits for, and often drops it again in a later poll. Both would be an
//! atomic read-modify-write of the task's state word, which takes 7 to 9 ns, while the same thread is about to change
//! that word anyway. So they are counted here and brought to the word together.

use std::cell::Cell;

use super::word::{BIAS, REF};

/// What a poll leaves for the step that ends it.
#[derive(Debug, Default)]
pub(crate) struct Tab {
    /// Whether the poll is going on, in which references may be counted here.
    is_open: Cell<bool>,
    /// References that were counted here less those that were given back here, in units of `REF`.
    references: Cell<isize>,
    /// Whether the task asked for its next turn.
    has_yielded: Cell<bool>,
}

impl Tab {
    /// Begins a poll.
    #[inline]
    pub(super) fn open(&self) {
        self.is_open.set(true);
        self.references.set(0);
        self.has_yielded.set(false);
    }

    /// Ends a poll; returns what is to be added to the word, with wrapping.
    #[inline]
    pub(super) fn close(&self) -> usize {
        self.is_open.set(false);
        self.references.get().wrapping_mul(REF as isize) as usize
    }

    /// Counts `change` references to the task that is being polled; `false` if they must be counted in the word.
    #[inline]
    pub(crate) fn count(&self, change: isize) -> bool {
        let after = self.references.get() + change;
        let may = self.is_open.get() && after.unsigned_abs() < COUNT_MAX;
        if may {
            self.references.set(after);
        }
        may
    }

    /// Notes that the task asks for its next turn; `false` if no poll is going on.
    #[inline]
    pub(crate) fn note_yield(&self) -> bool {
        self.has_yielded.set(true);
        self.is_open.get()
    }

    /// Says whether the task asked for its next turn.
    #[inline]
    pub(super) fn has_yielded(&self) -> bool {
        self.has_yielded.get()
    }
}

/// Half the bias is left for what other threads give back before the poll ends.
const COUNT_MAX: usize = BIAS / REF / 2;
