//! The cell that is filled once.

mod lock_support;

use std::cell::Cell;
use std::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_lite::future::yield_now;
use lock_support::Hand;
use trill_sync::OnceCell;

#[test]
fn only_one_makes_the_value() {
    let cell = OnceCell::new();
    let made = Cell::new(0);
    let make = || async {
        made.set(made.get() + 1);
        yield_now().await;
        7
    };
    let mut first = Hand::waiting(cell.get_or_init(make));
    let mut second = Hand::waiting(cell.get_or_init(make));
    let mut waits = Hand::waiting(cell.wait());
    assert_eq!(cell.waiters(), 2);
    assert_eq!(cell.try_set(1), Err(1));
    assert_eq!(first.ready(), &7);
    assert_eq!((second.wakes(), waits.wakes()), (1, 1));
    assert_eq!((second.ready(), waits.ready(), made.get()), (&7, &7, 1));
}

#[test]
fn an_error_lets_the_next_try() {
    let cell = OnceCell::new();
    let mut first = Hand::waiting(cell.get_or_try_init(|| async {
        yield_now().await;
        Err("no")
    }));
    let mut second = Hand::waiting(cell.get_or_try_init(|| ready(Ok::<_, &str>(2))));
    assert_eq!(first.ready(), Err("no"));
    assert_eq!(second.wakes(), 1);
    assert_eq!(second.ready(), Ok(&2));
}

#[test]
fn dropping_the_one_that_makes_it_lets_the_next_try() {
    let cell = OnceCell::new();
    let mut first = Hand::waiting(cell.get_or_init(pending));
    let mut second = Hand::waiting(cell.get_or_init(|| ready(2)));
    let mut set = Hand::waiting(cell.set(3));
    let mut waits = Hand::waiting(cell.wait());
    first.cancel();
    assert_eq!(second.ready(), &2);
    assert_eq!(set.ready(), Err(3));
    assert_eq!(waits.ready(), &2);
}

#[test]
fn a_panic_lets_the_next_try() {
    let cell = OnceCell::new();
    for _ in 0..2 {
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            cell.get_or_init_blocking(|| panic!("in init"));
        }));
        assert!(panicked.is_err());
    }
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        Hand::new(cell.get_or_init(|| async { panic!("in the future") })).ready();
    }));
    assert!(panicked.is_err());
    assert_eq!(cell.set_blocking(1), Ok(&1));
}

#[test]
fn a_waiter_that_is_dropped_is_forgotten() {
    let cell = OnceCell::new();
    let mut waits = Hand::waiting(cell.wait());
    let mut other = Hand::waiting(cell.wait());
    waits.cancel();
    assert_eq!(cell.waiters(), 1);
    assert_eq!(cell.try_set(5), Ok(()));
    assert_eq!(other.ready(), &5);
}

#[test]
fn a_cell_that_was_emptied_can_be_filled_again() {
    let mut cell = OnceCell::from(String::from("a"));
    assert_eq!(cell.take().as_deref(), Some("a"));
    assert_eq!(cell.get(), None);
    assert_eq!(cell.try_set("b".into()), Ok(()));
    cell.get_mut().unwrap().push('c');
    assert_eq!(format!("{cell:?}"), "OnceCell(\"bc\")");
    assert_eq!(cell.into_inner().as_deref(), Some("bc"));
    assert_eq!(
        format!("{:?}", OnceCell::<u8>::default()),
        "OnceCell(<empty>)"
    );
}
