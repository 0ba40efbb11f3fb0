//! Every interleaving of the read-write lock: exclusion, wake-ups, upgrades, cancelling.
#![cfg(loom)]
#![allow(unsafe_code)] // Reading and writing loom's cell.

mod model;

use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Waker};

use loom::cell::UnsafeCell;
use loom::thread;

use model::{block_on, model};
use trill_sync::{RwLock, RwLockUpgradableReadGuard, RwLockWriteGuard};

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
    model(3, || {
        let lock = Shared::new();
        let writer = {
            let lock = lock.clone();
            thread::spawn(move || block_on(lock.write()).add_one())
        };
        let reader = {
            let lock = lock.clone();
            thread::spawn(move || assert!(block_on(lock.read()).value() <= 2))
        };
        block_on(lock.write()).add_one();
        writer.join().unwrap();
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
        let guard = block_on(lock.upgradable_read());
        let before = guard.value();
        let guard = block_on(RwLockUpgradableReadGuard::upgrade(guard));
        assert_eq!(guard.value(), before);
        guard.add_one();
        drop(guard);
        reader.join().unwrap();
        writer.join().unwrap();
        assert_eq!(lock.try_read().unwrap().value(), 3);
    });
}

#[test]
fn an_upgrade_that_is_dropped_lets_others_in() {
    model(3, || {
        let lock = Shared::new();
        let first = lock.try_read().unwrap();
        let mut upgrade = Box::pin(RwLockUpgradableReadGuard::upgrade(
            lock.try_upgradable_read().unwrap(),
        ));
        let polled = upgrade
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
        let reader = {
            let lock = lock.clone();
            thread::spawn(move || block_on(lock.read()).value())
        };
        drop(upgrade);
        drop(first);
        assert_eq!(reader.join().unwrap(), 0);
        assert!(lock.try_write().is_some());
    });
}

#[test]
fn a_reader_that_is_dropped_while_it_is_let_in_does_not_block_a_writer() {
    model(3, || {
        let lock = Shared::new();
        let guard = lock.try_write().unwrap();
        let mut read = Box::pin(lock.read());
        let polled = read.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
        let writer = {
            let lock = lock.clone();
            thread::spawn(move || block_on(lock.write()).add_one())
        };
        let other = lock.clone();
        drop(guard);
        drop(read);
        writer.join().unwrap();
        assert_eq!(other.try_read().unwrap().value(), 1);
    });
}
