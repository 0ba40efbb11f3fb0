//! Locks, semaphores, events, conditions and barriers.

pub(crate) mod barrier;
pub(crate) mod event;
pub(crate) mod fair_mutex;
pub(crate) mod fair_mutex_futures;
pub(crate) mod fair_mutex_guard;
mod fifo;
mod latch;
pub(crate) mod mutex;
pub(crate) mod mutex_futures;
pub(crate) mod mutex_guard;
pub(crate) mod notify;
mod permits;
mod raw_mutex;
pub(crate) mod semaphore;
pub(crate) mod semaphore_futures;
pub(crate) mod semaphore_guard;
