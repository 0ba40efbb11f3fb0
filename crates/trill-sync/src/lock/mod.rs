//! Locks, semaphores, events, conditions and barriers.

pub(crate) mod barrier;
pub(crate) mod condvar;
pub(crate) mod condvar_futures;
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
pub(crate) mod once_cell;
pub(crate) mod once_cell_futures;
mod permits;
mod raw_mutex;
mod raw_rwlock;
pub(crate) mod rwlock;
pub(crate) mod rwlock_futures;
pub(crate) mod rwlock_futures_arc;
pub(crate) mod rwlock_guard;
pub(crate) mod rwlock_guard_arc;
pub(crate) mod semaphore;
pub(crate) mod semaphore_futures;
pub(crate) mod semaphore_guard;
