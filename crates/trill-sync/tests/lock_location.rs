//! What a waiting task tells of itself: the kind, the primitive and the program's own line.

#![cfg_attr(rustfmt, rustfmt_skip)] // Each await stands on the line whose number is given.

use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::sync::Arc;
use std::task::{Context, Waker};

use trill_cell::{Header, Kind, Spawned};
use trill_sync::{
    Barrier, Condvar, Event, FairMutex, Mutex, Notify, OnceCell, RwLock,
    RwLockUpgradableReadGuard, RwLockUpgradableReadGuardArc, Semaphore,
};

/// Polls a future as a task and checks what the task says it waits for.
fn waits(kind: Kind, of: u64, line: u32, future: impl Future) {
    let header = Header::new(Spawned::here());
    let mut future: Pin<Box<dyn Future<Output = _>>> = Box::pin(future);
    let polled = header.poll(|| {
        future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
    });
    assert!(polled.is_pending());
    let wait = header.wait().expect("a task that waits says so");
    let location = wait.location.expect("a leaf gives its location");
    assert_eq!((wait.kind, wait.value, wait.leaves), (kind, of, 1));
    assert_eq!((location.file(), location.line()), (file!(), line));
}

fn address<T: ?Sized>(of: &T) -> u64 {
    ptr::from_ref(of).addr() as u64
}

#[test]
fn a_mutex_tells_where_it_is_awaited() {
    let lock = Arc::new(Mutex::new(()));
    let at = address(&*lock);
    let _held = lock.try_lock().unwrap();
    waits(Kind::Lock, at, line!(), async { drop(lock.lock().await) });
    waits(Kind::Lock, at, line!(), async { drop(lock.lock_arc().await) });
}

#[test]
fn a_fair_mutex_tells_where_it_is_awaited() {
    let lock = Arc::new(FairMutex::new(()));
    let at = address(&*lock);
    let _held = lock.try_lock().unwrap();
    waits(Kind::Lock, at, line!(), async { drop(lock.lock().await) });
    waits(Kind::Lock, at, line!(), async { drop(lock.lock_arc().await) });
}

#[test]
fn a_read_write_lock_tells_where_it_is_awaited() {
    let lock = Arc::new(RwLock::new(()));
    let at = address(&*lock);
    let held = lock.try_write().unwrap();
    waits(Kind::Lock, at, line!(), async { drop(lock.read().await) });
    waits(Kind::Lock, at, line!(), async { drop(lock.read_arc().await) });
    waits(Kind::Lock, at, line!(), async { drop(lock.write().await) });
    waits(Kind::Lock, at, line!(), async { drop(lock.write_arc().await) });
    waits(Kind::Lock, at, line!(), async { drop(lock.upgradable_read().await) });
    waits(Kind::Lock, at, line!(), async { drop(lock.upgradable_read_arc().await) });
    drop(held);
    let _held = lock.try_read().unwrap();
    let guard = lock.try_upgradable_read().unwrap();
    waits(Kind::Lock, at, line!(), async { drop(RwLockUpgradableReadGuard::upgrade(guard).await) });
    let guard = lock.try_upgradable_read_arc().unwrap();
    waits(Kind::Lock, at, line!(), async { drop(RwLockUpgradableReadGuardArc::upgrade(guard).await) });
}

#[test]
fn a_semaphore_tells_where_it_is_awaited() {
    let semaphore = Arc::new(Semaphore::new(0));
    let at = address(&*semaphore);
    waits(Kind::Permit, at, line!(), async { drop(semaphore.acquire().await) });
    waits(Kind::Permit, at, line!(), async { drop(semaphore.acquire_arc().await) });
}

#[test]
fn notifications_tell_where_they_are_awaited() {
    let (notify, event) = (Notify::new(), Event::new());
    let barrier = Barrier::new(2);
    let kind = Kind::Notification;
    waits(kind, address(&notify), line!(), async { notify.notified().await });
    waits(kind, address(&event), line!(), async { event.wait().await });
    waits(kind, address(&barrier), line!(), async { let _ = barrier.wait().await; });
}

#[test]
fn a_condition_tells_where_it_is_awaited() {
    let (mutex, changed) = (Mutex::new(0), Condvar::new());
    let kind = Kind::Notification;
    let guard = mutex.try_lock().unwrap();
    waits(kind, address(&changed), line!(), async { drop(changed.wait(guard).await) });
    let guard = mutex.try_lock().unwrap();
    waits(kind, address(&changed), line!(), async { drop(changed.wait_until(guard, |_| false).await) });
}

#[test]
fn a_once_cell_tells_where_it_is_awaited() {
    let cell = OnceCell::new();
    let mut making = Box::pin(cell.get_or_init(std::future::pending::<u8>));
    let polled = making
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending());
    let at = address(&cell);
    waits(Kind::Lock, at, line!(), async { let _ = cell.wait().await; });
    waits(Kind::Lock, at, line!(), async { let _ = cell.set(1).await; });
    waits(Kind::Lock, at, line!(), async { let _ = cell.get_or_init(|| async { 1 }).await; });
    waits(Kind::Lock, at, line!(), async { let _ = cell.get_or_try_init(|| async { Ok::<_, ()>(1) }).await; });
}

#[test]
fn what_makes_the_value_of_a_cell_tells_of_its_own_wait() {
    let (cell, event) = (OnceCell::<()>::new(), Event::new());
    let kind = Kind::Notification;
    waits(kind, address(&event), line!(), async { cell.get_or_init(|| event.wait()).await; });
}

#[test]
fn a_task_that_used_up_its_budget_waits_for_its_turn() {
    let mutex = Mutex::new(());
    let line = line!() + 3;
    waits(Kind::Turn, 0, line, async {
        loop {
            drop(mutex.lock().await);
        }
    });
}

#[test]
fn a_semaphore_that_may_close_tells_where_it_is_awaited() {
    let semaphore = Arc::new(Semaphore::new(0));
    let at = address(&*semaphore);
    waits(Kind::Permit, at, line!(), async { drop(semaphore.acquire_open().await) });
    waits(Kind::Permit, at, line!(), async { drop(semaphore.acquire_many_open(2).await) });
    waits(Kind::Permit, at, line!(), async { drop(semaphore.acquire_open_arc().await) });
}
