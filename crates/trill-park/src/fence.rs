//! Two fences of which one is free, because the other one is dear.
//!
//! Two threads that each write one word and then read the other's need a full fence in between, in both. Where one of them
//! does so millions of times and the other hardly ever, the frequent one takes a [`light_fence`], which only keeps the
//! compiler from changing the order, and the rare one a [`heavy_fence`], which makes the processors of all threads pass a
//! full one: 17 µs with two of them. The system is asked for it when the attendant starts, by a thread that ends once it has
//! answered; until then, and where the system has none, [`has_heavy_fence`] is `false`.
//!
//! After D. Goldblatt, "Asymmetric Fences", P1202 of the C++ committee (2018).

use std::sync::atomic::{AtomicBool, Ordering, compiler_fence};

use crate::sys::barrier;

/// Whether the system lets a thread make all others pass a fence.
static HAS_HEAVY: AtomicBool = AtomicBool::new(false);

/// Says whether [`heavy_fence`] can be made in this process. It may become `true` later, and `false` again.
///
/// # Examples
///
/// See [`heavy_fence`].
#[inline]
pub fn has_heavy_fence() -> bool {
    // Relaxed: nothing is read that `prepare` has written.
    cfg!(loom) || HAS_HEAVY.load(Ordering::Relaxed)
}

/// The frequent side's fence: orders what the caller wrote before it against what it reads after it, towards threads that
/// make a [`heavy_fence`] in between. It costs nothing.
///
/// # Examples
///
/// See [`heavy_fence`].
#[inline]
pub fn light_fence() {
    #[cfg(loom)]
    loom::sync::atomic::fence(Ordering::SeqCst);
    // SeqCst: pairs with `heavy_fence`, which makes the processor's part.
    compiler_fence(Ordering::SeqCst);
}

/// The rare side's fence; returns `false` if the system refuses it, and then nothing is ordered.
///
/// # Examples
///
/// A flag that is raised often and asked for seldom. If both sides do this, at least one sees the other:
///
/// ```
/// use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
/// use trill_park::{has_heavy_fence, heavy_fence, light_fence};
///
/// static BUSY: AtomicBool = AtomicBool::new(false);
/// static WANTED: AtomicBool = AtomicBool::new(false);
///
/// // Often:
/// BUSY.store(true, Relaxed);
/// light_fence();
/// let is_wanted = WANTED.load(Relaxed);
///
/// // Seldom, in another thread:
/// if has_heavy_fence() {
///     WANTED.store(true, Relaxed);
///     let is_busy = heavy_fence() && BUSY.load(Relaxed);
/// }
/// # let _ = is_wanted;
/// ```
#[cold]
#[must_use]
pub fn heavy_fence() -> bool {
    #[cfg(loom)]
    // SeqCst: pairs with that in `light_fence`.
    loom::sync::atomic::fence(Ordering::SeqCst);
    let passed = cfg!(loom) || barrier::everywhere();
    if !passed {
        // A filter of system calls may have been set meanwhile.
        HAS_HEAVY.store(false, Ordering::Relaxed);
    }
    passed
}

/// Asks the system for heavy fences, in a thread of its own: where threads run already it takes 5 to 20 ms, in which nobody
/// would look after them.
pub(crate) fn prepare() {
    if barrier::EXISTS {
        // Without a thread there are no heavy fences.
        let _ = trill_world::start_thread("trill-fence", prepare_here);
    }
}

/// As [`prepare`], and waits for the answer.
fn prepare_here() {
    HAS_HEAVY.store(barrier::prepare(), Ordering::Relaxed);
}

#[cfg(all(test, not(loom)))]
#[allow(clippy::disallowed_methods)] // Threads of the test itself, in no world.
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;

    #[test]
    fn one_of_two_sees_the_other() {
        prepare_here();
        if !has_heavy_fence() {
            assert!(!heavy_fence());
            return;
        }
        let words = [AtomicU32::new(0), AtomicU32::new(0)];
        let seen = [AtomicU32::new(0), AtomicU32::new(0)];
        let ended = [AtomicU32::new(0), AtomicU32::new(0)];
        let trips = 1_000;
        std::thread::scope(|scope| {
            for me in 0..2 {
                let (words, seen, ended) = (&words, &seen, &ended);
                scope.spawn(move || {
                    for trip in 1..=trips {
                        // Both at about the same time.
                        while ended[1 - me].load(Ordering::Acquire) < trip - 1 {
                            std::thread::yield_now();
                        }
                        words[me].store(trip, Ordering::Relaxed);
                        match me {
                            0 => light_fence(),
                            _ => assert!(heavy_fence()),
                        }
                        let other = words[1 - me].load(Ordering::Relaxed);
                        seen[me].store(other, Ordering::Relaxed);
                        ended[me].store(trip, Ordering::Release);
                        while ended[1 - me].load(Ordering::Acquire) < trip {
                            std::thread::yield_now();
                        }
                        // What the other one saw stays until this one begins the next trip.
                        let their = seen[1 - me].load(Ordering::Relaxed);
                        assert!(other == trip || their >= trip, "neither saw the other");
                    }
                });
            }
        });
    }
}
