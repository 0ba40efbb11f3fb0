//! Every interleaving of the cell that is filled once.
#![cfg(loom)]

mod model;

use std::future::{Future, pending};
use std::sync::Arc;
use std::task::{Context, Waker};

use loom::thread;

use model::{block_on, model};
use trill_sync::OnceCell;

#[test]
fn one_makes_the_value_and_all_see_it() {
    model(3, || {
        let cell = Arc::new(OnceCell::new());
        let threads: Vec<_> = (0..2)
            .map(|number| {
                let cell = cell.clone();
                thread::spawn(move || {
                    *block_on(cell.get_or_init(|| async { Box::new(number) })).clone()
                })
            })
            .collect();
        let seen = **block_on(cell.wait());
        for thread in threads {
            assert_eq!(thread.join().unwrap(), seen);
        }
        assert_eq!(cell.waiters(), 0);
    });
}

#[test]
fn one_that_gives_up_lets_another_make_the_value() {
    model(3, || {
        let cell = Arc::new(OnceCell::new());
        let gives_up = {
            let cell = cell.clone();
            thread::spawn(move || {
                let mut init = Box::pin(cell.get_or_init(pending));
                let _ = init.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            })
        };
        assert_eq!(*block_on(cell.get_or_init(|| async { 7 })), 7);
        gives_up.join().unwrap();
    });
}
