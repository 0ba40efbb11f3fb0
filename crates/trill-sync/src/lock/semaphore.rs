//! A number of permits, handed out in order of arrival.

use std::sync::{Arc, OnceLock};

use crate::lock::event::Event;
use crate::lock::fifo::Fifo;
use crate::lock::permits::Permits;
use crate::lock::semaphore_futures::{Acquire, AcquireArc};
use crate::lock::semaphore_guard::{SemaphoreGuard, SemaphoreGuardArc};
use crate::primitive::const_fn;
use crate::waiters::Waiters;

/// Limits how many tasks do something at a time.
///
/// Permits go strictly to those who came first: one that asks for many holds up those behind it, also those who ask for
/// fewer than there are. Permits that are available, held, and handed to waiters which have not run yet always add up
/// to those that were put in.
///
/// # Examples
///
/// ```
/// use trill_sync::Semaphore;
///
/// trill_park::block_on(async {
///     let desks = Semaphore::new(2);
///     let first = desks.acquire().await;
///     let _second = desks.acquire().await;
///     assert!(desks.try_acquire().is_none());
///     drop(first);
///     assert_eq!(desks.available_permits(), 1);
/// });
/// ```
#[derive(Debug)]
pub struct Semaphore {
    pub(crate) door: Fifo<Permits>,
    /// Set when the semaphore is closed; made when somebody closes it or waits for that, too.
    pub(crate) closing: OnceLock<Box<Event>>,
}

impl Semaphore {
    const_fn! {
        /// Makes a semaphore with `permits` permits.
        ///
        /// # Examples
        ///
        /// ```
        /// static DESKS: trill_sync::Semaphore = trill_sync::Semaphore::new(2);
        /// assert_eq!(DESKS.available_permits(), 2);
        /// ```
        pub const fn new(permits: usize) -> Semaphore {
            Semaphore {
                door: Fifo {
                    gate: Permits::new(permits),
                    waiters: Waiters::new(),
                },
                closing: OnceLock::new(),
            }
        }
    }

    /// Takes a permit, waiting for its turn.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future gives up its place; permits it had been handed go to the next.
    ///
    /// # Examples
    ///
    /// See [`Semaphore`].
    #[inline]
    pub fn acquire(&self) -> Acquire<'_> {
        self.acquire_many(1)
    }

    /// Takes `permits` permits at once, waiting for its turn.
    ///
    /// With more permits than the semaphore ever has, the future waits for ever, and so do those that come after it.
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Semaphore::acquire).
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::Semaphore;
    ///
    /// let desks = Semaphore::new(5);
    /// let guard = trill_park::block_on(desks.acquire_many(3));
    /// assert_eq!(desks.available_permits(), 2);
    /// drop(guard);
    /// assert_eq!(desks.available_permits(), 5);
    /// ```
    #[inline]
    pub fn acquire_many(&self, permits: u32) -> Acquire<'_> {
        Acquire::new(self, permits)
    }

    /// Takes a permit, blocking the thread until its turn.
    ///
    /// # Examples
    ///
    /// ```
    /// let desks = trill_sync::Semaphore::new(1);
    /// let _guard = desks.acquire_blocking();
    /// assert_eq!(desks.available_permits(), 0);
    /// ```
    #[track_caller]
    pub fn acquire_blocking(&self) -> SemaphoreGuard<'_> {
        trill_park::block_on(self.acquire())
    }

    /// Takes a permit if there is one and nobody waits.
    ///
    /// # Examples
    ///
    /// See [`Semaphore`].
    #[inline]
    pub fn try_acquire(&self) -> Option<SemaphoreGuard<'_>> {
        self.try_acquire_many(1)
    }

    /// Takes `permits` permits if there are as many and nobody waits.
    ///
    /// # Examples
    ///
    /// ```
    /// let desks = trill_sync::Semaphore::new(3);
    /// assert!(desks.try_acquire_many(4).is_none());
    /// assert!(desks.try_acquire_many(3).is_some());
    /// ```
    #[inline]
    pub fn try_acquire_many(&self, permits: u32) -> Option<SemaphoreGuard<'_>> {
        self.door
            .try_enter(permits)
            .then(|| SemaphoreGuard::new(self, permits))
    }

    /// Takes a permit, waiting for its turn, with a guard that keeps the semaphore alive.
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Semaphore::acquire).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// let desks = Arc::new(trill_sync::Semaphore::new(1));
    /// let guard = trill_park::block_on(desks.acquire_arc());
    /// assert_eq!(desks.available_permits(), 0);
    /// # drop(guard);
    /// ```
    #[inline]
    pub fn acquire_arc(self: &Arc<Self>) -> AcquireArc {
        self.acquire_many_arc(1)
    }

    /// Takes `permits` permits at once, waiting for its turn, with a guard that keeps the semaphore alive.
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Semaphore::acquire).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// let desks = Arc::new(trill_sync::Semaphore::new(3));
    /// let guard = trill_park::block_on(desks.acquire_many_arc(2));
    /// assert_eq!(guard.permits(), 2);
    /// ```
    #[inline]
    pub fn acquire_many_arc(self: &Arc<Self>, permits: u32) -> AcquireArc {
        AcquireArc::new(self.clone(), permits)
    }

    /// Takes a permit, blocking the thread until its turn, with a guard that keeps the semaphore alive.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// let desks = Arc::new(trill_sync::Semaphore::new(1));
    /// let _guard = desks.acquire_arc_blocking();
    /// assert!(desks.try_acquire().is_none());
    /// ```
    #[track_caller]
    pub fn acquire_arc_blocking(self: &Arc<Self>) -> SemaphoreGuardArc {
        trill_park::block_on(self.acquire_arc())
    }

    /// Takes a permit if there is one and nobody waits, with a guard that keeps the semaphore alive.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// let desks = Arc::new(trill_sync::Semaphore::new(1));
    /// assert!(desks.try_acquire_arc().is_some());
    /// ```
    #[inline]
    pub fn try_acquire_arc(self: &Arc<Self>) -> Option<SemaphoreGuardArc> {
        self.door
            .try_enter(1)
            .then(|| SemaphoreGuardArc::new(self.clone(), 1))
    }

    /// Puts `permits` new permits in, and lets in those for whom they are enough.
    ///
    /// The count stays at `usize::MAX` when it gets there.
    ///
    /// # Examples
    ///
    /// ```
    /// let desks = trill_sync::Semaphore::new(0);
    /// desks.add_permits(2);
    /// assert_eq!(desks.available_permits(), 2);
    /// ```
    pub fn add_permits(&self, permits: usize) {
        self.door.gate.add(permits);
        self.door.serve();
    }

    /// Takes up to `permits` available permits out for good, and returns how many that were.
    ///
    /// # Examples
    ///
    /// ```
    /// let desks = trill_sync::Semaphore::new(3);
    /// assert_eq!(desks.forget_permits(5), 3);
    /// assert_eq!(desks.available_permits(), 0);
    /// ```
    pub fn forget_permits(&self, permits: usize) -> usize {
        self.door.gate.take_up_to(permits)
    }

    /// Returns how many permits nobody has.
    ///
    /// # Examples
    ///
    /// See [`Semaphore`].
    #[inline]
    pub fn available_permits(&self) -> usize {
        self.door.gate.count()
    }

    /// Returns how many futures wait for their turn.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_sync::Semaphore::new(1).waiters(), 0);
    /// ```
    #[inline]
    pub fn waiters(&self) -> usize {
        self.door.waiters.len()
    }
}
