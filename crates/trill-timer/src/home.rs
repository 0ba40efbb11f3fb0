//! The wheel of each parking thread, and how a timer finds the one of the thread that polls it.

use std::cell::Cell;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;
use std::time::{Duration, Instant};

use trill_park::{Due, Thread};
use trill_world::World;

use crate::slab::Key;
use crate::wheel::{Reset, Wheel};

/// A thread's wheel. It is never freed: a timer may point to it at any time.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) wheel: Wheel,
    thread: &'static Thread,
    /// The wheel's time zero.
    origin: Instant,
    /// Whether the thread's clock is the one of the operating system.
    is_os: bool,
    /// Whether the thread serves the wheel.
    is_served: AtomicBool,
}

/// Where an armed timer lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) home: &'static Home,
    pub(crate) key: Key,
}

impl Home {
    /// Returns the home of the thread that parks for the caller: this one inside `block_on`, else the attendant.
    #[inline]
    pub(crate) fn current() -> &'static Home {
        let thread = trill_park::thread();
        match LAST.get() {
            Some(home) if ptr::eq(home.thread, thread) => home,
            _ => Home::of(thread),
        }
    }

    /// Finds the home of `thread`, and keeps it for the next time.
    #[cold]
    fn of(thread: &'static Thread) -> &'static Home {
        let number = thread.index() + FIRST_BLOCK;
        let block = number.ilog2();
        let homes = BLOCKS[(block - FIRST_BLOCK.ilog2()) as usize].get();
        let home = match homes.and_then(|homes| homes[number - (1 << block)].get()) {
            Some(home) => home,
            None => Home::add(thread),
        };
        LAST.set(Some(home));
        home
    }

    /// Makes the home of a thread that has none yet.
    #[cold]
    fn add(thread: &'static Thread) -> &'static Home {
        let number = thread.index() + FIRST_BLOCK;
        let block = number.ilog2();
        let homes = BLOCKS[(block - FIRST_BLOCK.ilog2()) as usize]
            .get_or_init(|| (0..1 << block).map(|_| OnceLock::new()).collect());
        homes[number - (1 << block)].get_or_init(|| {
            // The attendant lives in the operating system's world, whichever world asks.
            let _os = thread.is_attendant().then(|| World::os().enter());
            Box::leak(Box::new(Home {
                wheel: Wheel::new(),
                thread,
                origin: trill_world::now(),
                is_os: World::current().is_os(),
                is_served: AtomicBool::new(false),
            }))
        })
    }

    /// Says whether the caller's clock is the one that fires this wheel.
    #[inline]
    pub(crate) fn is_in_this_world(&self) -> bool {
        self.is_os == World::current().is_os()
    }

    /// Makes sure that somebody fires the wheel. Returns `false` if the operating system refuses the attendant.
    ///
    /// # Panics
    ///
    /// In a simulated world outside the `block_on` that parks in it.
    #[inline]
    #[track_caller]
    pub(crate) fn is_served(&'static self) -> bool {
        assert!(
            self.is_in_this_world(),
            "in a simulated world, timers must be polled inside a trill_park::block_on that was called in that world"
        );
        // Relaxed: the thread's own list of what it serves is behind a lock; this only saves looking.
        self.is_served.load(Ordering::Relaxed) || self.serve()
    }

    #[cold]
    fn serve(&'static self) -> bool {
        let served = self.thread.serve(self).is_ok();
        self.is_served.store(served, Ordering::Relaxed);
        served
    }

    /// Arms a timer; for the current home. Gives the waker back if the deadline has passed.
    #[inline]
    pub(crate) fn arm(&'static self, deadline: Instant, waker: Waker) -> Result<Place, Waker> {
        let armed = self.wheel.arm(self.nanos(deadline), waker)?;
        // A thread that arms for itself looks at its wheel before it parks.
        if armed.notify && self.thread.is_attendant() {
            self.thread.unpark();
        }
        Ok(Place {
            home: self,
            key: armed.key,
        })
    }

    /// Counts a deadline in nanoseconds since the wheel's origin; beyond 584 years it saturates.
    #[inline]
    fn nanos(&self, deadline: Instant) -> u64 {
        let since = deadline.saturating_duration_since(self.origin);
        since
            .as_secs()
            .checked_mul(NANOS_PER_SEC)
            .and_then(|nanos| nanos.checked_add(u64::from(since.subsec_nanos())))
            .unwrap_or(u64::MAX)
            .min(LATEST)
    }
}

impl Due for Home {
    fn fire(&self, now: Instant) -> Option<Instant> {
        let next = self.wheel.fire(self.nanos(now))?;
        self.origin.checked_add(Duration::from_nanos(next))
    }

    fn retired(&self) {
        self.wheel.shrink();
    }
}

impl Place {
    /// Says whether this is in the given home.
    #[inline]
    pub(crate) fn is_in(&self, home: &'static Home) -> bool {
        ptr::eq(self.home, home)
    }

    /// Says, without a lock, that a timer with this deadline has fired; `false` means that it may have.
    #[inline]
    pub(crate) fn has_fired(&self, deadline: Instant) -> bool {
        self.home.wheel.has_passed(self.home.nanos(deadline))
    }

    /// Gives the timer a new deadline where it lies. Returns `false` if it is not there any more.
    pub(crate) fn reset(&self, deadline: Instant, here: &'static Home) -> bool {
        let nanos = self.home.nanos(deadline);
        match self.home.wheel.reset(self.key, nanos) {
            Reset::Done(notify) => {
                let is_own = self.is_in(here) && !here.thread.is_attendant();
                if notify && !is_own {
                    self.home.thread.unpark();
                }
                true
            }
            Reset::Due(waker) => {
                trill_park::wake(waker);
                false
            }
            Reset::Gone => false,
        }
    }
}

thread_local! {
    /// The home that was found last on this thread, nearly always the one that is wanted next.
    static LAST: Cell<Option<&'static Home>> = const { Cell::new(None) };
}

/// Homes by thread index, in blocks that double in size; block `n` begins at index `FIRST_BLOCK << n` less
/// `FIRST_BLOCK`.
static BLOCKS: [OnceLock<Box<[OnceLock<&'static Home>]>>; BLOCKS_MAX] =
    [const { OnceLock::new() }; BLOCKS_MAX];

/// Homes in the first block: as many threads as most programs have.
const FIRST_BLOCK: usize = 32;

/// Enough for every index that a word can count.
const BLOCKS_MAX: usize = usize::BITS as usize - 5;

const NANOS_PER_SEC: u64 = 1_000_000_000;

/// The latest deadline, 584 years after the origin; one below the largest number, which means never.
const LATEST: u64 = u64::MAX - 1;
