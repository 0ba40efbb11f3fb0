//! Async locks, semaphores, events and channels without allocation on the uncontended path

pub mod channel;
pub mod futures;
mod leaf;
mod lock;
#[cfg(loom)]
#[doc(hidden)]
pub mod model;
mod primitive;
mod waiters;

pub use lock::barrier::{Barrier, BarrierWaitResult};
pub use lock::condvar::Condvar;
pub use lock::event::Event;
pub use lock::fair_mutex::FairMutex;
pub use lock::fair_mutex_guard::{FairMutexGuard, FairMutexGuardArc};
pub use lock::mutex::Mutex;
pub use lock::mutex_guard::{MutexGuard, MutexGuardArc};
pub use lock::notify::Notify;
pub use lock::once_cell::OnceCell;
pub use lock::rwlock::RwLock;
pub use lock::rwlock_guard::{RwLockReadGuard, RwLockUpgradableReadGuard, RwLockWriteGuard};
pub use lock::rwlock_guard_arc::{
    RwLockReadGuardArc, RwLockUpgradableReadGuardArc, RwLockWriteGuardArc,
};
pub use lock::semaphore::Semaphore;
pub use lock::semaphore_guard::{SemaphoreGuard, SemaphoreGuardArc};
