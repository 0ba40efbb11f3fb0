//! Every interleaving of the semaphore: conservation, wake-ups, cancelling.
#![cfg(loom)]

mod model;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use loom::thread;

use model::{at_once, begun, block_on, model};
use trill_sync::Semaphore;

#[test]
fn permits_are_conserved_and_nobody_is_forgotten() {
    model(2, || {
        let semaphore = Arc::new(Semaphore::new(2));
        let threads = [1, 2, 2].map(|permits| {
            let semaphore = semaphore.clone();
            thread::spawn(move || drop(block_on(semaphore.acquire_many(permits))))
        });
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!((semaphore.available_permits(), semaphore.waiters()), (2, 0));
    });
}

#[test]
fn a_big_request_that_leaves_lets_the_next_in() {
    model(3, || {
        let semaphore = Arc::new(Semaphore::new(1));
        let (big, next) = (semaphore.clone(), semaphore.clone());
        at_once(
            move || drop(begun(async move { drop(big.acquire_many(2).await) })),
            move || drop(block_on(next.acquire())),
        );
        assert_eq!((semaphore.available_permits(), semaphore.waiters()), (1, 0));
    });
}

#[test]
fn permits_handed_to_one_that_leaves_go_to_the_next() {
    model(2, || {
        let semaphore = Arc::new(Semaphore::new(0));
        let leaves = begun(semaphore.acquire_arc());
        let stays = {
            let semaphore = semaphore.clone();
            thread::spawn(move || drop(block_on(semaphore.acquire())))
        };
        let adds = {
            let semaphore = semaphore.clone();
            thread::spawn(move || semaphore.add_permits(1))
        };
        let leaves = thread::spawn(move || drop(leaves));
        leaves.join().unwrap();
        stays.join().unwrap();
        adds.join().unwrap();
        assert_eq!((semaphore.available_permits(), semaphore.waiters()), (1, 0));
    });
}

#[test]
fn two_that_add_let_two_in() {
    model(3, || {
        let semaphore = Arc::new(Semaphore::new(0));
        let adds = [semaphore.clone(), semaphore.clone()]
            .map(|semaphore| thread::spawn(move || semaphore.add_permits(1)));
        let takes = {
            let semaphore = semaphore.clone();
            thread::spawn(move || block_on(semaphore.acquire_many(2)).forget())
        };
        takes.join().unwrap();
        for thread in adds {
            thread.join().unwrap();
        }
        assert_eq!(semaphore.available_permits(), 0);
    });
}

// Behaviour 5, with the newcomer at every moment of the release: also between the step that puts the permits back and the
// one that hands them to the waiter.
#[test]
fn a_newcomer_never_gets_ahead_of_one_that_waits() {
    model(3, || {
        let semaphore = Arc::new(Semaphore::new(2));
        let guard = semaphore.try_acquire_arc().unwrap();
        let mut cx = Context::from_waker(Waker::noop());
        // A permit is left over for the newcomer, who must not have it.
        let mut waits = pin!(semaphore.acquire_many(2));
        assert!(waits.as_mut().poll(&mut cx).is_pending());
        let comes = semaphore.clone();
        at_once(
            move || {
                assert!(comes.try_acquire().is_none());
                drop(begun(async move { drop(comes.acquire().await) }));
            },
            move || drop(guard),
        );
        let Poll::Ready(guard) = waits.as_mut().poll(&mut cx) else {
            panic!("the permits are its own since the release");
        };
        drop(guard);
        assert_eq!((semaphore.available_permits(), semaphore.waiters()), (2, 0));
    });
}
