//! Watch channels.
#![cfg(not(loom))]
#![allow(clippy::disallowed_methods)] // Threads of the operating system are what is tested.

mod channel_support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;
use std::thread;

use channel_support::{Count, poll, poll_with};
use trill_park::block_on;
use trill_sync::channel::{RecvError, SendError, watch};

#[test]
fn receiver_sees_the_last_value_only() {
    let (sender, mut receiver) = watch::channel(0);
    for number in 1..5 {
        sender.send(number).unwrap();
    }
    assert_eq!(poll(&mut receiver.changed()), Poll::Ready(Ok(())));
    assert_eq!(*receiver.borrow(), 4);
    assert!(poll(&mut receiver.changed()).is_pending());
}

#[test]
fn first_value_counts_as_seen() {
    let (sender, receiver) = watch::channel(0);
    assert_eq!(receiver.has_changed(), Ok(false));
    sender.send(1).unwrap();
    assert_eq!(sender.subscribe().has_changed(), Ok(false));
    assert_eq!(receiver.has_changed(), Ok(true));
    assert_eq!(receiver.clone().has_changed(), Ok(true));
}

#[test]
fn looking_marks_as_seen_only_when_asked() {
    let (sender, mut receiver) = watch::channel(0);
    sender.send(1).unwrap();
    assert!(receiver.borrow().has_changed());
    assert!(receiver.borrow_and_update().has_changed());
    assert!(!receiver.borrow().has_changed());
    receiver.mark_changed();
    assert!(poll(&mut receiver.changed()).is_ready());
    sender.send(2).unwrap();
    receiver.mark_unchanged();
    assert!(poll(&mut receiver.changed()).is_pending());
}

#[test]
fn change_wakes_all_receivers() {
    let (sender, mut first) = watch::channel(0);
    let mut second = first.clone();
    let (count, waker) = Count::new();
    let (mut one, mut two) = (first.changed(), second.changed());
    assert!(poll_with(&mut one, &waker).is_pending());
    assert!(poll_with(&mut two, &waker).is_pending());
    assert_eq!(sender.waiting_receivers(), 2);
    assert!(!sender.send_if_modified(|_| false));
    assert_eq!(count.wakes(), 0);
    assert!(sender.send_if_modified(|value| {
        *value = 1;
        true
    }));
    assert_eq!(count.wakes(), 2);
    assert!(poll(&mut one).is_ready() && poll(&mut two).is_ready());
}

#[test]
fn dropped_senders_end_the_channel_after_its_last_value() {
    let (sender, mut receiver) = watch::channel(0);
    let second = sender.clone();
    assert!(sender.same_channel(&second));
    drop(sender);
    let (count, waker) = Count::new();
    let mut changed = receiver.changed();
    assert!(poll_with(&mut changed, &waker).is_pending());
    second.send(1).unwrap();
    drop(second);
    assert_eq!(count.wakes(), 1);
    assert_eq!(poll(&mut changed), Poll::Ready(Ok(())));
    drop(changed);
    assert!(receiver.is_closed());
    assert_eq!(receiver.has_changed(), Err(RecvError));
    assert_eq!(receiver.changed_blocking(), Err(RecvError));
    assert_eq!(*receiver.borrow(), 1);
    assert_eq!(
        block_on(receiver.wait_for(|value| *value == 1)).map(|value| *value),
        Ok(1)
    );
    assert!(block_on(receiver.wait_for(|value| *value == 2)).is_err());
}

#[test]
fn channel_without_receivers_gives_the_value_back() {
    let sender = watch::Sender::new(0);
    assert!(sender.is_closed());
    assert_eq!(sender.send(1), Err(SendError(1)));
    assert_eq!(*sender.borrow(), 0);
    assert_eq!(sender.send_replace(2), 0);
    let receiver = sender.subscribe();
    assert_eq!(*receiver.borrow(), 2);
    let (count, waker) = Count::new();
    let mut closed = sender.closed();
    assert!(poll_with(&mut closed, &waker).is_pending());
    drop(receiver);
    assert_eq!(count.wakes(), 1);
    assert!(poll(&mut closed).is_ready());
}

#[test]
fn awaited_value_is_tried_at_each_change_once() {
    let (sender, mut receiver) = watch::channel(0);
    let mut tried = Vec::new();
    let (count, waker) = Count::new();
    {
        let mut waiting = receiver.wait_for(|value| {
            tried.push(*value);
            *value == 2
        });
        assert!(poll_with(&mut waiting, &waker).is_pending());
        assert!(poll_with(&mut waiting, &waker).is_pending());
        sender.send(1).unwrap();
        assert!(poll_with(&mut waiting, &waker).is_pending());
        sender.send(2).unwrap();
        let Poll::Ready(Ok(value)) = poll(&mut waiting) else {
            panic!("the value is there");
        };
        assert_eq!((*value, value.has_changed()), (2, true));
    }
    assert_eq!(count.wakes(), 2);
    assert_eq!(tried, [0, 1, 2]);
    assert_eq!(receiver.has_changed(), Ok(false));
}

#[test]
fn panicking_change_is_not_told_and_leaves_the_channel_whole() {
    let (sender, mut receiver) = watch::channel(0);
    let caught = catch_unwind(AssertUnwindSafe(|| {
        sender.send_modify(|value| {
            *value = 1;
            panic!("expected: a change panics");
        });
    }));
    assert!(caught.is_err());
    assert_eq!(receiver.has_changed(), Ok(false));
    assert_eq!(*receiver.borrow(), 1);
    sender.send_modify(|value| *value += 1);
    assert_eq!(block_on(receiver.changed()), Ok(()));
    assert_eq!(*receiver.borrow(), 2);
}

#[test]
fn panicking_condition_leaves_the_channel_whole() {
    let (sender, mut receiver) = watch::channel(0);
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _ = receiver.wait_for_blocking(|_| panic!("expected: a condition panics"));
    }));
    assert!(caught.is_err());
    sender.send(1).unwrap();
    assert_eq!(block_on(receiver.changed()), Ok(()));
}

#[test]
fn threads_never_see_values_go_back() {
    const CHANGES: u64 = if cfg!(miri) { 50 } else { 5_000 };
    let (sender, receiver) = watch::channel(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            let mut receiver = receiver.clone();
            scope.spawn(move || {
                let mut last = 0;
                while receiver.changed_blocking().is_ok() {
                    let value = *receiver.borrow_and_update();
                    assert!(value >= last);
                    last = value;
                }
                assert_eq!(*receiver.borrow(), CHANGES);
            });
        }
        for number in 1..=CHANGES {
            sender.send(number).unwrap();
        }
        drop(sender);
    });
}

#[test]
fn halves_show_their_state() {
    let (sender, mut receiver) = watch::channel(0);
    assert_eq!(
        format!("{sender:?}"),
        "Sender { senders: 1, receivers: 1, .. }"
    );
    assert_eq!(
        format!("{receiver:?}"),
        "Receiver { has_changed: Ok(false), .. }"
    );
    assert_eq!(
        format!("{:?}", receiver.borrow()),
        "Ref { value: 0, changed: false }"
    );
    assert_eq!(format!("{:?}", receiver.changed()), "Changed { .. }");
    assert_eq!(
        format!("{:?}", receiver.wait_for(|_| true)),
        "WaitFor { .. }"
    );
    assert_eq!(format!("{:?}", sender.closed()), "Closed { .. }");
    assert_eq!((receiver.sender_count(), receiver.receiver_count()), (1, 1));
    assert_eq!(*watch::Sender::<i32>::default().borrow(), 0);
}
