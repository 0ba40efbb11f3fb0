//! Async locks, semaphores, events and channels without allocation on the uncontended path

pub mod channel;
#[cfg(loom)]
#[doc(hidden)]
pub mod model;
mod primitive;
mod waiters;
