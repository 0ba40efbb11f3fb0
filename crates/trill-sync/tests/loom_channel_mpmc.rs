//! Every interleaving of senders and receivers of bounded channels.
#![cfg(loom)]

mod model;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use loom::thread;

use model::{Thread, block_on, model};
use trill_sync::channel::{RecvError, SendError, TryRecvError, bounded};

#[test]
fn waiting_receiver_hears_of_a_message() {
    model(3, || {
        let (sender, receiver) = bounded(1);
        let receiving = thread::spawn(move || block_on(receiver.recv()));
        sender.try_send(7).unwrap();
        assert_eq!(receiving.join().unwrap(), Ok(7));
    });
}

#[test]
fn waiting_receiver_hears_of_close() {
    model(3, || {
        let (sender, receiver) = bounded::<i32>(1);
        let receiving = thread::spawn(move || block_on(receiver.recv()));
        drop(sender);
        assert_eq!(receiving.join().unwrap(), Err(RecvError));
    });
}

#[test]
fn waiting_sender_hears_of_room() {
    model(3, || {
        let (sender, receiver) = bounded(1);
        sender.try_send(1).unwrap();
        let sending = thread::spawn(move || block_on(sender.send(2)));
        assert_eq!(receiver.try_recv(), Ok(1));
        assert_eq!(sending.join().unwrap(), Ok(()));
        assert_eq!(receiver.try_recv(), Ok(2));
    });
}

#[test]
fn waiting_sender_hears_of_close() {
    model(3, || {
        let (sender, receiver) = bounded(1);
        sender.try_send(1).unwrap();
        let sending = thread::spawn(move || block_on(sender.send(2)));
        drop(receiver);
        assert_eq!(sending.join().unwrap(), Err(SendError(2)));
    });
}

#[test]
fn closed_hears_of_the_last_receiver() {
    model(3, || {
        let (sender, receiver) = bounded::<i32>(1);
        let waiting = thread::spawn(move || block_on(sender.closed()));
        drop(receiver);
        waiting.join().unwrap();
    });
}

#[test]
fn two_messages_in_turn_keep_their_order() {
    model(3, || {
        let (sender, receiver) = bounded(1);
        let receiving = thread::spawn(move || {
            assert_eq!(block_on(receiver.recv()), Ok(1));
            assert_eq!(block_on(receiver.recv()), Ok(2));
            assert_eq!(block_on(receiver.recv()), Err(RecvError));
        });
        block_on(sender.send(1)).unwrap();
        block_on(sender.send(2)).unwrap();
        drop(sender);
        receiving.join().unwrap();
    });
}

#[test]
fn two_senders_and_a_receiver_lose_nothing() {
    model(3, || {
        let (sender, receiver) = bounded(2);
        let other = sender.clone();
        let sending = thread::spawn(move || other.try_send(1).unwrap());
        let receiving = thread::spawn(move || {
            let first = block_on(receiver.recv()).unwrap();
            let second = block_on(receiver.recv()).unwrap();
            assert_eq!(first + second, 3);
        });
        sender.try_send(2).unwrap();
        sending.join().unwrap();
        receiving.join().unwrap();
    });
}

#[test]
fn each_message_goes_to_one_of_two_receivers() {
    model(3, || {
        let (sender, receiver) = bounded(2);
        sender.try_send(1).unwrap();
        sender.try_send(2).unwrap();
        let other = receiver.clone();
        let receiving = thread::spawn(move || other.try_recv().unwrap());
        let mine = receiver.try_recv().unwrap();
        assert_eq!(mine + receiving.join().unwrap(), 3);
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    });
}

#[test]
fn woken_receiver_that_leaves_passes_its_turn_on() {
    model(3, || {
        let (sender, receiver) = bounded(1);
        let receiver = Arc::new(receiver);
        let thread_waker = Thread::new();
        let waker = thread_waker.waker();
        let other = receiver.clone();
        let mut leaving = Box::pin(receiver.recv());
        let pending = leaving.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(pending.is_pending());
        let receiving = thread::spawn(move || block_on(other.recv()));
        let sending = thread::spawn(move || {
            sender.try_send(7).unwrap();
            // Dropped here, it would wake everybody.
            sender
        });
        drop(leaving);
        let _sender = sending.join().unwrap();
        assert_eq!(receiving.join().unwrap(), Ok(7));
    });
}

#[test]
fn woken_sender_that_leaves_passes_its_turn_on() {
    model(3, || {
        let (sender, receiver) = bounded(1);
        let sender = Arc::new(sender);
        sender.try_send(1).unwrap();
        let thread_waker = Thread::new();
        let waker = thread_waker.waker();
        let other = sender.clone();
        let mut leaving = Box::pin(sender.send(2));
        let pending = leaving.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(pending.is_pending());
        let sending = thread::spawn(move || block_on(other.send(3)));
        let receiver = thread::spawn(move || {
            assert_eq!(receiver.try_recv(), Ok(1));
            receiver
        });
        drop(leaving);
        let receiver = receiver.join().unwrap();
        assert_eq!(sending.join().unwrap(), Ok(()));
        assert_eq!(receiver.try_recv(), Ok(3));
    });
}

#[test]
fn place_is_used_again_only_when_its_message_is_out() {
    model(3, || {
        let (sender, receiver) = bounded(2);
        sender.try_send(Box::new(1)).unwrap();
        sender.try_send(Box::new(2)).unwrap();
        let sending = thread::spawn(move || sender.try_send(Box::new(3)).is_ok());
        assert_eq!(*receiver.try_recv().unwrap(), 1);
        assert_eq!(*receiver.try_recv().unwrap(), 2);
        let sent = sending.join().unwrap();
        assert_eq!(receiver.try_recv().is_ok(), sent);
    });
}

#[test]
fn robbed_receiver_waits_again() {
    model(3, || {
        let (sender, receiver) = bounded(2);
        let robber = receiver.clone();
        let receiving = thread::spawn(move || block_on(receiver.recv()));
        sender.try_send(1).unwrap();
        let robbed = robber.try_recv().is_ok();
        sender.try_send(2).unwrap();
        let received = receiving.join().unwrap().unwrap();
        assert_eq!(received, if robbed { 2 } else { 1 });
    });
}

#[test]
fn released_permit_wakes_a_sender() {
    model(3, || {
        let (sender, receiver) = bounded(1);
        let sender = Arc::new(sender);
        let permit = sender.try_reserve().unwrap();
        let other = sender.clone();
        let sending = thread::spawn(move || block_on(other.send(1)));
        drop(permit);
        sending.join().unwrap().unwrap();
        assert_eq!(receiver.try_recv(), Ok(1));
    });
}

#[test]
fn permit_and_send_share_the_room() {
    model(3, || {
        let (sender, receiver) = bounded(1);
        let other = sender.clone();
        let sending = thread::spawn(move || other.try_send(1).is_ok());
        let reserved = match sender.try_reserve() {
            Ok(permit) => permit.send(2).is_ok(),
            Err(_) => false,
        };
        assert!(sending.join().unwrap() != reserved);
        assert!(receiver.try_recv().is_ok());
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    });
}

#[test]
fn two_forced_messages_displace_at_most_one_each() {
    model(3, || {
        let (sender, receiver) = bounded(1);
        sender.try_send(0).unwrap();
        let other = sender.clone();
        let forcing = thread::spawn(move || other.force_send(1).unwrap());
        let mine = sender.force_send(2).unwrap();
        let theirs = forcing.join().unwrap();
        let mut all: Vec<i32> = [mine, theirs].into_iter().flatten().collect();
        all.extend(receiver.try_recv());
        all.extend(receiver.try_recv());
        all.sort();
        assert_eq!(all, [0, 1, 2]);
    });
}

#[test]
fn batch_and_single_receiver_share_the_messages() {
    model(3, || {
        let (sender, receiver) = bounded(2);
        sender.try_send(1).unwrap();
        sender.try_send(2).unwrap();
        let other = receiver.clone();
        let receiving = thread::spawn(move || other.try_recv().ok());
        let mut all = Vec::new();
        let _ = receiver.try_recv_many(&mut all, 2);
        all.extend(receiving.join().unwrap());
        all.extend(receiver.try_recv());
        all.sort();
        assert_eq!(all, [1, 2]);
    });
}

#[test]
fn message_sent_while_the_last_receiver_leaves_is_dropped_or_given_back() {
    model(3, || {
        let message = Arc::new(());
        let (sender, receiver) = bounded(1);
        let copy = message.clone();
        let sending = thread::spawn(move || {
            let _ = sender.try_send(copy);
            sender
        });
        drop(receiver);
        let sender = sending.join().unwrap();
        // The sender still lives, and yet the channel holds nothing.
        assert_eq!(Arc::strong_count(&message), 1);
        drop(sender);
    });
}

#[test]
fn stream_and_future_both_hear_of_messages() {
    use futures_core::Stream;
    model(3, || {
        let (sender, receiver) = bounded(2);
        let mut stream = pin!(receiver.clone());
        let thread_waker = Thread::new();
        let waker = thread_waker.waker();
        let mut cx = Context::from_waker(&waker);
        assert!(stream.as_mut().poll_next(&mut cx).is_pending());
        // The stream is not polled again, and still the message is received.
        let receiving = thread::spawn(move || block_on(receiver.recv()));
        sender.try_send(1).unwrap();
        assert_eq!(receiving.join().unwrap(), Ok(1));
        assert!(matches!(stream.as_mut().poll_next(&mut cx), Poll::Pending));
    });
}
