//! Every interleaving of a queue: hand-over, cancelling, shutdown, join.
#![cfg(loom)]

mod model;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use loom::thread;

use model::{at_once, block_on, model};
use trill_sync::queue::{Closed, PutError, Queue, Shutdown};

#[test]
fn each_item_reaches_one_consumer() {
    model(2, || {
        let queue = Arc::new(Queue::bounded(1));
        let consumer = {
            let queue = queue.clone();
            thread::spawn(move || block_on(queue.get()).unwrap())
        };
        let producer = {
            let queue = queue.clone();
            thread::spawn(move || block_on(queue.put(1)).unwrap())
        };
        let both = {
            let queue = queue.clone();
            thread::spawn(move || {
                block_on(queue.put(2)).unwrap();
                block_on(queue.get()).unwrap()
            })
        };
        let one = both.join().unwrap();
        producer.join().unwrap();
        let other = consumer.join().unwrap();
        assert_eq!(one + other, 3);
        assert_eq!((queue.len(), queue.unfinished()), (0, 2));
    });
}

#[test]
fn the_promise_of_a_consumer_that_leaves_goes_to_the_next() {
    model(2, || {
        let queue = Arc::new(Queue::unbounded());
        let leaves = {
            let queue = queue.clone();
            thread::spawn(move || {
                let mut get = pin!(queue.get());
                let polled = get.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                usize::from(polled.is_ready())
            })
        };
        let producer = {
            let queue = queue.clone();
            thread::spawn(move || {
                queue.try_put(()).unwrap();
                queue.try_put(()).unwrap();
            })
        };
        let stays = {
            let queue = queue.clone();
            thread::spawn(move || block_on(queue.get()).unwrap())
        };
        stays.join().unwrap();
        producer.join().unwrap();
        let taken = 1 + leaves.join().unwrap();
        assert_eq!(queue.len(), 2 - taken);
        let rest = std::iter::from_fn(|| queue.try_get().ok()).count();
        assert_eq!(rest, 2 - taken, "no item stays promised to nobody");
    });
}

#[test]
fn the_promise_of_a_producer_that_leaves_goes_to_the_next() {
    model(3, || {
        let queue = Arc::new(Queue::bounded(1));
        queue.try_put(0).unwrap();
        let leaves = {
            let queue = queue.clone();
            thread::spawn(move || {
                let mut put = pin!(queue.put(1));
                let polled = put.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                polled.is_ready()
            })
        };
        let consumer = {
            let queue = queue.clone();
            thread::spawn(move || block_on(queue.get()).unwrap())
        };
        let left = leaves.join().unwrap();
        if !left {
            block_on(queue.put(2)).unwrap();
        }
        assert_eq!(consumer.join().unwrap(), 0);
        assert!(block_on(queue.get()).is_ok());
        assert!(
            queue.try_put(3).is_ok(),
            "no place stays promised to nobody"
        );
    });
}

#[test]
fn a_graceful_shutdown_reaches_everybody() {
    model(2, || {
        let queue = Arc::new(Queue::bounded(1));
        queue.try_put(1).unwrap();
        let producer = {
            let queue = queue.clone();
            thread::spawn(move || block_on(queue.put(2)))
        };
        let closer = {
            let queue = queue.clone();
            thread::spawn(move || assert_eq!(queue.shutdown(Shutdown::Graceful), []))
        };
        let consumer = {
            let queue = queue.clone();
            thread::spawn(move || assert_eq!(block_on(queue.get()), Ok(1)))
        };
        consumer.join().unwrap();
        let put = producer.join().unwrap();
        closer.join().unwrap();
        match put {
            Ok(()) => assert_eq!(block_on(queue.get()), Ok(2)),
            Err(PutError(item)) => assert_eq!(item, 2),
        }
        assert_eq!(block_on(queue.get()), Err(Closed));
    });
}

#[test]
fn an_immediate_shutdown_accounts_for_every_item() {
    model(2, || {
        let queue = Arc::new(Queue::unbounded());
        let consumer = {
            let queue = queue.clone();
            thread::spawn(move || {
                let got = block_on(queue.get());
                if got.is_ok() {
                    queue.task_done().unwrap();
                }
                got.is_ok()
            })
        };
        let producer = {
            let queue = queue.clone();
            thread::spawn(move || queue.try_put(1).is_ok())
        };
        let closer = {
            let queue = queue.clone();
            thread::spawn(move || {
                let drained = queue.shutdown(Shutdown::Immediate).len();
                block_on(queue.join());
                drained
            })
        };
        let drained = closer.join().unwrap();
        let put = producer.join().unwrap();
        let got = consumer.join().unwrap();
        assert_eq!(usize::from(put), drained + usize::from(got));
        assert_eq!((queue.len(), queue.unfinished()), (0, 0));
    });
}

#[test]
fn join_hears_of_the_last_item() {
    model(3, || {
        let queue = Arc::new(Queue::unbounded());
        queue.try_put(1).unwrap();
        let (consumes, joins) = (queue.clone(), queue.clone());
        at_once(
            move || drop(block_on(consumes.get_item())),
            move || {
                block_on(joins.join());
                assert_eq!(joins.unfinished(), 0);
            },
        );
        assert!(queue.is_empty());
    });
}
