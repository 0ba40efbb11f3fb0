//! Waiting futures that are dropped: nothing is lost, and a turn goes to the next one.
#![cfg(not(loom))]

mod channel_support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use futures_lite::StreamExt;

use channel_support::{Count, Dropped, poll, poll_with};
use trill_sync::channel::{bounded, broadcast, oneshot, unbounded, watch};

#[test]
fn cancelled_recv_keeps_message() {
    let (sender, receiver) = bounded(1);
    let mut recv = receiver.recv();
    assert!(poll(&mut recv).is_pending());
    sender.try_send(1).unwrap();
    drop(recv);
    assert_eq!(receiver.try_recv(), Ok(1));
}

#[test]
fn cancelled_recv_that_was_woken_passes_its_turn_on() {
    let (sender, receiver) = bounded(1);
    let (count, waker) = Count::new();
    let (mut first, mut second) = (receiver.recv(), receiver.recv());
    assert!(poll(&mut first).is_pending());
    assert!(poll_with(&mut second, &waker).is_pending());
    sender.try_send(1).unwrap();
    assert_eq!(count.wakes(), 0);
    drop(first);
    assert_eq!(count.wakes(), 1);
    assert_eq!(poll(&mut second), Poll::Ready(Ok(1)));
}

#[test]
fn cancelled_recv_that_was_not_woken_wakes_nobody() {
    let (_sender, receiver) = bounded::<i32>(1);
    let (count, waker) = Count::new();
    let (mut first, mut second) = (receiver.recv(), receiver.recv());
    assert!(poll(&mut first).is_pending());
    assert!(poll_with(&mut second, &waker).is_pending());
    drop(first);
    assert_eq!(count.wakes(), 0);
    assert_eq!(receiver.waiting_receivers(), 1);
}

#[test]
fn cancelled_recv_many_keeps_messages_and_passes_on() {
    let (sender, receiver) = unbounded();
    let (count, waker) = Count::new();
    let mut batch = Vec::new();
    let mut first = receiver.recv_many(&mut batch, 10);
    let mut second = receiver.recv();
    assert!(poll(&mut first).is_pending());
    assert!(poll_with(&mut second, &waker).is_pending());
    sender.try_send(1).unwrap();
    drop(first);
    assert!(batch.is_empty());
    assert_eq!(count.wakes(), 1);
    assert_eq!(poll(&mut second), Poll::Ready(Ok(1)));
}

#[test]
fn cancelled_send_drops_its_message_and_passes_on() {
    let drops = Arc::new(AtomicUsize::new(0));
    let (sender, receiver) = bounded(1);
    sender.try_send(Dropped::new(&drops)).unwrap();
    let (count, waker) = Count::new();
    let mut first = sender.send(Dropped::new(&drops));
    let mut second = sender.send(Dropped::new(&drops));
    assert!(poll(&mut first).is_pending());
    assert!(poll_with(&mut second, &waker).is_pending());
    drop(receiver.try_recv());
    assert_eq!((drops.load(Ordering::SeqCst), count.wakes()), (1, 0));
    drop(first);
    assert_eq!((drops.load(Ordering::SeqCst), count.wakes()), (2, 1));
    assert!(matches!(poll(&mut second), Poll::Ready(Ok(()))));
    assert_eq!(receiver.len(), 1);
}

#[test]
fn cancelled_reserve_keeps_no_place_and_passes_on() {
    let (sender, receiver) = bounded(1);
    sender.try_send(1).unwrap();
    let (count, waker) = Count::new();
    let (mut first, mut second) = (sender.reserve(), sender.reserve());
    assert!(poll(&mut first).is_pending());
    assert!(poll_with(&mut second, &waker).is_pending());
    assert_eq!(receiver.try_recv(), Ok(1));
    drop(first);
    assert_eq!(count.wakes(), 1);
    assert!(matches!(poll(&mut second), Poll::Ready(Ok(_))));
    // The permit went with the output.
    assert_eq!(sender.try_send(2), Ok(()));
}

#[test]
fn futures_that_were_never_polled_leave_nothing() {
    let (sender, receiver) = bounded(1);
    drop(receiver.recv());
    drop(sender.send(1));
    drop(sender.reserve());
    drop(sender.closed());
    assert_eq!(
        (sender.waiting_senders(), sender.waiting_receivers()),
        (0, 0)
    );
    assert!(receiver.is_empty());
}

#[test]
fn cancelled_waits_leave_the_line() {
    let (sender, receiver) = bounded(1);
    sender.try_send(1).unwrap();
    for _ in 0..3 {
        let mut sends: Vec<_> = (0..5).map(|number| sender.send(number)).collect();
        for send in &mut sends {
            assert!(poll(send).is_pending());
        }
        assert_eq!(sender.waiting_senders(), 5);
        // From the middle, the front and the back.
        for (index, left) in [(2, 4), (0, 3), (2, 2), (1, 1), (0, 0)] {
            drop(sends.remove(index));
            assert_eq!(sender.waiting_senders(), left);
        }
    }
    assert_eq!(receiver.try_recv(), Ok(1));
}

#[test]
fn dropped_stream_leaves_the_line() {
    let (sender, receiver) = unbounded::<i32>();
    let mut stream = receiver.clone();
    assert!(poll(&mut stream.next()).is_pending());
    assert_eq!(sender.waiting_receivers(), 1);
    drop(stream);
    assert_eq!(sender.waiting_receivers(), 0);
    drop(receiver);
}

#[test]
fn cancelled_closed_leaves_nothing() {
    let (sender, receiver) = unbounded::<i32>();
    let (count, waker) = Count::new();
    let mut closed = sender.closed();
    assert!(poll_with(&mut closed, &waker).is_pending());
    drop(closed);
    drop(receiver);
    assert_eq!(count.wakes(), 0);
}

#[test]
fn oneshot_polled_by_reference_keeps_the_message() {
    let (sender, mut receiver) = oneshot::channel();
    assert!(poll(&mut &mut receiver).is_pending());
    sender.send(1).unwrap();
    assert_eq!(poll(&mut receiver), Poll::Ready(Ok(1)));
}

#[test]
fn cancelled_broadcast_recv_keeps_the_position() {
    let (sender, mut receiver) = broadcast::channel(4);
    let mut recv = receiver.recv();
    assert!(poll(&mut recv).is_pending());
    sender.send(1).unwrap();
    drop(recv);
    assert_eq!(sender.waiting_receivers(), 0);
    assert_eq!(receiver.try_recv(), Ok(1));
}

#[test]
fn cancelled_changed_keeps_the_change() {
    let (sender, mut receiver) = watch::channel(1);
    let mut changed = receiver.changed();
    assert!(poll(&mut changed).is_pending());
    sender.send(2).unwrap();
    drop(changed);
    assert_eq!(receiver.has_changed(), Ok(true));
    let mut waiting = receiver.wait_for(|value| *value == 3);
    assert!(poll(&mut waiting).is_pending());
    drop(waiting);
    assert_eq!(sender.waiting_receivers(), 0);
}
