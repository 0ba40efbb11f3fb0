//! Atomics and a cell from the standard library, or from loom when a model runs.

#[cfg(not(loom))]
mod chosen {
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    use std::time::Duration;

    /// A cell with the shape of loom's, which checks each access.
    #[derive(Debug, Default)]
    pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        pub(crate) fn new(value: T) -> UnsafeCell<T> {
            UnsafeCell(std::cell::UnsafeCell::new(value))
        }

        /// Runs `with` on the address, for reading.
        #[inline]
        pub(crate) fn with<R>(&self, with: impl FnOnce(*const T) -> R) -> R {
            with(self.0.get())
        }

        /// Runs `with` on the address, for writing.
        #[inline]
        pub(crate) fn with_mut<R>(&self, with: impl FnOnce(*mut T) -> R) -> R {
            with(self.0.get())
        }
    }

    /// Lets a lock's holder go on: first on another core, then on this one, then whatever its priority.
    #[cold]
    pub(crate) fn relax(tries: u32) {
        if tries < SPINS {
            std::hint::spin_loop();
        } else if tries < SPINS + YIELDS {
            std::thread::yield_now();
        } else {
            // No wait of the program: the holder is somewhere between two lines.
            #[allow(clippy::disallowed_methods)]
            std::thread::sleep(NAP);
        }
    }

    /// As long as a lock is usually held.
    const SPINS: u32 = 64;

    /// Enough for every other thread of the core to have had its turn.
    const YIELDS: u32 = 256;

    /// Shorter than the lateness of a timer.
    const NAP: Duration = Duration::from_micros(20);
}

#[cfg(loom)]
mod chosen {
    pub(crate) use loom::cell::UnsafeCell;
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    pub(crate) fn relax(_tries: u32) {
        loom::thread::yield_now();
    }
}

pub(crate) use chosen::{AtomicBool, AtomicU64, Ordering, UnsafeCell, relax};
