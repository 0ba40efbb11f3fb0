//! Shutting queues down, gracefully and at once.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)] // A failed step fails its test; plain threads are the matter.
#![cfg(not(loom))]

mod lock_support;
mod schedule;

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::thread;

use lock_support::Hand;
use schedule::{Schedule, jitter, once_in, or_give_up, search};
use trill_sync::queue::{
    Closed, LifoQueue, PriorityQueue, PutError, Queue, Shutdown, TryGetError, TryPutError,
};
use trill_world::pick;

// Behaviour 10: graceful: queued items still come out in order, then `Closed`.
#[test]
fn graceful_shutdown_lets_queued_items_out_in_order() {
    let (fifo, lifo, priority) = (
        Queue::unbounded(),
        LifoQueue::unbounded(),
        PriorityQueue::unbounded(),
    );
    for item in [2, 1, 3] {
        fifo.try_put(item).unwrap();
        lifo.try_put(item).unwrap();
        priority.try_put(item).unwrap();
    }
    assert_eq!(fifo.shutdown(Shutdown::Graceful), []);
    assert_eq!(lifo.shutdown(Shutdown::Graceful), []);
    assert_eq!(priority.shutdown(Shutdown::Graceful), []);
    for (first, last, smallest) in [(2, 3, 1), (1, 1, 2), (3, 2, 3)] {
        assert_eq!(fifo.get_blocking(), Ok(first));
        assert_eq!(lifo.get_blocking(), Ok(last));
        assert_eq!(priority.get_blocking(), Ok(smallest));
    }
    assert_eq!(fifo.get_blocking(), Err(Closed));
    assert_eq!(fifo.try_get(), Err(TryGetError::Closed));
    assert_eq!(fifo.try_put(4), Err(TryPutError::Closed(4)));
    assert!(fifo.is_shut_down());
}

// Behaviour 10: blocked senders fail and get their value back.
#[test]
fn producers_that_wait_get_their_items_back() {
    for how in [Shutdown::Graceful, Shutdown::Immediate] {
        let queue = Queue::bounded(1);
        queue.try_put(0).unwrap();
        let mut puts: Vec<_> = (1..4).map(|n| Hand::waiting(queue.put(n))).collect();
        // The first one is promised a place before the shutdown and runs after it.
        assert_eq!(queue.try_get(), Ok(0));
        queue.shutdown(how);
        for (put, item) in puts.iter_mut().zip(1..) {
            assert_eq!(put.wakes(), 1);
            assert_eq!(put.ready(), Err(PutError(item)));
        }
    }
}

// Behaviour 10: every blocked side wakes.
#[test]
fn consumers_that_wait_are_told() {
    for how in [Shutdown::Graceful, Shutdown::Immediate] {
        let queue = Queue::<u8>::unbounded();
        let mut gets: Vec<_> = (0..3).map(|_| Hand::waiting(queue.get())).collect();
        queue.shutdown(how);
        for get in &mut gets {
            assert_eq!((get.wakes(), get.ready()), (1, Err(Closed)));
        }
    }
}

// Behaviour 10: immediate: all items dropped, every blocked side wakes.
#[test]
fn immediate_shutdown_returns_what_was_queued() {
    let queue = Queue::bounded(2);
    queue.try_put(1).unwrap();
    queue.try_put(2).unwrap();
    let (mut put, mut join) = (Hand::waiting(queue.put(3)), Hand::waiting(queue.join()));
    assert_eq!(queue.shutdown(Shutdown::Immediate), [1, 2]);
    assert_eq!(put.ready(), Err(PutError(3)));
    assert_eq!(queue.get_blocking(), Err(Closed));
    assert_eq!((queue.len(), queue.unfinished()), (0, 0));
    join.ready();
}

#[test]
fn consumer_that_was_promised_an_item_finds_it_gone() {
    let queue = Queue::unbounded();
    let mut gets: Vec<_> = (0..2).map(|_| Hand::waiting(queue.get())).collect();
    queue.try_put(1).unwrap();
    assert_eq!(queue.shutdown(Shutdown::Immediate), [1]);
    gets[1].cancel();
    assert_eq!(gets[0].ready(), Err(Closed));
}

#[test]
fn consumer_that_was_promised_an_item_may_be_dropped_after_the_shutdown() {
    for how in [Shutdown::Graceful, Shutdown::Immediate] {
        let queue = Queue::unbounded();
        let mut gets: Vec<_> = (0..2).map(|_| Hand::waiting(queue.get())).collect();
        queue.try_put(1).unwrap();
        queue.shutdown(how);
        gets[0].cancel();
        let expected = match how {
            Shutdown::Graceful => Ok(1),
            Shutdown::Immediate => Err(Closed),
        };
        assert_eq!((gets[1].wakes(), gets[1].ready()), (1, expected));
        assert_eq!(queue.try_get(), Err(TryGetError::Closed));
    }
}

// Behaviour 10: `join` completes iff no item is in a consumer's hands.
#[test]
fn join_after_an_immediate_shutdown_waits_for_items_in_hands() {
    let queue = Queue::unbounded();
    queue.try_put(1).unwrap();
    queue.try_put(2).unwrap();
    let item = queue.try_get_item().unwrap();
    let mut join = Hand::waiting(queue.join());
    assert_eq!(queue.shutdown(Shutdown::Immediate), [2]);
    assert!(join.poll().is_pending());
    drop(item);
    join.ready();
}

#[test]
fn join_after_a_graceful_shutdown_waits_for_everything() {
    let queue = Queue::unbounded();
    queue.try_put(1).unwrap();
    let mut join = Hand::waiting(queue.join());
    queue.shutdown(Shutdown::Graceful);
    assert!(join.poll().is_pending());
    let item = queue.try_get_item().unwrap();
    assert!(join.poll().is_pending());
    drop(item);
    join.ready();
}

// Behaviour 10: both idempotent.
#[test]
fn shutting_down_again_changes_nothing_except_to_hasten_it() {
    let queue = Queue::unbounded();
    queue.try_put(1).unwrap();
    queue.shutdown(Shutdown::Graceful);
    queue.shutdown(Shutdown::Graceful);
    assert_eq!(queue.len(), 1);
    assert_eq!(queue.shutdown(Shutdown::Immediate), [1]);
    assert_eq!(queue.shutdown(Shutdown::Immediate), []);
    assert_eq!(queue.shutdown(Shutdown::Graceful), []);
    assert_eq!(queue.try_get(), Err(TryGetError::Closed));
    assert_eq!(queue.stats().unfinished, 0);
}

// Behaviour 10: and callable from another thread.
#[test]
fn another_thread_may_shut_down_while_both_sides_block() {
    for how in [Shutdown::Graceful, Shutdown::Immediate] {
        let full = Arc::new(Queue::bounded(1));
        full.try_put(1).unwrap();
        let empty = Arc::new(Queue::<u8>::unbounded());
        let put = thread::spawn({
            let full = full.clone();
            move || full.put_blocking(2)
        });
        let get = thread::spawn({
            let empty = empty.clone();
            move || empty.get_blocking()
        });
        while full.stats().waiting_producers == 0 || empty.stats().waiting_consumers == 0 {
            thread::yield_now();
        }
        full.shutdown(how);
        empty.shutdown(how);
        assert_eq!(put.join().unwrap(), Err(PutError(2)));
        assert_eq!(get.join().unwrap(), Err(Closed));
    }
}

/// Producers, consumers and somebody who shuts down, in an order the world chooses; every item is accounted for.
fn shut_down_somewhere(how: Shutdown) {
    let queue = Queue::bounded(1 + pick(2));
    let (next, refused) = (Cell::new(0), RefCell::new(Vec::new()));
    let (taken, drained) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
    let is_shut = Cell::new(false);
    let mut schedule = Schedule::new();
    for _ in 0..2 {
        schedule.spawn(async {
            for _ in 0..3 {
                jitter().await;
                let item = next.replace(next.get() + 1);
                if let Err(PutError(item)) = queue.put(item).await {
                    assert!(is_shut.get());
                    refused.borrow_mut().push(item);
                }
            }
        });
        schedule.spawn(async {
            loop {
                jitter().await;
                match or_give_up(queue.get_item()).await {
                    Ok(Ok(item)) => {
                        jitter().await;
                        taken.borrow_mut().push(*item);
                    }
                    Ok(Err(Closed)) => break,
                    Err(_) => {}
                }
            }
            assert!(is_shut.get());
            assert_eq!(queue.len(), 0, "closed comes after the last item");
        });
    }
    schedule.spawn(async {
        for _ in 0..3 {
            jitter().await;
        }
        is_shut.set(true);
        drained.borrow_mut().extend(queue.shutdown(how));
        if once_in(2) {
            assert!(queue.shutdown(Shutdown::Graceful).is_empty());
        }
        queue.join().await;
        assert_eq!(queue.unfinished(), 0);
    });
    schedule.finish(|| {});
    drop(schedule);
    if how == Shutdown::Graceful {
        assert!(drained.borrow().is_empty());
    }
    let mut all = [taken.take(), drained.take(), refused.take()].concat();
    all.sort_unstable();
    assert_eq!(all, (0..next.get()).collect::<Vec<_>>());
}

// Behaviour 10, over 10,000 schedules each.
// Fault 40f
#[test]
fn no_item_is_unaccounted_for_whenever_the_queue_is_shut_down() {
    search(10_000, || shut_down_somewhere(Shutdown::Graceful));
    search(10_000, || shut_down_somewhere(Shutdown::Immediate));
}
