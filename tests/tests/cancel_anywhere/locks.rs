//! The cases of trill-sync's locks: each counts what was done under the lock, which the dropped one never did by half.

use std::sync::Arc;

use trill_sync::{
    FairMutex, Mutex, RwLock, RwLockUpgradableReadGuard, RwLockUpgradableReadGuardArc,
};

use crate::case;
use crate::harness::pause;

/// How many have added one: the one behind always, the one under test if it came to its end.
fn sum(output: Option<()>) -> u32 {
    1 + u32::from(output.is_some())
}

case!(mutex_lock: "trill_sync::Mutex::lock",
    setup: Mutex::new(0),
    script: |mutex| {
        let guard = mutex.lock().await;
        pause().await;
        pause().await;
        drop(guard);
        pause().await;
    },
    wait: |mutex| { *mutex.lock().await += 1; },
    behind: |mutex| { *mutex.lock().await += 1; },
    after: |mutex, output| {
        assert_eq!(*mutex.try_lock().expect("nobody holds it"), sum(output));
        assert_eq!(mutex.waiters(), 0);
    },
);

case!(mutex_lock_arc: "trill_sync::Mutex::lock_arc",
    setup: Arc::new(Mutex::new(0)),
    script: |mutex| {
        let guard = mutex.lock_arc().await;
        pause().await;
        pause().await;
        drop(guard);
        pause().await;
    },
    wait: |mutex| { *mutex.lock_arc().await += 1; },
    behind: |mutex| { *mutex.lock_arc().await += 1; },
    after: |mutex, output| {
        assert_eq!(*mutex.try_lock_arc().expect("nobody holds it"), sum(output));
        assert_eq!((mutex.waiters(), Arc::strong_count(mutex)), (0, 1));
    },
);

case!(fair_mutex_lock: "trill_sync::FairMutex::lock",
    setup: FairMutex::new(0),
    script: |mutex| {
        let guard = mutex.lock().await;
        pause().await;
        pause().await;
        drop(guard);
        pause().await;
    },
    wait: |mutex| { *mutex.lock().await += 1; },
    behind: |mutex| { *mutex.lock().await += 1; },
    after: |mutex, output| {
        assert_eq!(*mutex.try_lock().expect("nobody holds it"), sum(output));
        assert_eq!(mutex.waiters(), 0);
    },
);

case!(fair_mutex_lock_arc: "trill_sync::FairMutex::lock_arc",
    setup: Arc::new(FairMutex::new(0)),
    script: |mutex| {
        let guard = mutex.lock_arc().await;
        pause().await;
        pause().await;
        drop(guard);
        pause().await;
    },
    wait: |mutex| { *mutex.lock_arc().await += 1; },
    behind: |mutex| { *mutex.lock_arc().await += 1; },
    after: |mutex, output| {
        assert_eq!(*mutex.try_lock_arc().expect("nobody holds it"), sum(output));
        assert_eq!((mutex.waiters(), Arc::strong_count(mutex)), (0, 1));
    },
);

case!(rwlock_read: "trill_sync::RwLock::read",
    setup: RwLock::new(0),
    script: |lock| {
        let guard = lock.write().await;
        pause().await;
        pause().await;
        drop(guard);
        pause().await;
    },
    wait: |lock| *lock.read().await,
    behind: |lock| { *lock.write().await += 1; },
    after: |lock, _| { assert_eq!(*lock.try_write().expect("nobody holds it"), 1) },
);

case!(rwlock_read_arc: "trill_sync::RwLock::read_arc",
    setup: Arc::new(RwLock::new(0)),
    script: |lock| {
        let guard = lock.write_arc().await;
        pause().await;
        pause().await;
        drop(guard);
        pause().await;
    },
    wait: |lock| *lock.read_arc().await,
    behind: |lock| { *lock.write_arc().await += 1; },
    after: |lock, _| {
        assert_eq!(*lock.try_write_arc().expect("nobody holds it"), 1);
        assert_eq!(Arc::strong_count(lock), 1);
    },
);

case!(rwlock_upgradable_read: "trill_sync::RwLock::upgradable_read",
    setup: RwLock::new(0),
    script: |lock| {
        let guard = lock.upgradable_read().await;
        pause().await;
        pause().await;
        drop(guard);
        pause().await;
    },
    wait: |lock| *lock.upgradable_read().await,
    behind: |lock| { *lock.write().await += 1; },
    after: |lock, _| { assert_eq!(*lock.try_write().expect("nobody holds it"), 1) },
);

case!(rwlock_upgradable_read_arc: "trill_sync::RwLock::upgradable_read_arc",
    setup: Arc::new(RwLock::new(0)),
    script: |lock| {
        let guard = lock.upgradable_read_arc().await;
        pause().await;
        pause().await;
        drop(guard);
        pause().await;
    },
    wait: |lock| *lock.upgradable_read_arc().await,
    behind: |lock| { *lock.write_arc().await += 1; },
    after: |lock, _| {
        assert_eq!(*lock.try_write_arc().expect("nobody holds it"), 1);
        assert_eq!(Arc::strong_count(lock), 1);
    },
);

case!(rwlock_write: "trill_sync::RwLock::write",
    setup: RwLock::new(0),
    script: |lock| {
        let guard = lock.read().await;
        pause().await;
        pause().await;
        drop(guard);
        pause().await;
    },
    wait: |lock| { *lock.write().await += 1; },
    // It comes after the writer, and is let in at once when that is gone.
    behind: |lock| { drop(lock.read().await) },
    after: |lock, output| {
        let sum = u32::from(output.is_some());
        assert_eq!(*lock.try_write().expect("nobody holds it"), sum);
    },
);

case!(rwlock_write_arc: "trill_sync::RwLock::write_arc",
    setup: Arc::new(RwLock::new(0)),
    script: |lock| {
        let guard = lock.read_arc().await;
        pause().await;
        pause().await;
        drop(guard);
        pause().await;
    },
    wait: |lock| { *lock.write_arc().await += 1; },
    behind: |lock| { drop(lock.read_arc().await) },
    after: |lock, output| {
        let sum = u32::from(output.is_some());
        assert_eq!(*lock.try_write_arc().expect("nobody holds it"), sum);
        assert_eq!(Arc::strong_count(lock), 1);
    },
);

case!(rwlock_upgrade: "trill_sync::RwLockUpgradableReadGuard::upgrade",
    setup: RwLock::new(0),
    script: |lock| {
        let guard = lock.read().await;
        pause().await;
        pause().await;
        drop(guard);
        pause().await;
    },
    wait: |lock| {
        let guard = lock.upgradable_read().await;
        *RwLockUpgradableReadGuard::upgrade(guard).await += 1;
    },
    behind: |lock| { *lock.write().await += 1; },
    after: |lock, output| {
        assert_eq!(*lock.try_write().expect("nobody holds it"), sum(output));
    },
);

case!(rwlock_upgrade_arc: "trill_sync::RwLockUpgradableReadGuardArc::upgrade",
    setup: Arc::new(RwLock::new(0)),
    script: |lock| {
        let guard = lock.read_arc().await;
        pause().await;
        pause().await;
        drop(guard);
        pause().await;
    },
    wait: |lock| {
        let guard = lock.upgradable_read_arc().await;
        *RwLockUpgradableReadGuardArc::upgrade(guard).await += 1;
    },
    behind: |lock| { *lock.write_arc().await += 1; },
    after: |lock, output| {
        assert_eq!(*lock.try_write_arc().expect("nobody holds it"), sum(output));
        assert_eq!(Arc::strong_count(lock), 1);
    },
);
