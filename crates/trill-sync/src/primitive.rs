//! The atomics, mutex and cell that this crate's protocols are built of: the standard library's, or loom's.

#[cfg(not(loom))]
mod chosen {
    pub(crate) use std::sync::atomic::{
        AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
    };
    pub(crate) use std::sync::{Arc, Mutex, MutexGuard, RwLock, RwLockReadGuard};

    /// A cell with the shape of loom's, which checks each access.
    #[derive(Debug, Default)]
    pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        /// Makes a cell that holds `value`.
        #[inline]
        pub(crate) const fn new(value: T) -> UnsafeCell<T> {
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

    /// Does nothing: a sequentially consistent access needs no fence beside another one.
    #[inline]
    pub(crate) fn fence_for_loom() {}
}

#[cfg(loom)]
mod chosen {
    pub(crate) use loom::cell::UnsafeCell;
    pub(crate) use loom::sync::atomic::{
        AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
    };
    pub(crate) use loom::sync::{Arc, Mutex, MutexGuard, RwLock, RwLockReadGuard};

    /// Fences, because loom treats sequentially consistent accesses as acquire and release only.
    pub(crate) fn fence_for_loom() {
        fence(Ordering::SeqCst);
    }
}

#[allow(unused_imports)] // Both halves of the crate take what they need.
pub(crate) use chosen::{
    Arc, AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Mutex, MutexGuard, Ordering,
    RwLock, RwLockReadGuard, UnsafeCell, fence, fence_for_loom,
};

/// Declares constructors that are `const`, except under loom, whose atomics cannot be made in constants.
macro_rules! const_fn {
    ($($(#[$meta:meta])* $vis:vis const fn $name:ident($($arg:ident: $type:ty),*) -> $out:ty $body:block)+) => {
        $(
            $(#[$meta])*
            #[cfg(not(loom))]
            $vis const fn $name($($arg: $type),*) -> $out $body

            $(#[$meta])*
            #[cfg(loom)]
            $vis fn $name($($arg: $type),*) -> $out $body
        )+
    };
}
pub(crate) use const_fn;
