//! Channels allocate when they are made, and not while they are used.
#![cfg(not(loom))]
#![allow(unsafe_code)] // A global allocator is unsafe to implement; this one counts and forwards.

mod channel_support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use channel_support::poll_with;
use trill_sync::channel::{bounded, broadcast, oneshot, unbounded, watch};

/// Counts the allocations of each thread.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: forwards to the system's allocator with the caller's own arguments; counting allocates nothing. Any test of
// this file would crash otherwise.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // A thread that ends has no counter any more.
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on; all memory is the system's.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Counts what `run` allocates on this thread.
fn allocations(run: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    run();
    ALLOCATIONS.get() - before
}

/// Polls to the end without waiting.
fn now<F: Future>(future: F) {
    let mut cx = Context::from_waker(Waker::noop());
    assert!(pin!(future).poll(&mut cx).is_ready());
}

#[test]
fn counter_counts() {
    assert_eq!(allocations(|| drop(Box::new(7))), 1);
}

#[test]
fn uncontended_send_and_receive_allocate_nothing() {
    let (sender, receiver) = bounded(4);
    let mut batch = Vec::with_capacity(4);
    let count = allocations(|| {
        for number in 0..1000 {
            now(sender.send(number));
            now(receiver.recv());
            now(async { sender.reserve().await.unwrap().send(number).unwrap() });
            now(receiver.recv_many(&mut batch, 4));
            batch.clear();
        }
    });
    assert_eq!(count, 0);
}

#[test]
fn single_waiter_allocates_nothing() {
    let (sender, receiver) = bounded(1);
    let waker = Waker::noop();
    let count = allocations(|| {
        for number in 0..1000 {
            let mut recv = receiver.recv();
            assert!(poll_with(&mut recv, waker).is_pending());
            sender.try_send(number).unwrap();
            assert!(poll_with(&mut recv, waker).is_ready());
            sender.try_send(number).unwrap();
            let mut send = sender.send(number);
            assert!(poll_with(&mut send, waker).is_pending());
            receiver.try_recv().unwrap();
            assert!(poll_with(&mut send, waker).is_ready());
            receiver.try_recv().unwrap();
        }
    });
    assert_eq!(count, 0);
}

#[test]
fn unbounded_channel_allocates_a_block_for_many_messages() {
    let (sender, receiver) = unbounded();
    let count = allocations(|| {
        for number in 0..1000 {
            now(sender.send(number));
            now(receiver.recv());
        }
    });
    assert!(count <= 1000 / 31 + 1, "{count} allocations");
}

#[test]
fn oneshot_allocates_once() {
    let count = allocations(|| {
        let (sender, mut receiver) = oneshot::channel();
        assert!(poll_with(&mut receiver, Waker::noop()).is_pending());
        sender.send(7).unwrap();
        now(receiver);
    });
    assert_eq!(count, 1);
}

#[test]
fn broadcast_uses_its_places_again() {
    let (sender, mut first) = broadcast::channel(4);
    let mut second = sender.subscribe();
    let mut round = |number: i32| {
        sender.send(number).unwrap();
        now(first.recv());
        now(second.recv());
    };
    (0..4).for_each(&mut round);
    assert_eq!(allocations(|| (0..1000).for_each(round)), 0);
}

#[test]
fn watch_allocates_nothing_while_used() {
    let (sender, mut receiver) = watch::channel(0);
    let count = allocations(|| {
        for number in 1..1000 {
            let mut changed = receiver.changed();
            assert!(poll_with(&mut changed, Waker::noop()).is_pending());
            sender.send(number).unwrap();
            assert!(poll_with(&mut changed, Waker::noop()).is_ready());
            drop(changed);
            assert_eq!(*receiver.borrow(), number);
        }
    });
    assert_eq!(count, 0);
}
