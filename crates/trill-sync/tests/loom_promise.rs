//! Every interleaving of a promise: one ending, and everybody hears of it.
#![cfg(loom)]

mod model;

use loom::thread;

use model::{block_on, model};
use trill_sync::promise::{PromiseError, promise};

#[test]
fn a_value_and_a_cancel_race_and_one_of_them_wins() {
    model(3, || {
        let (giver, promised) = promise::<i32, ()>();
        let giver = thread::spawn(move || giver.complete(7));
        let cancelled = promised.cancel();
        let outcome = block_on(promised);
        match giver.join().unwrap() {
            Ok(()) => assert_eq!((outcome, cancelled), (Ok(7), false)),
            Err(late) => {
                assert_eq!(late.into_inner(), 7);
                assert_eq!((outcome, cancelled), (Err(PromiseError::Cancelled), true));
            }
        }
    });
}

#[test]
fn everybody_who_waits_hears_of_the_end() {
    model(2, || {
        let (giver, promised) = promise::<i32, ()>();
        let shared = promised.shared();
        let waiters = [shared.clone(), shared]
            .map(|shared| thread::spawn(move || assert_eq!(block_on(shared), Ok(7))));
        giver.complete(7).unwrap();
        for waiter in waiters {
            waiter.join().unwrap();
        }
    });
}

#[test]
fn the_giver_hears_of_a_cancel() {
    model(3, || {
        let (giver, promised) = promise::<i32, ()>();
        let giver = thread::spawn(move || {
            block_on(giver.cancelled());
            assert!(giver.is_cancelled());
        });
        assert!(promised.cancel());
        giver.join().unwrap();
    });
}
