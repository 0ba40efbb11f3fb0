//! The named futures that wait for locks.

pub use crate::lock::barrier_futures::{BarrierMeet, BarrierWait};
pub use crate::lock::condvar_futures::{CondvarWait, CondvarWaitUntil};
pub use crate::lock::event::EventWait;
pub use crate::lock::fair_mutex_futures::{FairLock, FairLockArc};
pub use crate::lock::mutex_futures::{Lock, LockArc};
pub use crate::lock::notify::Notified;
pub use crate::lock::once_cell_futures::{GetOrInit, GetOrTryInit, OnceCellSet, OnceCellWait};
pub use crate::lock::rwlock_futures::{Read, UpgradableRead, Upgrade, Write};
pub use crate::lock::rwlock_futures_arc::{ReadArc, UpgradableReadArc, UpgradeArc, WriteArc};
pub use crate::lock::semaphore_futures::{Acquire, AcquireArc};
pub use crate::lock::semaphore_open::{AcquireOpen, AcquireOpenArc};
