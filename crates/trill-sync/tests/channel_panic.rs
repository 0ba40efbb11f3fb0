//! Messages that panic when dropped, and wakers that panic.
#![cfg(not(loom))]

mod channel_support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use channel_support::{Count, Dropped, Panics, poll, poll_with};
use trill_sync::channel::{Receiver, Sender, bounded, oneshot, unbounded};

/// Fills a channel with three messages, of which the first panics in its drop.
fn loaded(
    (sender, receiver): (Sender<Dropped>, Receiver<Dropped>),
    drops: &Arc<AtomicUsize>,
) -> (Sender<Dropped>, Receiver<Dropped>) {
    for number in 0..3 {
        let mut message = Dropped::new(drops);
        message.panics = number == 0;
        assert!(sender.try_send(message).is_ok());
    }
    (sender, receiver)
}

#[test]
fn panicking_message_does_not_keep_the_others_when_the_last_receiver_goes() {
    for channel in [bounded(4), unbounded()] {
        let drops = Arc::new(AtomicUsize::new(0));
        let (sender, receiver) = loaded(channel, &drops);
        let caught = catch_unwind(AssertUnwindSafe(|| drop(receiver)));
        assert!(caught.is_err());
        assert_eq!(drops.load(Ordering::SeqCst), 3);
        assert!(sender.is_closed() && sender.is_empty());
    }
}

#[test]
fn panicking_message_does_not_keep_the_others_when_a_forgotten_receiver_leaves_them() {
    for channel in [bounded(4), unbounded()] {
        let drops = Arc::new(AtomicUsize::new(0));
        let (sender, receiver) = loaded(channel, &drops);
        // The receiver's drop empties the channel, so only a queue that outlives it is dropped with messages.
        let weak = receiver.downgrade();
        let caught = catch_unwind(AssertUnwindSafe(|| drop((sender, receiver))));
        assert!(caught.is_err());
        drop(weak);
        assert_eq!(drops.load(Ordering::SeqCst), 3);
    }
}

// Fault 21d
#[test]
fn panicking_waker_of_a_receiver_does_not_lose_the_message() {
    let (sender, receiver) = bounded(1);
    let mut recv = receiver.recv();
    assert!(poll_with(&mut recv, &Panics::waker()).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| sender.try_send(1))).is_err());
    assert_eq!(receiver.len(), 1);
    assert_eq!(poll(&mut recv), Poll::Ready(Ok(1)));
    sender.try_send(2).unwrap();
    assert_eq!(receiver.try_recv(), Ok(2));
}

// Fault 21d
#[test]
fn panicking_waker_of_a_sender_frees_the_place() {
    let (sender, receiver) = bounded(1);
    sender.try_send(1).unwrap();
    let mut send = sender.send(2);
    assert!(poll_with(&mut send, &Panics::waker()).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| receiver.try_recv())).is_err());
    assert_eq!(poll(&mut send), Poll::Ready(Ok(())));
    assert_eq!(receiver.try_recv(), Ok(2));
}

// Fault 21c
#[test]
fn panicking_waker_does_not_keep_others_from_hearing_of_close() {
    let (sender, receiver) = bounded(1);
    let (count, waker) = Count::new();
    let mut first = receiver.recv();
    assert!(poll_with(&mut first, &Panics::waker()).is_pending());
    let mut closed = sender.closed();
    assert!(poll_with(&mut closed, &waker).is_pending());
    let other = receiver.clone();
    let mut second = other.recv();
    assert!(poll_with(&mut second, &waker).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| sender.close())).is_err());
    assert_eq!(count.wakes(), 2);
    assert!(poll(&mut first).is_ready() && poll(&mut second).is_ready());
    let _: Result<(), _> = sender.try_send(1);
}

// Fault 21d
#[test]
fn panicking_waker_of_a_oneshot_does_not_lose_the_message() {
    let (sender, mut receiver) = oneshot::channel();
    assert!(poll_with(&mut receiver, &Panics::waker()).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| sender.send(1))).is_err());
    assert_eq!(poll(&mut receiver), Poll::Ready(Ok(1)));
}
