//! Broadcast channels.
#![cfg(not(loom))]
#![allow(clippy::disallowed_methods)] // Threads of the operating system are what is tested.

mod channel_support;

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread;

use futures_lite::StreamExt;

use channel_support::{Count, poll, poll_with};
use trill_park::block_on;
use trill_sync::channel::SendError;
use trill_sync::channel::broadcast::{self, Lagged, Receiver, RecvError, TryRecvError};

/// Counts its clones and drops.
struct Counted {
    clones: Arc<AtomicUsize>,
    drops: Arc<AtomicUsize>,
}

impl Counted {
    fn new() -> Counted {
        Counted {
            clones: Arc::default(),
            drops: Arc::default(),
        }
    }
}

impl Clone for Counted {
    fn clone(&self) -> Counted {
        self.clones.fetch_add(1, Ordering::SeqCst);
        Counted {
            clones: self.clones.clone(),
            drops: self.drops.clone(),
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.drops.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn every_receiver_gets_every_message() {
    for capacity in [1, 3, 8] {
        let (sender, first) = broadcast::channel(capacity);
        let mut receivers = [first, sender.subscribe(), sender.subscribe()];
        for number in 0..20 {
            assert_eq!(sender.send(number), Ok(3));
            for receiver in &mut receivers {
                assert_eq!(receiver.try_recv(), Ok(number));
                assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
            }
        }
    }
}

#[test]
#[should_panic(expected = "capacity cannot be zero")]
fn capacity_zero_is_refused() {
    let _ = broadcast::channel::<i32>(0);
}

#[test]
fn slow_receiver_is_told_how_many_it_missed() {
    let (sender, mut receiver) = broadcast::channel(3);
    for number in 0..10 {
        sender.send(number).unwrap();
    }
    assert_eq!((receiver.len(), sender.len()), (10, 3));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Lagged(7)));
    for number in 7..10 {
        assert_eq!(block_on(receiver.recv()), Ok(number));
    }
    assert!(receiver.is_empty() && sender.is_empty());
    for number in 0..4 {
        sender.send(number).unwrap();
    }
    assert_eq!(block_on(receiver.recv()), Err(RecvError::Lagged(1)));
    assert_eq!(receiver.recv_blocking(), Ok(1));
}

#[test]
fn last_receiver_gets_the_message_itself() {
    let message = Counted::new();
    let (clones, drops) = (message.clones.clone(), message.drops.clone());
    let (sender, mut first) = broadcast::channel(2);
    let mut second = sender.subscribe();
    assert!(sender.send(message).is_ok());
    drop(first.try_recv());
    assert_eq!(
        (clones.load(Ordering::SeqCst), drops.load(Ordering::SeqCst)),
        (1, 1)
    );
    drop(second.try_recv());
    assert_eq!(
        (clones.load(Ordering::SeqCst), drops.load(Ordering::SeqCst)),
        (1, 2)
    );
}

#[test]
fn dropped_receiver_gives_up_its_messages() {
    let message = Counted::new();
    let drops = message.drops.clone();
    let (sender, mut first) = broadcast::channel(2);
    let second = sender.subscribe();
    assert!(sender.send(message).is_ok());
    drop(first.try_recv());
    assert_eq!(drops.load(Ordering::SeqCst), 1);
    assert_eq!(sender.len(), 1);
    drop(second);
    assert_eq!(drops.load(Ordering::SeqCst), 2);
    assert_eq!((sender.len(), sender.receiver_count()), (0, 1));
}

#[test]
fn displaced_message_is_dropped() {
    let (first, second) = (Counted::new(), Counted::new());
    let drops = first.drops.clone();
    let (sender, receiver) = broadcast::channel(1);
    assert!(sender.send(first).is_ok());
    assert!(sender.send(second).is_ok());
    assert_eq!(drops.load(Ordering::SeqCst), 1);
    drop(receiver);
}

#[test]
fn late_receiver_gets_only_what_is_sent_later() {
    let (sender, mut receiver) = broadcast::channel(4);
    sender.send(1).unwrap();
    let (mut late, mut again) = (sender.subscribe(), receiver.resubscribe());
    sender.send(2).unwrap();
    assert_eq!(late.try_recv(), Ok(2));
    assert_eq!(again.try_recv(), Ok(2));
    assert_eq!(receiver.try_recv(), Ok(1));
    assert!(late.same_channel(&receiver));
}

#[test]
fn channel_without_receivers_gives_the_message_back_until_one_comes() {
    let (sender, receiver) = broadcast::channel(4);
    let (count, waker) = Count::new();
    let mut closed = sender.closed();
    assert!(poll_with(&mut closed, &waker).is_pending());
    drop(receiver);
    assert_eq!(count.wakes(), 1);
    assert!(poll(&mut closed).is_ready());
    assert_eq!(sender.send(1), Err(SendError(1)));
    let mut late = sender.subscribe();
    assert_eq!(sender.send(2), Ok(1));
    assert_eq!(late.try_recv(), Ok(2));
}

#[test]
fn all_waiting_receivers_are_woken() {
    let (sender, first) = broadcast::channel(4);
    let (count, waker) = Count::new();
    let mut receivers = [first, sender.subscribe(), sender.subscribe()];
    let mut recvs: Vec<_> = receivers.iter_mut().map(Receiver::recv).collect();
    for recv in &mut recvs {
        assert!(poll_with(recv, &waker).is_pending());
    }
    assert_eq!(sender.waiting_receivers(), 3);
    sender.send(1).unwrap();
    assert_eq!(count.wakes(), 3);
    for recv in &mut recvs {
        assert_eq!(poll(recv), Poll::Ready(Ok(1)));
    }
}

#[test]
fn last_sender_ends_the_channel_after_its_messages() {
    let (sender, mut receiver) = broadcast::channel(4);
    let (count, waker) = Count::new();
    let second = sender.clone();
    let weak = sender.downgrade();
    assert!(sender.same_channel(&second));
    drop(sender);
    assert!(!receiver.is_closed());
    assert!(poll_with(&mut receiver.recv(), &waker).is_pending());
    second.send(1).unwrap();
    let mut recv = receiver.recv();
    assert_eq!(poll(&mut recv), Poll::Ready(Ok(1)));
    drop(recv);
    let mut recv = receiver.recv();
    assert!(poll_with(&mut recv, &waker).is_pending());
    assert!(weak.upgrade().is_some());
    drop(second);
    assert_eq!(count.wakes(), 1);
    assert_eq!(poll(&mut recv), Poll::Ready(Err(RecvError::Closed)));
    drop(recv);
    assert!(receiver.is_closed());
    assert!(weak.clone().upgrade().is_none());
}

#[test]
fn stream_yields_messages_and_gaps_then_ends() {
    let (sender, receiver) = broadcast::channel(2);
    for number in 0..4 {
        sender.send(number).unwrap();
    }
    drop(sender);
    let all: Vec<_> = block_on(receiver.collect());
    assert_eq!(all, [Err(Lagged(2)), Ok(2), Ok(3)]);
}

#[test]
fn message_need_not_be_sync() {
    let (sender, mut first) = broadcast::channel::<Cell<i32>>(2);
    let mut second = sender.subscribe();
    let thread = thread::spawn(move || block_on(second.recv()).unwrap().get());
    sender.send(Cell::new(7)).unwrap();
    assert_eq!(block_on(first.recv()).unwrap().get(), 7);
    assert_eq!(thread.join().unwrap(), 7);
}

#[test]
fn message_whose_clone_uses_the_channel_does_not_lock_up() {
    struct Echo(Arc<Mutex<Option<broadcast::Sender<Echo>>>>);
    impl Clone for Echo {
        fn clone(&self) -> Echo {
            // Sends into the same place of the ring from which it is cloned.
            if let Some(sender) = self.0.lock().unwrap().take() {
                assert!(sender.send(Echo(Arc::default())).is_ok());
            }
            Echo(self.0.clone())
        }
    }
    let (sender, mut first) = broadcast::channel(1);
    let mut second = sender.subscribe();
    let link = Arc::new(Mutex::new(Some(sender.clone())));
    assert!(sender.send(Echo(link)).is_ok());
    assert!(first.try_recv().is_ok());
    assert!(matches!(second.try_recv(), Err(TryRecvError::Lagged(1))));
    assert!(second.try_recv().is_ok());
    assert!(first.try_recv().is_ok());
}

#[test]
fn panicking_clone_leaves_the_channel_whole() {
    struct Bad(bool);
    impl Clone for Bad {
        fn clone(&self) -> Bad {
            assert!(!self.0, "expected: a clone panics");
            Bad(false)
        }
    }
    let (sender, mut first) = broadcast::channel(2);
    let mut second = sender.subscribe();
    assert!(sender.send(Bad(true)).is_ok());
    assert!(sender.send(Bad(false)).is_ok());
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| first.try_recv()));
    assert!(caught.is_err());
    assert!(first.try_recv().is_ok());
    // The last one needs no clone.
    assert!(second.try_recv().is_ok_and(|bad| bad.0));
    assert!(second.try_recv().is_ok());
}

#[test]
fn threads_get_messages_in_order_and_know_what_they_missed() {
    const MESSAGES: u64 = if cfg!(miri) { 50 } else { 5_000 };
    let (sender, first) = broadcast::channel(16);
    let receivers = vec![first, sender.subscribe(), sender.subscribe()];
    thread::scope(|scope| {
        for mut receiver in receivers {
            scope.spawn(move || {
                let mut next = 0;
                loop {
                    match receiver.recv_blocking() {
                        Ok(number) => {
                            assert_eq!(number, next);
                            next += 1;
                        }
                        Err(RecvError::Lagged(missed)) => next += missed,
                        Err(_) => break,
                    }
                }
                assert_eq!(next, MESSAGES);
            });
        }
        for number in 0..MESSAGES {
            sender.send(number).unwrap();
        }
        drop(sender);
    });
}

#[test]
fn halves_show_their_state() {
    let (sender, mut receiver) = broadcast::channel::<i32>(2);
    assert!(format!("{sender:?}").starts_with("Sender { len: 0, capacity: 2, receivers: 1"));
    assert_eq!(
        format!("{receiver:?}"),
        "Receiver { len: 0, is_closed: false, .. }"
    );
    assert_eq!(
        format!("{:?}", receiver.recv()),
        "Recv { waits: false, .. }"
    );
    assert_eq!((receiver.capacity(), receiver.sender_count()), (2, 1));
}
