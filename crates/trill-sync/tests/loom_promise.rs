//! Every interleaving of a promise: one ending, and everybody hears of it.
#![cfg(loom)]

mod model;

use loom::thread;

use model::{at_once, block_on, model};
use trill_sync::promise::{PromiseError, promise};

#[test]
fn a_value_and_a_cancel_race_and_one_of_them_wins() {
    model(3, || {
        let (giver, promised) = promise::<i32, ()>();
        let (completed, (cancelled, outcome)) = at_once(
            move || giver.complete(7),
            move || {
                let cancelled = promised.cancel();
                (cancelled, block_on(promised))
            },
        );
        match completed {
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
        let gives = thread::spawn(move || giver.complete(7));
        gives.join().unwrap().unwrap();
        for waiter in waiters {
            waiter.join().unwrap();
        }
    });
}

#[test]
fn the_giver_hears_of_a_cancel() {
    model(3, || {
        let (giver, promised) = promise::<i32, ()>();
        let hears = move || {
            block_on(giver.cancelled());
            assert!(giver.is_cancelled());
        };
        let ((), (cancelled, _promised)) = at_once(hears, move || (promised.cancel(), promised));
        assert!(cancelled);
    });
}
