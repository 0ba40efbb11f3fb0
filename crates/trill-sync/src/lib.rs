//! Locks, notifications and channels for tasks: what they use to share data and to wait for each other.
//!
//! Nothing here knows an executor: every future works under any of them, and every wait has a blocking variant for
//! plain threads.
//!
//! # The smallest program
//!
//! ```
//! use futures_lite::future::zip;
//! use trill_sync::Mutex;
//!
//! let total = Mutex::new(0);
//! let add = |amount| {
//!     let total = &total;
//!     async move { *total.lock().await += amount }
//! };
//! trill_park::block_on(zip(add(1), add(2)));
//! assert_eq!(total.into_inner(), 3);
//! ```
//!
//! # What there is
//!
//! | to | use |
//! | --- | --- |
//! | change data, one at a time | [`Mutex`]; [`FairMutex`] for strict order |
//! | read by many or write by one | [`RwLock`] |
//! | limit how many do something | [`Semaphore`] |
//! | make a value once | [`OnceCell`] |
//! | tell somebody that something happened | [`Notify`], [`Event`] |
//! | wait for a change of locked data | [`Condvar`] |
//! | meet | [`Barrier`] |
//! | pass messages on | [`channel`] |
//! | give a value later, once | [`promise`] |
//! | hand out work, and know when it is done | [`queue`] |
//!
//! # How it works
//!
//! * Without a contender an operation on a lock or channel is one or two atomic instructions and one load, and allocates
//!   nothing. Barriers, promises and queues of work keep what they know behind a mutex, for a few instructions at a time.
//! * The first who waits lies in the primitive itself, without a lock; later ones in a list that keeps its memory.
//! * Wakers are called outside of any lock; one that panics does not keep others from being woken.
//! * A waiter that was woken and is dropped before it runs passes its turn on.
//! * The futures are small, named and [`Unpin`]. They take part in the task's cooperative budget, and say where in the
//!   program they are awaited (`trill-cell`).
//!
//! # What it does not do
//!
//! There is no poisoning: a panic while a guard is held releases it. There are no time limits: any wait can be dropped
//! at any time, so a timeout around it does. Nothing here makes a task wait for another task to end.

pub mod channel;
pub mod futures;
mod leaf;
mod lock;
#[cfg(loom)]
#[doc(hidden)]
pub mod model;
mod primitive;
pub mod promise;
pub mod queue;
mod waiters;

pub use lock::barrier::{Barrier, BarrierBroken, BarrierWaitResult};
pub use lock::condvar::Condvar;
pub use lock::condvar_guard::CondvarGuard;
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
pub use lock::semaphore_open::SemaphoreClosed;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
