//! What a task tells that waits for a queue or a promise, and how the futures are made.
#![cfg_attr(rustfmt, rustfmt_skip)] // Each await stands on the line whose number is given.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]
#![cfg(not(loom))]

use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Waker};

use trill_cell::{Header, Kind, Spawned, Wait};
use trill_sync::promise::{Cancelled, Promise, Promised, SharedPromised, promise};
use trill_sync::queue::{Get, GetItem, Item, Join, LastInFirstOut, PriorityQueue, Put, Queue, FirstInFirstOut};
use trill_sync::Barrier;

/// Polls a future as a task and returns what the task says it waits for, on which line of this file.
fn waits(line: u32, future: impl Future) -> Wait {
    let header = Header::new(Spawned::here());
    let mut future: Pin<Box<dyn Future<Output = _>>> = Box::pin(future);
    let polled = header.poll(|| future.as_mut().poll(&mut Context::from_waker(Waker::noop())));
    assert!(polled.is_pending());
    let wait = header.wait().expect("a task that waits says so");
    let location = wait.location.expect("a leaf gives its location");
    assert_eq!((location.file(), location.line(), wait.leaves), (file!(), line, 1));
    wait
}

#[test]
fn a_queue_tells_where_it_is_awaited() {
    let queue = Queue::bounded(1);
    let at = ptr::from_ref(&queue).addr() as u64;
    let is = |wait: Wait, kind| assert_eq!((wait.kind, wait.value), (kind, at));
    is(waits(line!(), async { queue.get().await.unwrap(); }), Kind::Receive);
    is(waits(line!(), async { drop(queue.get_item().await); }), Kind::Receive);
    queue.try_put(1).unwrap();
    is(waits(line!(), async { queue.put(2).await.unwrap(); }), Kind::Send);
    is(waits(line!(), async { queue.join().await; }), Kind::Notification);
}

#[test]
fn a_promise_tells_where_it_is_awaited() {
    let (_giver, promised) = promise::<i32, ()>();
    let kind = |wait: Wait| wait.kind;
    assert_eq!(kind(waits(line!(), async { promised.await.unwrap(); })), Kind::Receive);
    let (giver, promised) = promise::<i32, ()>();
    assert_eq!(kind(waits(line!(), async { giver.cancelled().await; })), Kind::Notification);
    let shared = promised.shared();
    assert_eq!(kind(waits(line!(), async { shared.await.unwrap(); })), Kind::Receive);
}

#[test]
fn a_barrier_that_may_break_tells_where_it_is_awaited() {
    let barrier = Barrier::new(2);
    let wait = waits(line!(), async { barrier.meet().await.unwrap(); });
    assert_eq!((wait.kind, wait.value), (Kind::Notification, ptr::from_ref(&barrier).addr() as u64));
}

#[test]
fn a_task_that_only_gets_gives_way_to_others() {
    let queue = Queue::unbounded();
    for n in 0..1000 {
        queue.try_put(n).unwrap();
    }
    let wait = waits(line!(), async { loop { queue.get().await.unwrap(); } });
    assert_eq!(wait.kind, Kind::Turn);
}

#[test]
fn queues_and_promises_may_be_sent_and_moved() {
    fn send<T: Send>() {}
    fn sync<T: Sync>() {}
    fn unpin<T: Unpin>() {}
    type OnlySend = std::cell::Cell<u8>;
    type Pinned = std::marker::PhantomPinned;
    send::<(Queue<OnlySend>, PriorityQueue<OnlySend>, Promise<OnlySend, OnlySend>, Promised<OnlySend, OnlySend>)>();
    sync::<(Queue<OnlySend>, PriorityQueue<OnlySend>, Promise<OnlySend, OnlySend>, Promised<OnlySend, OnlySend>)>();
    send::<(Get<'_, FirstInFirstOut<OnlySend>>, Put<'_, LastInFirstOut<OnlySend>>, Join<'_, FirstInFirstOut<OnlySend>>)>();
    send::<(SharedPromised<u8, u8>, Cancelled<'_, u8, u8>, Item<'_, FirstInFirstOut<u8>>)>();
    unpin::<(Get<'_, FirstInFirstOut<Pinned>>, GetItem<'_, FirstInFirstOut<Pinned>>, Put<'_, FirstInFirstOut<Pinned>>)>();
    unpin::<(Promised<Pinned, Pinned>, SharedPromised<Pinned, Pinned>, Cancelled<'_, Pinned, Pinned>)>();
}

// Fault 40c
#[test]
#[cfg(target_pointer_width = "64")]
fn futures_of_queues_and_promises_are_small() {
    assert_eq!(size_of::<Get<'_, FirstInFirstOut<u64>>>(), size_of::<Join<'_, FirstInFirstOut<u64>>>());
    assert!(size_of::<Get<'_, FirstInFirstOut<u64>>>() <= 24);
    assert!(size_of::<Put<'_, FirstInFirstOut<u64>>>() <= 40);
    assert!(size_of::<Promised<u64, u64>>() <= 24);
}
