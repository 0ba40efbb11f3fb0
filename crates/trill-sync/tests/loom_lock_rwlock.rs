//! Every interleaving of the read-write lock: exclusion, wake-ups, upgrades, cancelling.
#![cfg(loom)]
#![allow(unsafe_code)] // Reading and writing loom's cell.

mod model;

use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::thread;

use model::{at_once, begun, block_on, model};
use trill_sync::{
    RwLock, RwLockUpgradableReadGuard, RwLockUpgradableReadGuardArc, RwLockWriteGuard,
};

/// Loom's cell, which panics if it is written while another thread is in it.
struct Shared(UnsafeCell<u32>);

// SAFETY: the read-write lock around it lets several threads read; loom checks each access.
unsafe impl Sync for Shared {}

impl Shared {
    fn new() -> Arc<RwLock<Shared>> {
        Arc::new(RwLock::new(Shared(UnsafeCell::new(0))))
    }

    fn value(&self) -> u32 {
        // SAFETY: the caller holds a guard; loom checks it.
        self.0.with(|value| unsafe { *value })
    }

    fn add_one(&self) {
        // SAFETY: the caller holds a writing guard; loom checks it.
        self.0.with_mut(|value| unsafe { *value += 1 });
    }
}

#[test]
fn writers_exclude_readers_and_nobody_is_forgotten() {
    model(2, || {
        let lock = Shared::new();
        let writers = [lock.clone(), lock.clone()]
            .map(|lock| thread::spawn(move || block_on(lock.write()).add_one()));
        let reader = {
            let lock = lock.clone();
            thread::spawn(move || assert!(block_on(lock.read()).value() <= 2))
        };
        for writer in writers {
            writer.join().unwrap();
        }
        reader.join().unwrap();
        assert_eq!(lock.try_read().unwrap().value(), 2);
        assert_eq!((lock.readers(), lock.waiters()), (0, 0));
    });
}

#[test]
fn an_upgrade_waits_for_readers_and_lets_no_writer_between() {
    model(3, || {
        let lock = Shared::new();
        let reader = {
            let lock = lock.clone();
            thread::spawn(move || assert!(block_on(lock.read()).value() <= 3))
        };
        let writer = {
            let lock = lock.clone();
            thread::spawn(move || {
                let guard = block_on(lock.write());
                guard.add_one();
                guard.add_one();
                let guard = RwLockWriteGuard::downgrade(guard);
                assert!(guard.value() >= 2);
            })
        };
        let upgrade = {
            let lock = lock.clone();
            thread::spawn(move || {
                let guard = block_on(lock.upgradable_read());
                let before = guard.value();
                let guard = block_on(RwLockUpgradableReadGuard::upgrade(guard));
                assert_eq!(guard.value(), before);
                guard.add_one();
            })
        };
        upgrade.join().unwrap();
        reader.join().unwrap();
        writer.join().unwrap();
        assert_eq!(lock.try_read().unwrap().value(), 3);
    });
}

#[test]
fn an_upgrade_that_is_dropped_lets_others_in() {
    model(3, || {
        let lock = Shared::new();
        let first = lock.try_read_arc().unwrap();
        let upgrade = begun(RwLockUpgradableReadGuardArc::upgrade(
            lock.try_upgradable_read_arc().unwrap(),
        ));
        let reads = lock.clone();
        let (value, ()) = at_once(
            move || block_on(reads.read()).value(),
            move || {
                drop(upgrade);
                drop(first);
            },
        );
        assert_eq!(value, 0);
        assert!(lock.try_write().is_some());
    });
}

#[test]
fn a_reader_that_is_dropped_while_it_is_let_in_does_not_block_a_writer() {
    model(3, || {
        let lock = Shared::new();
        let guard = lock.try_write_arc().unwrap();
        let (reads, writes) = (lock.clone(), lock.clone());
        let read = begun(async move { reads.read().await.value() });
        at_once(
            move || block_on(writes.write()).add_one(),
            move || {
                drop(guard);
                drop(read);
            },
        );
        assert_eq!(lock.try_read().unwrap().value(), 1);
    });
}
