//! Every interleaving of the cell that is filled once.
#![cfg(loom)]

mod model;

use std::future::{Future, pending};
use std::sync::Arc;
use std::task::{Context, Waker};

use loom::thread;

use model::{at_once, block_on, model};
use trill_sync::OnceCell;

#[test]
fn one_makes_the_value_and_all_see_it() {
    model(2, || {
        let cell = Arc::new(OnceCell::new());
        let threads: Vec<_> = (0..2)
            .map(|number| {
                let cell = cell.clone();
                thread::spawn(move || {
                    *block_on(cell.get_or_init(|| async { Box::new(number) })).clone()
                })
            })
            .collect();
        let waits = {
            let cell = cell.clone();
            thread::spawn(move || **block_on(cell.wait()))
        };
        let seen = waits.join().unwrap();
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
        let (gives_up, makes) = (cell.clone(), cell.clone());
        let ((), made) = at_once(
            move || {
                let mut init = Box::pin(gives_up.get_or_init(pending));
                let _ = init.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            },
            move || *block_on(makes.get_or_init(|| async { 7 })),
        );
        assert_eq!((made, cell.get()), (7, Some(&7)));
    });
}
