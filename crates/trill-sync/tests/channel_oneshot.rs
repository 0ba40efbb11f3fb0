//! Oneshot channels.
#![cfg(not(loom))]
#![allow(clippy::disallowed_methods)] // Threads of the operating system are what is tested.

mod channel_support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use channel_support::{Count, Dropped, poll, poll_with};
use trill_park::block_on;
use trill_sync::channel::{RecvError, SendError, TryRecvError, oneshot};

#[test]
fn message_arrives_once() {
    let (sender, mut receiver) = oneshot::channel();
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    assert!(receiver.is_empty() && !receiver.is_terminated());
    sender.send(1).unwrap();
    assert!(!receiver.is_empty() && !receiver.is_terminated());
    assert_eq!(poll(&mut receiver), Poll::Ready(Ok(1)));
    assert!(receiver.is_empty() && receiver.is_terminated());
    assert_eq!(poll(&mut receiver), Poll::Ready(Err(RecvError)));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn waiting_receiver_is_woken_once() {
    let (sender, mut receiver) = oneshot::channel();
    let (old, old_waker) = Count::new();
    let (count, waker) = Count::new();
    assert!(poll_with(&mut receiver, &old_waker).is_pending());
    assert!(poll_with(&mut receiver, &waker).is_pending());
    assert!(poll_with(&mut receiver, &waker).is_pending());
    sender.send(1).unwrap();
    assert_eq!((old.wakes(), count.wakes()), (0, 1));
    assert_eq!(poll(&mut receiver), Poll::Ready(Ok(1)));
}

#[test]
fn dropped_sender_fails_the_receiver() {
    let (sender, mut receiver) = oneshot::channel::<i32>();
    let (count, waker) = Count::new();
    assert!(poll_with(&mut receiver, &waker).is_pending());
    drop(sender);
    assert_eq!(count.wakes(), 1);
    assert!(receiver.is_terminated());
    assert_eq!(poll(&mut receiver), Poll::Ready(Err(RecvError)));
}

#[test]
fn dropped_receiver_gives_the_message_back() {
    let (mut sender, receiver) = oneshot::channel();
    let (count, waker) = Count::new();
    assert!(poll_with(&mut sender.closed(), &waker).is_pending());
    drop(receiver);
    assert_eq!(count.wakes(), 1);
    assert!(sender.is_closed());
    assert!(poll(&mut sender.closed()).is_ready());
    assert_eq!(sender.send(1), Err(SendError(1)));
}

#[test]
fn closing_keeps_a_message_that_was_sent() {
    let (sender, mut receiver) = oneshot::channel();
    sender.send(1).unwrap();
    receiver.close();
    receiver.close();
    assert_eq!(receiver.try_recv(), Ok(1));
    let (sender, mut receiver) = oneshot::channel();
    receiver.close();
    assert_eq!(sender.send(1), Err(SendError(1)));
    assert_eq!(block_on(&mut receiver), Err(RecvError));
}

#[test]
fn message_is_dropped_once_wherever_it_ends() {
    let drops = Arc::new(AtomicUsize::new(0));
    let (sender, receiver) = oneshot::channel();
    assert!(sender.send(Dropped::new(&drops)).is_ok());
    drop(receiver);
    assert_eq!(drops.load(Ordering::SeqCst), 1);
    let (sender, receiver) = oneshot::channel();
    drop(receiver);
    drop(sender.send(Dropped::new(&drops)));
    assert_eq!(drops.load(Ordering::SeqCst), 2);
    let (sender, mut receiver) = oneshot::channel();
    assert!(sender.send(Dropped::new(&drops)).is_ok());
    drop(receiver.try_recv());
    drop(receiver);
    assert_eq!(drops.load(Ordering::SeqCst), 3);
}

#[test]
fn thread_blocks_until_the_message_is_there() {
    let (sender, receiver) = oneshot::channel();
    let thread = std::thread::spawn(move || receiver.recv_blocking());
    sender.send(1).unwrap();
    assert_eq!(thread.join().unwrap(), Ok(1));
}

#[test]
fn halves_show_their_state() {
    let (mut sender, receiver) = oneshot::channel::<i32>();
    assert_eq!(format!("{sender:?}"), "Sender { is_closed: false, .. }");
    assert_eq!(format!("{:?}", sender.closed()), "Closed { .. }");
    assert!(format!("{receiver:?}").starts_with("Receiver { is_empty: true"));
}
