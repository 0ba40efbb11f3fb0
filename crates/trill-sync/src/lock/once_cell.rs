//! A value that is made once, possibly by awaiting.
#![allow(unsafe_code)] // Sharing the value between threads once it is there.

use std::cell::UnsafeCell;
use std::convert::Infallible;
use std::fmt;
use std::future::{Future, ready};

use crate::lock::once_cell_futures::{GetOrInit, GetOrTryInit, OnceCellSet, OnceCellWait};
use crate::primitive::{AtomicU32, Ordering, const_fn, fence_for_loom};
use crate::waiters::Waiters;

/// Holds a value that is written at most once, and makes those who come meanwhile wait for it.
///
/// # States
///
/// `EMPTY` → `FILLING` by the one who makes the value; `FILLING` → `FULL` with it, or back to `EMPTY` if making it
/// failed, panicked or was dropped, whereupon one of those who wait tries. `FULL` stays, and with it the value.
///
/// # Examples
///
/// ```
/// use trill_sync::OnceCell;
///
/// static ADDRESS: OnceCell<String> = OnceCell::new();
///
/// trill_park::block_on(async {
///     let address = ADDRESS.get_or_init(|| async { "::1".to_string() }).await;
///     assert_eq!(address, "::1");
///     assert_eq!(ADDRESS.get(), Some(address));
/// });
/// ```
pub struct OnceCell<T> {
    state: AtomicU32,
    pub(crate) waiters: Waiters,
    value: UnsafeCell<Option<T>>,
}

impl<T> OnceCell<T> {
    const_fn! {
        /// Makes an empty cell.
        ///
        /// # Examples
        ///
        /// See [`OnceCell`].
        pub const fn new() -> OnceCell<T> {
            OnceCell {
                state: AtomicU32::new(EMPTY),
                waiters: Waiters::new(),
                value: UnsafeCell::new(None),
            }
        }
    }

    /// Whether the value is there.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(!trill_sync::OnceCell::<u8>::new().is_initialized());
    /// assert!(trill_sync::OnceCell::from(1).is_initialized());
    /// ```
    #[inline]
    pub fn is_initialized(&self) -> bool {
        fence_for_loom();
        // SeqCst: Acquire pairs with the Release in `Filling::finish`; the rest is the order that `waiters.rs` asks for.
        self.state.load(Ordering::SeqCst) == FULL
    }

    /// Returns the value if it is there.
    ///
    /// # Examples
    ///
    /// See [`OnceCell`].
    #[inline]
    pub fn get(&self) -> Option<&T> {
        if !self.is_initialized() {
            return None;
        }
        // SAFETY: the state is `FULL`, and from then on nobody writes the value without an exclusive borrow.
        // `Filling` upholds it; `tests/loom_lock_once_cell.rs` would fail.
        unsafe { (*self.value.get()).as_ref() }
    }

    /// Borrows the value exclusively if it is there.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut cell = trill_sync::OnceCell::from(1);
    /// *cell.get_mut().unwrap() = 2;
    /// assert_eq!(cell.into_inner(), Some(2));
    /// ```
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.value.get_mut().as_mut()
    }

    /// Takes the value out, so that the cell is empty again.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut cell = trill_sync::OnceCell::from(1);
    /// assert_eq!(cell.take(), Some(1));
    /// assert!(!cell.is_initialized());
    /// ```
    pub fn take(&mut self) -> Option<T> {
        self.state.store(EMPTY, Ordering::Relaxed);
        self.value.get_mut().take()
    }

    /// Unwraps the value.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_sync::OnceCell::<u8>::new().into_inner(), None);
    /// ```
    pub fn into_inner(self) -> Option<T> {
        self.value.into_inner()
    }

    /// Waits until somebody else has made the value.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future changes nothing for anybody else.
    ///
    /// # Examples
    ///
    /// ```
    /// let cell = trill_sync::OnceCell::from(1);
    /// assert_eq!(*trill_park::block_on(cell.wait()), 1);
    /// ```
    #[inline]
    pub fn wait(&self) -> OnceCellWait<'_, T> {
        OnceCellWait::new(self)
    }

    /// Blocks the thread until somebody else has made the value.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(*trill_sync::OnceCell::from(1).wait_blocking(), 1);
    /// ```
    #[track_caller]
    pub fn wait_blocking(&self) -> &T {
        trill_park::block_on(self.wait())
    }

    /// Returns the value; if there is none, makes it with `init`, or waits while somebody else does.
    ///
    /// # Errors
    ///
    /// The error of `init`. The cell stays empty then, and the next who waits tries.
    ///
    /// # Panics
    ///
    /// When `init` does; the cell stays empty then.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the future that `init` returned, wherever it is; the next who waits begins anew.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::OnceCell;
    ///
    /// trill_park::block_on(async {
    ///     let cell = OnceCell::new();
    ///     let failed = cell.get_or_try_init(|| async { "x".parse::<u8>() }).await;
    ///     assert!(failed.is_err());
    ///     assert_eq!(cell.get_or_try_init(|| async { "7".parse::<u8>() }).await, Ok(&7));
    /// });
    /// ```
    #[inline]
    pub fn get_or_try_init<E, F, Fut>(&self, init: F) -> GetOrTryInit<'_, T, F, Fut>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        GetOrTryInit::new(self, init)
    }

    /// Returns the value; if there is none, makes it with `init`, or blocks the thread while somebody else does.
    ///
    /// # Errors
    ///
    /// The error of `init`. The cell stays empty then, and the next who waits tries.
    ///
    /// # Panics
    ///
    /// When `init` does; the cell stays empty then.
    ///
    /// # Examples
    ///
    /// ```
    /// let cell = trill_sync::OnceCell::new();
    /// assert_eq!(cell.get_or_try_init_blocking(|| "7".parse::<u8>()), Ok(&7));
    /// ```
    #[track_caller]
    pub fn get_or_try_init_blocking<E>(
        &self,
        init: impl FnOnce() -> Result<T, E>,
    ) -> Result<&T, E> {
        trill_park::block_on(self.get_or_try_init(|| ready(init())))
    }

    /// Returns the value; if there is none, makes it with `init`, or waits while somebody else does.
    ///
    /// # Panics
    ///
    /// When `init` does; the cell stays empty then.
    ///
    /// # Cancel safety
    ///
    /// As [`get_or_try_init`](OnceCell::get_or_try_init).
    ///
    /// # Examples
    ///
    /// See [`OnceCell`].
    #[inline]
    pub fn get_or_init<F, Fut>(&self, init: F) -> GetOrInit<'_, T, F, Fut>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = T>,
    {
        GetOrInit::new(self, init)
    }

    /// Returns the value; if there is none, makes it with `init`, or blocks the thread while somebody else does.
    ///
    /// # Panics
    ///
    /// When `init` does; the cell stays empty then.
    ///
    /// # Examples
    ///
    /// ```
    /// let cell = trill_sync::OnceCell::new();
    /// assert_eq!(*cell.get_or_init_blocking(|| 7), 7);
    /// ```
    #[track_caller]
    pub fn get_or_init_blocking(&self, init: impl FnOnce() -> T) -> &T {
        match self.get_or_try_init_blocking(|| Ok::<T, Infallible>(init())) {
            Ok(value) => value,
            Err(never) => match never {},
        }
    }

    /// Sets the value, waiting if somebody is making one.
    ///
    /// # Errors
    ///
    /// The value given, if there is one already.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future before it is ready drops the value given and leaves the cell alone.
    ///
    /// # Examples
    ///
    /// ```
    /// trill_park::block_on(async {
    ///     let cell = trill_sync::OnceCell::new();
    ///     assert_eq!(cell.set(1).await, Ok(&1));
    ///     assert_eq!(cell.set(2).await, Err(2));
    /// });
    /// ```
    #[inline]
    pub fn set(&self, value: T) -> OnceCellSet<'_, T> {
        OnceCellSet::new(self, value)
    }

    /// Sets the value if nobody has or is making one.
    ///
    /// # Errors
    ///
    /// The value given, if there is one already or somebody is making one.
    ///
    /// # Examples
    ///
    /// ```
    /// let cell = trill_sync::OnceCell::new();
    /// assert_eq!(cell.try_set(1), Ok(()));
    /// assert_eq!(cell.try_set(2), Err(2));
    /// ```
    pub fn try_set(&self, value: T) -> Result<(), T> {
        match self.try_fill() {
            Some(filling) => {
                filling.finish(value);
                Ok(())
            }
            None => Err(value),
        }
    }

    /// Sets the value, blocking the thread if somebody is making one.
    ///
    /// # Errors
    ///
    /// The value given, if there is one already.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_sync::OnceCell::new().set_blocking(1), Ok(&1));
    /// ```
    #[track_caller]
    pub fn set_blocking(&self, value: T) -> Result<&T, T> {
        trill_park::block_on(self.set(value))
    }

    /// Returns the value without looking whether it is there.
    ///
    /// # Safety
    ///
    /// It is there: [`is_initialized`](OnceCell::is_initialized) or the like has said so to this thread.
    ///
    /// # Examples
    ///
    /// ```
    /// let cell = trill_sync::OnceCell::from(1);
    /// // SAFETY: the cell was made with a value.
    /// assert_eq!(unsafe { *cell.get_unchecked() }, 1);
    /// ```
    pub unsafe fn get_unchecked(&self) -> &T {
        // SAFETY: the caller says that the state is `FULL`; then this is as in `get`.
        let value = unsafe { &*self.value.get() };
        // SAFETY: a full cell holds a value; `Filling` upholds it, and the caller that the cell is full.
        unsafe { value.as_ref().unwrap_unchecked() }
    }

    /// Returns how many futures wait for the value.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_sync::OnceCell::from(1).waiters(), 0);
    /// ```
    pub fn waiters(&self) -> usize {
        self.waiters.len()
    }

    /// Becomes the one who makes the value, if nobody did or does.
    pub(crate) fn try_fill(&self) -> Option<Filling<'_, T>> {
        // SeqCst: Acquire pairs with the Release in `Filling::drop`; the rest is the order that `waiters.rs` asks for.
        self.state
            .compare_exchange(EMPTY, FILLING, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok()
            // Lazily: dropping a `Filling` empties the cell.
            .then(|| Filling(self))
    }
}

// SAFETY: the cell owns its value. `tests/lock_types.rs` holds the table.
unsafe impl<T: Send> Send for OnceCell<T> {}
// SAFETY: one thread writes the value (`Send`) and others borrow it after that (`Sync`); the state orders it. Loom checks
// it in `tests/loom_lock_once_cell.rs`.
unsafe impl<T: Send + Sync> Sync for OnceCell<T> {}

impl<T: fmt::Debug> fmt::Debug for OnceCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_tuple("OnceCell");
        match self.get() {
            Some(value) => out.field(value),
            None => out.field(&format_args!("<empty>")),
        };
        out.finish()
    }
}

impl<T> Default for OnceCell<T> {
    fn default() -> OnceCell<T> {
        OnceCell::new()
    }
}

impl<T> From<T> for OnceCell<T> {
    fn from(value: T) -> OnceCell<T> {
        let mut cell = OnceCell::new();
        *cell.value.get_mut() = Some(value);
        cell.state = AtomicU32::new(FULL);
        cell
    }
}

/// The right to make the value; dropped without one, it goes to somebody else.
#[derive(Debug)]
pub(crate) struct Filling<'a, T>(&'a OnceCell<T>);

impl<'a, T> Filling<'a, T> {
    /// Writes the value and wakes all who wait for it.
    pub(crate) fn finish(self, value: T) -> &'a T {
        let cell = self.0;
        std::mem::forget(self);
        // SAFETY: the state is `FILLING`, so this thread alone may touch the value. `try_fill` upholds it;
        // `tests/loom_lock_once_cell.rs` would fail.
        unsafe { *cell.value.get() = Some(value) };
        // SeqCst: Release pairs with the Acquire in `is_initialized`; the rest is the order that `waiters.rs` asks for.
        cell.state.swap(FULL, Ordering::SeqCst);
        cell.waiters.broadcast();
        // SAFETY: the value was written just now, and nobody changes it any more.
        unsafe { cell.get_unchecked() }
    }
}

impl<T> Drop for Filling<'_, T> {
    fn drop(&mut self) {
        // SeqCst: Release pairs with the Acquire in `try_fill`; the rest is the order that `waiters.rs` asks for.
        self.0.state.swap(EMPTY, Ordering::SeqCst);
        // All of them, because those who only wait stand in the same queue.
        self.0.waiters.broadcast();
    }
}

const EMPTY: u32 = 0;
const FILLING: u32 = 1;
const FULL: u32 = 2;
