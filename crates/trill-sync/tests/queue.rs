//! Queues: order, room, marking as done, statistics.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)] // A failed step fails its test; plain threads are the matter.
#![cfg(not(loom))]

mod lock_support;

use std::cmp::Reverse;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use lock_support::Hand;
use trill_sync::queue::{
    BaseQueue, Closed, LifoQueue, PriorityQueue, PutError, Queue, Shutdown, Store, TooManyDone,
    TryGetError, TryPutError,
};

/// Takes everything out.
fn drain<S: Store>(queue: &BaseQueue<S>) -> Vec<S::Item> {
    std::iter::from_fn(|| queue.try_get().ok()).collect()
}

#[test]
fn each_queue_has_its_order() {
    let items = [3, 1, 4, 1, 5];
    let (fifo, lifo, priority) = (
        Queue::unbounded(),
        LifoQueue::unbounded(),
        PriorityQueue::unbounded(),
    );
    for item in items {
        fifo.try_put(item).unwrap();
        lifo.try_put(item).unwrap();
        priority.try_put(item).unwrap();
    }
    assert_eq!(drain(&fifo), [3, 1, 4, 1, 5]);
    assert_eq!(drain(&lifo), [5, 1, 4, 1, 3]);
    assert_eq!(drain(&priority), [1, 1, 3, 4, 5]);
}

/// An item that is compared by its first field only.
#[derive(Debug)]
struct Job(u8, &'static str);

impl PartialEq for Job {
    fn eq(&self, other: &Job) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Job {}

impl PartialOrd for Job {
    fn partial_cmp(&self, other: &Job) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Job {
    fn cmp(&self, other: &Job) -> std::cmp::Ordering {
        assert!(self.0 != u8::MAX && other.0 != u8::MAX, "expected");
        self.0.cmp(&other.0)
    }
}

#[test]
fn equal_priorities_come_out_in_order_of_arrival() {
    let queue = PriorityQueue::unbounded();
    for job in [
        Job(2, "a"),
        Job(1, "b"),
        Job(2, "c"),
        Job(1, "d"),
        Job(2, "e"),
    ] {
        queue.try_put(job).unwrap();
    }
    let names: String = drain(&queue).iter().map(|job| job.1).collect();
    assert_eq!(names, "bdace");

    let greatest_first = PriorityQueue::unbounded();
    for number in [1, 3, 2] {
        greatest_first.try_put(Reverse(number)).unwrap();
    }
    assert_eq!(drain(&greatest_first), [Reverse(3), Reverse(2), Reverse(1)]);
}

#[test]
fn a_full_queue_refuses_and_gives_the_item_back() {
    let queue = Queue::bounded(2);
    queue.try_put("a").unwrap();
    assert!(!queue.is_full());
    queue.try_put("b").unwrap();
    assert!(queue.is_full());
    assert_eq!(queue.try_put("c"), Err(TryPutError::Full("c")));
    assert_eq!((queue.len(), queue.capacity()), (2, Some(2)));
}

#[test]
#[should_panic(expected = "capacity cannot be zero")]
fn a_capacity_of_zero_is_refused() {
    let _ = Queue::<u8>::bounded(0);
}

#[test]
fn consumers_are_served_in_order_of_waiting() {
    let queue = Queue::unbounded();
    let mut gets: Vec<_> = (0..3).map(|_| Hand::waiting(queue.get())).collect();
    queue.try_put(1).unwrap();
    queue.try_put(2).unwrap();
    let wakes: Vec<_> = gets.iter().map(Hand::wakes).collect();
    assert_eq!(wakes, [1, 1, 0]);
    // What is promised is not for newcomers.
    assert_eq!(queue.try_get(), Err(TryGetError::Empty));
    let mut late = Hand::waiting(queue.get());
    assert!(gets[2].poll().is_pending());
    assert_eq!(gets[1].ready(), Ok(1));
    assert_eq!(gets[0].ready(), Ok(2));
    queue.try_put(3).unwrap();
    assert!(late.poll().is_pending());
    assert_eq!(gets[2].ready(), Ok(3));
}

#[test]
fn producers_are_served_in_order_of_waiting() {
    let queue = Queue::bounded(1);
    queue.try_put(0).unwrap();
    let mut puts: Vec<_> = (1..4).map(|n| Hand::waiting(queue.put(n))).collect();
    assert_eq!(queue.try_get(), Ok(0));
    let wakes: Vec<_> = puts.iter().map(Hand::wakes).collect();
    assert_eq!(wakes, [1, 0, 0]);
    // The place is promised.
    assert_eq!(queue.try_put(9), Err(TryPutError::Full(9)));
    assert!(puts[1].poll().is_pending());
    puts[0].ready().unwrap();
    assert_eq!(queue.try_get(), Ok(1));
    puts[1].cancel();
    puts[2].ready().unwrap();
    assert_eq!(queue.try_get(), Ok(3));
}

#[test]
fn a_waker_that_changes_is_the_one_that_is_woken() {
    let queue = Queue::<u8>::unbounded();
    let mut get = Box::pin(queue.get());
    let counts: Vec<_> = (0..2).map(|_| lock_support::Count::new()).collect();
    for count in &counts {
        let waker = std::task::Waker::from(count.clone());
        let mut cx = std::task::Context::from_waker(&waker);
        assert!(get.as_mut().poll(&mut cx).is_pending());
    }
    queue.try_put(1).unwrap();
    assert_eq!((counts[0].wakes(), counts[1].wakes()), (0, 1));
}

#[test]
fn join_waits_for_each_item_to_be_done() {
    let queue = Queue::unbounded();
    queue.join_blocking();
    queue.try_put(1).unwrap();
    queue.try_put(2).unwrap();
    let mut join = Hand::waiting(queue.join());
    assert_eq!((queue.try_get(), queue.try_get()), (Ok(1), Ok(2)));
    queue.task_done().unwrap();
    assert!(join.poll().is_pending());
    queue.task_done().unwrap();
    // More work that comes before it runs does not hold it back.
    queue.try_put(3).unwrap();
    join.ready();
    assert!(Hand::new(queue.join()).poll().is_pending());
}

#[test]
fn marking_too_often_is_an_error_that_changes_nothing() {
    let queue = Queue::unbounded();
    assert_eq!(queue.task_done(), Err(TooManyDone));
    queue.try_put(1).unwrap();
    assert_eq!(queue.task_done(), Err(TooManyDone));
    assert_eq!(queue.unfinished(), 1);
    queue.try_get().unwrap();
    assert_eq!(queue.task_done(), Ok(()));
    assert_eq!(queue.task_done(), Err(TooManyDone));
    queue.join_blocking();
}

#[test]
fn an_item_is_done_when_its_guard_goes_even_in_a_panic() {
    let queue = Queue::unbounded();
    for n in 0..4 {
        queue.try_put(n).unwrap();
    }
    let mut item = queue.try_get_item().unwrap();
    *item += 10;
    assert_eq!((*item, queue.unfinished()), (10, 4));
    drop(item);
    assert_eq!(queue.unfinished(), 3);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _item = queue.try_get_item().unwrap();
        panic!("expected");
    }));
    assert!(panicked.is_err());
    assert_eq!(queue.unfinished(), 2);
    assert_eq!(queue.try_get_item().unwrap().into_inner(), 2);
    assert_eq!(queue.unfinished(), 1);
    assert_eq!(queue.get_item_blocking().unwrap().detach(), 3);
    assert_eq!(queue.unfinished(), 1);
    queue.task_done().unwrap();
    queue.join_blocking();
}

#[test]
fn a_guard_that_was_not_received_is_not_an_item_in_hands() {
    let queue = Queue::unbounded();
    let mut get = Hand::waiting(queue.get_item());
    queue.try_put(1).unwrap();
    get.cancel();
    assert_eq!((queue.len(), queue.unfinished()), (1, 1));
    drop(queue.try_get_item().unwrap());
    queue.join_blocking();
}

#[test]
fn the_item_of_a_put_that_waits_can_be_taken_back() {
    let queue = Queue::bounded(1);
    queue.try_put(1).unwrap();
    let mut put = queue.put(2);
    assert!(lock_support::poll_once(&mut put).is_pending());
    assert_eq!(queue.stats().waiting_producers, 1);
    assert_eq!(put.into_inner(), Some(2));
    assert_eq!(queue.stats().waiting_producers, 0);
}

#[test]
fn statistics_count_items_and_waiters() {
    let queue = Queue::bounded(1);
    let mut get = Hand::waiting(queue.get());
    assert_eq!(queue.stats().waiting_consumers, 1);
    queue.try_put(1).unwrap();
    assert_eq!(get.ready(), Ok(1));
    queue.try_put(2).unwrap();
    let (_put, _join) = (Hand::waiting(queue.put(3)), Hand::waiting(queue.join()));
    let stats = queue.stats();
    assert_eq!(
        (stats.len, stats.capacity, stats.unfinished),
        (1, Some(1), 2)
    );
    assert_eq!(
        (
            stats.waiting_consumers,
            stats.waiting_producers,
            stats.waiting_joiners
        ),
        (0, 1, 1)
    );
    assert!(!stats.is_shut_down);
    assert!(format!("{queue:?}").contains("unfinished: 2"));
}

#[test]
fn a_comparison_that_panics_loses_only_its_own_item() {
    let queue = PriorityQueue::bounded(2);
    queue.try_put(Job(1, "a")).unwrap();
    let put = catch_unwind(AssertUnwindSafe(|| queue.try_put(Job(u8::MAX, "bad"))));
    assert!(put.is_err());
    queue.try_put(Job(0, "b")).unwrap();

    // A producer that was promised a place passes it on.
    let mut bad = Hand::waiting(queue.put(Job(u8::MAX, "bad")));
    let mut good = Hand::waiting(queue.put(Job(2, "c")));
    assert_eq!(queue.try_get().unwrap().1, "b");
    assert!(catch_unwind(AssertUnwindSafe(|| bad.poll().is_ready())).is_err());
    bad.cancel();
    assert_eq!(good.wakes(), 1);
    good.ready().unwrap();
    assert_eq!(drain(&queue).len(), 2);
    assert_eq!(queue.unfinished(), 3);
}

#[test]
fn threads_and_tasks_share_a_queue() {
    const EACH: usize = if cfg!(miri) { 5 } else { 500 };
    let queue = Arc::new(Queue::bounded(3));
    let producers: Vec<_> = (0..3)
        .map(|producer| {
            let queue = queue.clone();
            thread::spawn(move || {
                for n in 0..EACH {
                    queue.put_blocking((producer, n)).unwrap();
                }
            })
        })
        .collect();
    let consumers: Vec<_> = (0..2)
        .map(|_| {
            let queue = queue.clone();
            thread::spawn(move || {
                let mut seen = Vec::new();
                while let Ok(item) = queue.get_item_blocking() {
                    seen.push(*item);
                }
                seen
            })
        })
        .collect();
    for producer in producers {
        producer.join().unwrap();
    }
    queue.join_blocking();
    queue.shutdown(Shutdown::Graceful);
    let mut all = Vec::new();
    for consumer in consumers {
        let seen = consumer.join().unwrap();
        for producer in 0..3 {
            let own: Vec<_> = seen.iter().filter(|item| item.0 == producer).collect();
            assert!(own.is_sorted(), "items of one producer come in order");
        }
        all.extend(seen);
    }
    all.sort_unstable();
    let expected: Vec<_> = (0..3)
        .flat_map(|p| (0..EACH).map(move |n| (p, n)))
        .collect();
    assert_eq!(all, expected);
}

#[test]
fn errors_say_what_to_do_and_give_the_item_back() {
    let queue = Queue::unbounded();
    queue.shutdown(Shutdown::Graceful);
    let error = queue.put_blocking(String::from("letter")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the item was not put: the queue was shut down"
    );
    assert_eq!(error.into_inner(), "letter");
    assert_eq!(
        queue
            .try_put(String::from("letter"))
            .unwrap_err()
            .into_inner(),
        "letter"
    );
    assert_eq!(queue.get_blocking(), Err(Closed));
    assert!(TooManyDone.to_string().contains("call task_done once"));
    assert_eq!(format!("{:?}", PutError(1)), "PutError(..)");
}
