//! The mutex and atomics that this crate's protocols are built of: the standard library's, or loom's.

#[cfg(not(loom))]
mod chosen {
    pub(crate) use std::sync::Mutex;
    pub(crate) use std::sync::atomic::{AtomicBool, Ordering};
}

#[cfg(loom)]
mod chosen {
    pub(crate) use loom::sync::Mutex;
    pub(crate) use loom::sync::atomic::{AtomicBool, Ordering};
}

pub(crate) use chosen::{AtomicBool, Mutex, Ordering};
