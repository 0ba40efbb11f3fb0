//! Which types may be sent, shared and moved, and how large they are.
#![allow(clippy::disallowed_methods)]

use std::cell::Cell;
use std::mem::size_of;
use std::rc::Rc;

use trill_sync::futures::*;
use trill_sync::*;

/// `Send` and not `Sync`.
type OnlySend = Cell<u8>;

const fn send<T: Send>() {}
const fn sync<T: Sync>() {}
const fn unpin<T: Unpin>() {}
const fn unwind_safe<T: std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}

/// Whether a type implements a trait, without asking for it: the inherent constant hides the trait's.
macro_rules! implements {
    ($type:ty: $bound:ident) => {{
        trait Fallback {
            const IS: bool = false;
        }
        impl<T: ?Sized> Fallback for T {}
        struct Probe<T: ?Sized>(std::marker::PhantomData<T>);
        #[allow(dead_code)]
        impl<T: ?Sized + $bound> Probe<T> {
            const IS: bool = true;
        }
        Probe::<$type>::IS
    }};
}

#[test]
fn primitives_are_shared_as_their_data_allows() {
    send::<Mutex<OnlySend>>();
    sync::<Mutex<OnlySend>>();
    send::<FairMutex<OnlySend>>();
    sync::<FairMutex<OnlySend>>();
    send::<RwLock<OnlySend>>();
    send::<OnceCell<OnlySend>>();
    assert!(!implements!(RwLock<OnlySend>: Sync));
    assert!(!implements!(OnceCell<OnlySend>: Sync));
    assert!(!implements!(Mutex<Rc<u8>>: Send));
    assert!(!implements!(Mutex<Rc<u8>>: Sync));
    assert!(!implements!(FairMutex<Rc<u8>>: Sync));
    sync::<RwLock<u8>>();
    sync::<OnceCell<u8>>();
    unwind_safe::<(Semaphore, Notify, Event, Barrier, Condvar)>();
    send::<(Semaphore, Notify, Event, Barrier, Condvar)>();
    sync::<(Semaphore, Notify, Event, Barrier, Condvar)>();
}

#[test]
fn guards_are_shared_as_their_data_allows() {
    send::<MutexGuard<'_, OnlySend>>();
    send::<MutexGuardArc<OnlySend>>();
    assert!(!implements!(MutexGuard<'static, OnlySend>: Sync));
    assert!(!implements!(MutexGuardArc<OnlySend>: Sync));
    assert!(!implements!(FairMutexGuard<'static, OnlySend>: Sync));
    assert!(!implements!(MutexGuard<'static, Rc<u8>>: Send));
    sync::<(MutexGuard<'_, u8>, FairMutexGuard<'_, u8>)>();
    sync::<(MutexGuardArc<u8>, FairMutexGuardArc<u8>)>();

    assert!(!implements!(RwLockReadGuard<'static, OnlySend>: Send));
    assert!(!implements!(RwLockReadGuardArc<OnlySend>: Send));
    assert!(!implements!(RwLockUpgradableReadGuard<'static, OnlySend>: Send));
    // It could be downgraded on another thread, beside a reader on this one.
    assert!(!implements!(RwLockWriteGuard<'static, OnlySend>: Send));
    assert!(!implements!(RwLockWriteGuardArc<OnlySend>: Send));
    send::<(RwLockReadGuard<'_, u8>, RwLockWriteGuard<'_, u8>)>();
    sync::<(RwLockReadGuard<'_, u8>, RwLockWriteGuard<'_, u8>)>();
    send::<(RwLockReadGuardArc<u8>, RwLockWriteGuardArc<u8>)>();
    sync::<(RwLockReadGuardArc<u8>, RwLockWriteGuardArc<u8>)>();
    send::<(
        RwLockUpgradableReadGuard<'_, u8>,
        RwLockUpgradableReadGuardArc<u8>,
    )>();
    send::<(SemaphoreGuard<'_>, SemaphoreGuardArc)>();
    sync::<(SemaphoreGuard<'_>, SemaphoreGuardArc)>();
}

#[test]
fn futures_may_be_sent_and_moved() {
    send::<(Lock<'_, u8>, LockArc<u8>, FairLock<'_, u8>, FairLockArc<u8>)>();
    send::<(
        Read<'_, u8>,
        Write<'_, u8>,
        UpgradableRead<'_, u8>,
        Upgrade<'_, u8>,
    )>();
    send::<(
        ReadArc<'_, u8>,
        WriteArc<'_, u8>,
        UpgradableReadArc<'_, u8>,
        UpgradeArc<u8>,
    )>();
    send::<(
        Acquire<'_>,
        AcquireArc,
        Notified<'_>,
        EventWait<'_>,
        BarrierWait<'_>,
    )>();
    send::<(
        CondvarWait<'_, MutexGuard<'_, u8>>,
        CondvarWaitUntil<'_, FairMutexGuardArc<u8>, fn(&mut u8) -> bool>,
    )>();
    send::<(OnceCellWait<'_, u8>, OnceCellSet<'_, u8>)>();

    type P = std::marker::PhantomPinned;
    unpin::<(Lock<'_, P>, LockArc<P>, FairLock<'_, P>, FairLockArc<P>)>();
    unpin::<(
        Read<'_, P>,
        Write<'_, P>,
        UpgradableRead<'_, P>,
        Upgrade<'_, P>,
    )>();
    unpin::<(
        ReadArc<'_, P>,
        WriteArc<'_, P>,
        UpgradableReadArc<'_, P>,
        UpgradeArc<P>,
    )>();
    unpin::<(
        Acquire<'_>,
        AcquireArc,
        Notified<'_>,
        EventWait<'_>,
        BarrierWait<'_>,
    )>();
    unpin::<(
        CondvarWait<'_, MutexGuard<'_, P>>,
        CondvarWaitUntil<'_, FairMutexGuardArc<P>, fn(&mut P) -> bool>,
    )>();
    unpin::<(OnceCellWait<'_, P>, OnceCellSet<'_, P>)>();
    // It pins the future that makes the value.
    assert!(!implements!(GetOrInit<'static, u8, fn() -> P, P>: Unpin));
}

// Fault 40c
#[test]
#[cfg(target_pointer_width = "64")]
fn futures_and_primitives_are_small() {
    assert_eq!(size_of::<Lock<'_, u8>>(), 24);
    assert_eq!(size_of::<LockArc<u8>>(), 24);
    assert_eq!(size_of::<FairLock<'_, u8>>(), 16);
    assert_eq!(size_of::<Read<'_, u8>>(), 16);
    assert_eq!(size_of::<Write<'_, u8>>(), 16);
    assert_eq!(size_of::<Acquire<'_>>(), 24);
    assert_eq!(size_of::<Notified<'_>>(), 24);
    assert_eq!(size_of::<EventWait<'_>>(), 16);
    assert_eq!(size_of::<BarrierWait<'_>>(), 40);
    assert_eq!(size_of::<CondvarWait<'_, MutexGuard<'_, u8>>>(), 56);
    assert_eq!(size_of::<MutexGuard<'_, u8>>(), 8);

    assert_eq!(size_of::<Mutex<()>>(), 48);
    assert_eq!(size_of::<Semaphore>(), 64);
    assert_eq!(size_of::<Event>(), 48);
    assert_eq!(size_of::<RwLock<()>>(), 88);
}
