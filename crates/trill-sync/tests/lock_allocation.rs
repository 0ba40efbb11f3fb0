//! Nothing is allocated without a contender, nor with one waiter at a time.
#![allow(unsafe_code)] // An allocator that counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use trill_sync::{
    Barrier, Condvar, Event, FairMutex, Mutex, Notify, OnceCell, RwLock, RwLockUpgradableReadGuard,
    Semaphore,
};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: it does what the system's allocator does, and counts in a cell that needs no allocation.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Polls a future once; whether it was ready.
fn poll(future: &mut std::pin::Pin<&mut impl Future>) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    future.as_mut().poll(&mut cx).is_ready()
}

/// Counts the allocations of `run`.
fn allocations(run: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    run();
    ALLOCATIONS.get() - before
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(Box::new(1))), 1);
}

#[test]
fn without_a_contender_nothing_is_allocated() {
    let allocated = allocations(|| {
        assert!(poll(&mut pin!(Mutex::new(()).lock())));
        assert!(poll(&mut pin!(FairMutex::new(()).lock())));
        assert!(poll(&mut pin!(Semaphore::new(2).acquire_many(2))));
        assert!(poll(&mut pin!(RwLock::new(()).read())));
        assert!(poll(&mut pin!(RwLock::new(()).write())));
        let lock = RwLock::new(());
        let guard = lock.try_upgradable_read().unwrap();
        assert!(poll(&mut pin!(RwLockUpgradableReadGuard::upgrade(guard))));
        assert!(poll(&mut pin!(Barrier::new(1).wait())));
        assert!(poll(&mut pin!(OnceCell::new().set(1))));
        let (notify, event) = (Notify::new(), Event::new());
        notify.notify_one();
        event.set();
        assert!(poll(&mut pin!(notify.notified())));
        assert!(poll(&mut pin!(event.wait())));
    });
    assert_eq!(allocated, 0);
}

#[test]
fn one_waiter_at_a_time_allocates_nothing() {
    let allocated = allocations(|| {
        let lock = Mutex::new(());
        let guard = lock.try_lock();
        let mut waits = pin!(lock.lock());
        assert!(!poll(&mut waits));
        drop(guard);
        assert!(poll(&mut waits));

        let lock = FairMutex::new(());
        let guard = lock.try_lock();
        let mut waits = pin!(lock.lock());
        assert!(!poll(&mut waits));
        drop(guard);
        assert!(poll(&mut waits));

        let semaphore = Semaphore::new(0);
        let mut waits = pin!(semaphore.acquire());
        assert!(!poll(&mut waits));
        semaphore.add_permits(1);
        assert!(poll(&mut waits));

        let lock = RwLock::new(());
        let guard = lock.try_write();
        let mut waits = pin!(lock.read());
        assert!(!poll(&mut waits));
        drop(guard);
        assert!(poll(&mut waits));

        let (mutex, changed) = (Mutex::new(()), Condvar::new());
        let mut waits = pin!(changed.wait(mutex.try_lock().unwrap()));
        assert!(!poll(&mut waits));
        changed.notify_one();
        assert!(poll(&mut waits));

        let (notify, event, barrier) = (Notify::new(), Event::new(), Barrier::new(2));
        let mut waits = (
            pin!(notify.notified()),
            pin!(event.wait()),
            pin!(barrier.wait()),
        );
        assert!(!poll(&mut waits.0) && !poll(&mut waits.1) && !poll(&mut waits.2));
        notify.notify_one();
        event.set();
        assert!(poll(&mut pin!(barrier.wait())));
        assert!(poll(&mut waits.0) && poll(&mut waits.1) && poll(&mut waits.2));
    });
    assert_eq!(allocated, 0);
}

#[test]
fn a_queue_that_was_long_once_allocates_nothing_more() {
    fn round(semaphore: &Semaphore) {
        let mut waits: [_; 8] = std::array::from_fn(|_| semaphore.acquire());
        for wait in &mut waits {
            assert!(!poll(&mut std::pin::Pin::new(wait)));
        }
        semaphore.add_permits(waits.len());
        for wait in waits {
            let mut wait = pin!(wait);
            let mut cx = Context::from_waker(Waker::noop());
            match wait.as_mut().poll(&mut cx) {
                std::task::Poll::Ready(guard) => guard.forget(),
                std::task::Poll::Pending => panic!("there are enough permits"),
            }
        }
    }

    let semaphore = Semaphore::new(0);
    round(&semaphore);
    assert_eq!(allocations(|| round(&semaphore)), 0);
}
