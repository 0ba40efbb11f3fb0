//! The lock for many readers or one writer.
#![allow(clippy::disallowed_methods)] // Threads that contend are the matter here.

mod lock_support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use futures_lite::future::yield_now;
use lock_support::Hand;
use trill_park::block_on;
use trill_sync::{
    RwLock, RwLockReadGuard, RwLockReadGuardArc, RwLockUpgradableReadGuard,
    RwLockUpgradableReadGuardArc, RwLockWriteGuard, RwLockWriteGuardArc,
};

#[test]
fn readers_share_and_writers_exclude() {
    let lock = RwLock::new(1);
    let readers = [lock.try_read(), lock.try_read()];
    let upgradable = lock.try_upgradable_read();
    assert!(upgradable.is_some());
    assert!(lock.try_upgradable_read().is_none());
    assert!(lock.try_write().is_none());
    assert_eq!(lock.readers(), 3);
    drop((readers, upgradable));
    let writer = lock.try_write();
    assert!(lock.is_write_locked());
    assert!(lock.try_read().is_none());
    drop(writer);
    assert_eq!(lock.into_inner(), 1);
}

#[test]
fn a_reader_that_comes_after_a_writer_waits_behind_it() {
    let lock = RwLock::new(());
    let first = lock.try_read();
    let mut writer = Hand::waiting(lock.write());
    let mut second = Hand::waiting(lock.read());
    assert!(lock.try_read().is_none());
    drop(first);
    assert_eq!((writer.wakes(), second.wakes()), (1, 0));
    drop(writer.ready());
    drop(second.ready());
}

#[test]
fn a_writer_that_leaves_lets_all_readers_in_up_to_the_next_writer() {
    let lock = RwLock::new(());
    let writer = lock.try_write();
    let mut readers: Vec<_> = (0..3).map(|_| Hand::waiting(lock.read())).collect();
    let mut next = Hand::waiting(lock.write());
    let late = Hand::waiting(lock.read());
    drop(writer);
    assert!(readers.iter().all(|reader| reader.wakes() == 1));
    assert_eq!(late.wakes(), 0);
    let held: Vec<_> = readers.iter_mut().map(Hand::ready).collect();
    assert!(next.poll().is_pending());
    drop(held);
    drop(next.ready());
    assert_eq!(late.wakes(), 1);
}

#[test]
fn a_writer_that_gives_up_lets_readers_in() {
    let lock = RwLock::new(());
    let first = lock.try_read();
    let mut writer = Hand::waiting(lock.write());
    let mut readers: Vec<_> = (0..2).map(|_| Hand::waiting(lock.read())).collect();
    writer.cancel();
    let held: Vec<_> = readers.iter_mut().map(Hand::ready).collect();
    assert_eq!(lock.readers(), 3);
    drop((first, held));
}

// Fault 40d
#[test]
fn a_waiter_that_is_dropped_after_it_was_let_in_leaves() {
    let lock = RwLock::new(());
    for dropped in 0..3 {
        let writer = lock.try_write();
        let mut read = Hand::waiting(lock.read());
        let mut upgradable = Hand::waiting(lock.upgradable_read());
        let mut write = Hand::waiting(lock.write());
        drop(writer);
        match dropped {
            0 => read.cancel(),
            1 => upgradable.cancel(),
            _ => write.cancel(),
        }
        if dropped != 0 {
            drop(read.ready());
        }
        if dropped != 1 {
            drop(upgradable.ready());
        }
        if dropped != 2 {
            drop(write.ready());
        }
        assert!(lock.try_write().is_some());
    }
}

#[test]
fn an_upgrade_waits_for_readers_and_keeps_others_out() {
    let lock = RwLock::new(0);
    let reader = lock.try_read();
    let mut writer = Hand::new(lock.write());
    let mut upgrade = Hand::waiting(RwLockUpgradableReadGuard::upgrade(
        lock.try_upgradable_read().unwrap(),
    ));
    assert!(writer.poll().is_pending());
    assert!(lock.try_read().is_none());
    let mut late = Hand::waiting(lock.read());
    assert_eq!(lock.waiters(), 3);
    drop(reader);
    assert_eq!((upgrade.wakes(), writer.wakes()), (1, 0));
    let mut guard = upgrade.ready();
    *guard = 1;
    drop(guard);
    let mut guard = writer.ready();
    assert_eq!(*guard, 1);
    *guard = 2;
    drop(guard);
    assert_eq!(*late.ready(), 2);
}

#[test]
fn an_upgrade_that_is_dropped_releases_the_lock() {
    let lock = RwLock::new(());
    let reader = lock.try_read();
    let mut upgrade = Hand::waiting(RwLockUpgradableReadGuard::upgrade(
        lock.try_upgradable_read().unwrap(),
    ));
    let mut other = Hand::waiting(lock.upgradable_read());
    upgrade.cancel();
    let guard = other.ready();
    drop((reader, guard));
    // Also one that was never polled, and one that was woken.
    drop(RwLockUpgradableReadGuard::upgrade(
        lock.try_upgradable_read().unwrap(),
    ));
    let reader = lock.try_read();
    let mut upgrade = Hand::waiting(RwLockUpgradableReadGuard::upgrade(
        lock.try_upgradable_read().unwrap(),
    ));
    drop(reader);
    assert_eq!(upgrade.wakes(), 1);
    upgrade.cancel();
    assert!(lock.try_write().is_some());
}

#[test]
fn downgrades_let_others_in_at_once() {
    let lock = RwLock::new(5);
    let writer = lock.try_write().unwrap();
    let mut reader = Hand::waiting(lock.read());
    let mut upgradable = Hand::waiting(lock.upgradable_read());
    let guard = RwLockWriteGuard::downgrade_to_upgradable(writer);
    assert_eq!((reader.wakes(), upgradable.wakes()), (1, 0));
    let guard = RwLockUpgradableReadGuard::downgrade(guard);
    assert_eq!(upgradable.wakes(), 1);
    assert_eq!((*guard, *reader.ready(), *upgradable.ready()), (5, 5, 5));
    drop(guard);
    let guard = RwLockWriteGuard::downgrade(lock.try_write().unwrap());
    assert_eq!(lock.readers(), 1);
    drop(guard);
    assert!(lock.try_write().is_some());
}

#[test]
fn arc_guards_keep_the_lock_alive_and_no_longer() {
    let lock = Arc::new(RwLock::new(String::from("x")));
    let guard = block_on(lock.write_arc());
    let guard = RwLockWriteGuardArc::downgrade_to_upgradable(guard);
    let reader = block_on(lock.read_arc());
    let guard = RwLockUpgradableReadGuardArc::try_upgrade(guard).unwrap_err();
    assert_eq!(Arc::strong_count(&lock), 3);
    drop(reader);
    let mut guard = block_on(RwLockUpgradableReadGuardArc::upgrade(guard));
    guard.push('y');
    let guard: RwLockReadGuardArc<String> = RwLockWriteGuardArc::downgrade(guard);
    assert_eq!(Arc::strong_count(&lock), 2);
    let weak = Arc::downgrade(&lock);
    drop(lock);
    assert_eq!(*guard, "xy");
    drop(guard);
    assert!(weak.upgrade().is_none());
}

#[test]
fn reading_guards_are_covariant() {
    fn shorten<'a, 's>(
        guard: RwLockReadGuard<'a, &'static str>,
        arc: RwLockReadGuardArc<&'static str>,
        _: &'s str,
    ) -> (RwLockReadGuard<'a, &'s str>, RwLockReadGuardArc<&'s str>) {
        (guard, arc)
    }
    let lock = Arc::new(RwLock::new("long"));
    let short = String::from("short");
    let (one, two) = shorten(lock.read_blocking(), lock.read_arc_blocking(), &short);
    assert_eq!((*one, *two), ("long", "long"));
}

// Fault 40e
#[test]
fn a_panic_while_a_guard_is_held_releases_the_lock() {
    let lock = RwLock::new(0);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _guard = lock.write_blocking();
        panic!("with the guard");
    }));
    assert!(panicked.is_err());
    assert!(lock.try_write().is_some());
}

#[test]
fn it_says_what_it_is() {
    let lock = RwLock::new(7);
    assert_eq!(format!("{lock:?}"), "RwLock { data: 7, waiters: 0 }");
    let guard = lock.write_blocking();
    assert_eq!(
        format!("{lock:?} {guard:?} {guard}"),
        "RwLock { data: <locked>, waiters: 0 } 7 7"
    );
}

#[test]
fn threads_see_what_writers_wrote() {
    let lock = Arc::new(RwLock::new((0, 0)));
    let threads: Vec<_> = (0..4)
        .map(|number| {
            let lock = lock.clone();
            thread::spawn(move || {
                block_on(async {
                    for _ in 0..300 {
                        if number == 0 {
                            let guard = lock.read().await;
                            assert_eq!(guard.0, guard.1);
                            continue;
                        }
                        let guard = lock.upgradable_read().await;
                        let before = guard.0;
                        let mut guard = RwLockUpgradableReadGuard::upgrade(guard).await;
                        guard.0 = before + 1;
                        yield_now().await;
                        guard.1 += 1;
                    }
                });
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(*lock.read_blocking(), (900, 900));
}
