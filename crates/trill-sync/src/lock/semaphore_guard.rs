//! The guards of a [`Semaphore`]: permits while they live.

use std::sync::Arc;

use crate::lock::semaphore::Semaphore;

/// Holds permits of a [`Semaphore`] until it is dropped.
///
/// # Examples
///
/// See [`Semaphore`].
#[derive(Debug)]
#[must_use = "the permits are given back when the guard is dropped"]
pub struct SemaphoreGuard<'a> {
    semaphore: &'a Semaphore,
    permits: u32,
}

impl<'a> SemaphoreGuard<'a> {
    /// Makes the guard of permits that the caller has just taken.
    #[inline]
    pub(crate) fn new(semaphore: &'a Semaphore, permits: u32) -> SemaphoreGuard<'a> {
        SemaphoreGuard { semaphore, permits }
    }

    /// Returns how many permits the guard holds.
    ///
    /// # Examples
    ///
    /// ```
    /// let desks = trill_sync::Semaphore::new(3);
    /// assert_eq!(desks.try_acquire_many(2).unwrap().permits(), 2);
    /// ```
    #[inline]
    pub fn permits(&self) -> u32 {
        self.permits
    }

    /// Moves `permits` permits into a guard of their own, or returns `None` if there are fewer.
    ///
    /// # Examples
    ///
    /// ```
    /// let desks = trill_sync::Semaphore::new(3);
    /// let mut three = desks.try_acquire_many(3).unwrap();
    /// let one = three.split(1);
    /// assert_eq!(three.permits(), 2);
    /// assert!(three.split(3).is_none());
    /// # drop(one);
    /// ```
    pub fn split(&mut self, permits: u32) -> Option<SemaphoreGuard<'a>> {
        self.permits = self.permits.checked_sub(permits)?;
        Some(SemaphoreGuard::new(self.semaphore, permits))
    }

    /// Takes the permits out of the semaphore for good.
    ///
    /// # Examples
    ///
    /// ```
    /// let desks = trill_sync::Semaphore::new(2);
    /// desks.try_acquire().unwrap().forget();
    /// assert_eq!(desks.available_permits(), 1);
    /// ```
    #[inline]
    pub fn forget(mut self) {
        self.permits = 0;
    }
}

impl Drop for SemaphoreGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.permits > 0 {
            self.semaphore.door.leave(self.permits);
        }
    }
}

/// Holds permits of a [`Semaphore`], and keeps it alive, until it is dropped.
///
/// # Examples
///
/// See [`Semaphore::acquire_arc`].
#[derive(Debug)]
#[must_use = "the permits are given back when the guard is dropped"]
pub struct SemaphoreGuardArc {
    semaphore: Arc<Semaphore>,
    permits: u32,
}

impl SemaphoreGuardArc {
    /// Makes the guard of permits that the caller has just taken.
    #[inline]
    pub(crate) fn new(semaphore: Arc<Semaphore>, permits: u32) -> SemaphoreGuardArc {
        SemaphoreGuardArc { semaphore, permits }
    }

    /// Returns how many permits the guard holds.
    ///
    /// # Examples
    ///
    /// See [`Semaphore::acquire_many_arc`].
    #[inline]
    pub fn permits(&self) -> u32 {
        self.permits
    }

    /// Moves `permits` permits into a guard of their own, or returns `None` if there are fewer.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// let desks = Arc::new(trill_sync::Semaphore::new(3));
    /// let mut three = trill_park::block_on(desks.acquire_many_arc(3));
    /// assert_eq!(three.split(1).unwrap().permits(), 1);
    /// assert_eq!(three.permits(), 2);
    /// ```
    pub fn split(&mut self, permits: u32) -> Option<SemaphoreGuardArc> {
        self.permits = self.permits.checked_sub(permits)?;
        Some(SemaphoreGuardArc::new(self.semaphore.clone(), permits))
    }

    /// Takes the permits out of the semaphore for good.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// let desks = Arc::new(trill_sync::Semaphore::new(2));
    /// desks.try_acquire_arc().unwrap().forget();
    /// assert_eq!(desks.available_permits(), 1);
    /// ```
    #[inline]
    pub fn forget(mut self) {
        self.permits = 0;
    }
}

impl Drop for SemaphoreGuardArc {
    #[inline]
    fn drop(&mut self) {
        if self.permits > 0 {
            self.semaphore.door.leave(self.permits);
        }
    }
}
