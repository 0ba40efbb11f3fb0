//! Every interleaving of the two halves of a oneshot channel.
#![cfg(loom)]

mod model;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use loom::thread;

use model::{Thread, block_on, model};
use trill_sync::channel::oneshot;
use trill_sync::channel::{RecvError, SendError};

#[test]
fn waiting_receiver_hears_of_the_message() {
    model(3, || {
        let (sender, receiver) = oneshot::channel();
        let receiving = thread::spawn(move || block_on(receiver));
        sender.send(7).unwrap();
        assert_eq!(receiving.join().unwrap(), Ok(7));
    });
}

#[test]
fn waiting_receiver_hears_of_the_dropped_sender() {
    model(3, || {
        let (sender, receiver) = oneshot::channel::<i32>();
        let receiving = thread::spawn(move || block_on(receiver));
        drop(sender);
        assert_eq!(receiving.join().unwrap(), Err(RecvError));
    });
}

#[test]
fn waiting_sender_hears_of_the_dropped_receiver() {
    model(3, || {
        let (mut sender, receiver) = oneshot::channel::<i32>();
        let waiting = thread::spawn(move || block_on(sender.closed()));
        drop(receiver);
        waiting.join().unwrap();
    });
}

#[test]
fn message_is_received_given_back_or_dropped_once() {
    model(3, || {
        let message = Arc::new(());
        let (sender, receiver) = oneshot::channel();
        let copy = message.clone();
        let sending = thread::spawn(move || match sender.send(copy) {
            Ok(()) => None,
            Err(SendError(copy)) => Some(copy),
        });
        drop(receiver);
        let given_back = sending.join().unwrap();
        let kept = usize::from(given_back.is_some());
        assert_eq!(Arc::strong_count(&message), 1 + kept);
    });
}

#[test]
fn message_sent_before_close_is_received() {
    model(3, || {
        let (sender, mut receiver) = oneshot::channel();
        let sending = thread::spawn(move || sender.send(7).is_ok());
        receiver.close();
        let received = block_on(&mut receiver);
        let sent = sending.join().unwrap();
        assert_eq!(received.is_ok(), sent);
    });
}

#[test]
fn replaced_waker_is_the_one_that_is_woken() {
    model(3, || {
        let (sender, mut receiver) = oneshot::channel();
        let first = Thread::new();
        let waker = first.waker();
        let sending = thread::spawn(move || sender.send(7).unwrap());
        let polled = Pin::new(&mut receiver).poll(&mut Context::from_waker(&waker));
        let received = match polled {
            Poll::Ready(received) => received,
            Poll::Pending => block_on(receiver),
        };
        assert_eq!(received, Ok(7));
        sending.join().unwrap();
    });
}

#[test]
fn close_and_waiting_sender_meet() {
    model(3, || {
        let (mut sender, mut receiver) = oneshot::channel::<i32>();
        let closing = thread::spawn(move || {
            receiver.close();
            block_on(receiver)
        });
        block_on(sender.closed());
        assert_eq!(sender.send(7), Err(SendError(7)));
        assert_eq!(closing.join().unwrap(), Err(RecvError));
    });
}
