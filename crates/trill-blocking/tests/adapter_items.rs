//! `Unblock` over iterators.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::mpsc;

use common::{Crowd, Log, NoteDrop, poll_once, until};
use futures_lite::{Stream, StreamExt};
use trill_blocking::Unblock;
use trill_park::block_on;

#[test]
fn all_items_come_in_order() {
    for capacity in [1, 2, 3, 7, 256] {
        let numbers = Unblock::with_capacity(capacity, 0..1_000);
        assert_eq!(
            block_on(numbers.collect::<Vec<_>>()),
            Vec::from_iter(0..1_000)
        );
    }
}

#[test]
fn item_is_delivered_when_it_comes() {
    let (send, receive) = mpsc::channel();
    let mut items = Unblock::new(receive.into_iter());
    block_on(async {
        assert!(poll_once(&mut items.next()).is_pending());
        for number in 0..10 {
            send.send(number).unwrap();
            assert_eq!(items.next().await, Some(number));
        }
        drop(send);
        assert_eq!(items.next().await, None);
        assert_eq!(items.next().await, None);
    });
}

#[test]
fn no_more_items_than_the_capacity_are_pulled_ahead() {
    let pulled = Crowd::default();
    let counted = (0..100).inspect({
        let pulled = pulled.clone();
        move |_| pulled.enter()
    });
    let mut items = Unblock::with_capacity(4, counted);
    assert_eq!(block_on(items.next()), Some(0));
    // One taken and four ahead; the job then ends, which `get_mut` waits for.
    block_on(items.get_mut());
    assert!(pulled.most() <= 5, "{} items", pulled.most());
    assert_eq!(items.size_hint().1, None);
    assert_eq!(block_on(items.collect::<Vec<_>>()), Vec::from_iter(1..100));
    assert_eq!(pulled.most(), 100);
}

#[test]
fn iterator_is_not_asked_after_its_end() {
    let mut calls = 0;
    let mut items = Unblock::new(std::iter::from_fn(move || {
        calls += 1;
        match calls {
            1 => Some(1),
            2 => None,
            _ => unreachable!("asked after its end"),
        }
    }));
    block_on(async {
        assert_eq!(items.next().await, Some(1));
        for _ in 0..3 {
            assert_eq!(items.next().await, None);
        }
        assert_eq!(items.size_hint(), (0, Some(0)));
    });
}

#[test]
fn items_before_a_panic_come_first_and_the_iterator_goes_on() {
    for capacity in [1, 2, 3, 256] {
        let mut items = Unblock::with_capacity(
            capacity,
            (0..8).map(|number| match number {
                3 => panic_any(3_u32),
                number => number,
            }),
        );
        for number in 0..3 {
            assert_eq!(block_on(items.next()), Some(number));
        }
        let caught = catch_unwind(AssertUnwindSafe(|| block_on(items.next())));
        assert_eq!(caught.unwrap_err().downcast_ref::<u32>(), Some(&3));
        assert_eq!(block_on(items.collect::<Vec<_>>()), [4, 5, 6, 7]);
    }
}

#[test]
fn dropped_stream_stops_an_endless_iterator() {
    let log = Log::default();
    let (send, receive) = mpsc::channel();
    let owned = NoteDrop(log.clone(), 1);
    let mut items = Unblock::new(receive.into_iter().inspect(move |_| {
        let _ = &owned;
    }));
    assert!(poll_once(&mut items.next()).is_pending());
    drop(items);
    // The call of `next` under way ends with this; there is no further one, though the sender lives.
    let _ = send.send(1);
    until(|| log.events() == [1]);
}

#[test]
fn items_that_nobody_took_are_dropped_with_the_stream() {
    let pulled = Crowd::default();
    let log = Log::default();
    let mut items = Unblock::with_capacity(
        8,
        (0..).map({
            let (pulled, log) = (pulled.clone(), log.clone());
            move |number| {
                pulled.enter();
                NoteDrop(log.clone(), number)
            }
        }),
    );
    drop(block_on(items.next()));
    assert_eq!(log.events(), [0]);
    // After this no job pulls any more.
    block_on(items.get_mut());
    let count = u32::try_from(pulled.most()).unwrap();
    assert!(count >= 4, "half the capacity is pulled in any case");
    drop(items);
    assert_eq!(log.events(), Vec::from_iter(0..count));
}
