//! Every interleaving of the two halves of a oneshot channel.
#![cfg(loom)]

mod model;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use model::{Thread, at_once, block_on, model};
use trill_sync::channel::oneshot;
use trill_sync::channel::{RecvError, SendError};

#[test]
fn waiting_receiver_hears_of_the_message() {
    model(3, || {
        let (sender, receiver) = oneshot::channel();
        let (received, sent) = at_once(move || block_on(receiver), move || sender.send(7));
        sent.unwrap();
        assert_eq!(received, Ok(7));
    });
}

#[test]
fn waiting_receiver_hears_of_the_dropped_sender() {
    model(3, || {
        let (sender, receiver) = oneshot::channel::<i32>();
        let (received, ()) = at_once(move || block_on(receiver), move || drop(sender));
        assert_eq!(received, Err(RecvError));
    });
}

#[test]
fn waiting_sender_hears_of_the_dropped_receiver() {
    model(3, || {
        let (mut sender, receiver) = oneshot::channel::<i32>();
        at_once(move || block_on(sender.closed()), move || drop(receiver));
    });
}

#[test]
fn message_is_received_given_back_or_dropped_once() {
    model(3, || {
        let message = Arc::new(());
        let (sender, receiver) = oneshot::channel();
        let copy = message.clone();
        let send = move || match sender.send(copy) {
            Ok(()) => None,
            Err(SendError(copy)) => Some(copy),
        };
        let (given_back, ()) = at_once(send, move || drop(receiver));
        let kept = usize::from(given_back.is_some());
        assert_eq!(Arc::strong_count(&message), 1 + kept);
    });
}

#[test]
fn message_sent_before_close_is_received() {
    model(3, || {
        let (sender, mut receiver) = oneshot::channel();
        let receive = move || {
            receiver.close();
            block_on(&mut receiver)
        };
        let (sent, received) = at_once(move || sender.send(7).is_ok(), receive);
        assert_eq!(received.is_ok(), sent);
    });
}

#[test]
fn replaced_waker_is_the_one_that_is_woken() {
    model(3, || {
        let (sender, mut receiver) = oneshot::channel();
        let receive = move || {
            let first = Thread::new();
            let waker = first.waker();
            let polled = Pin::new(&mut receiver).poll(&mut Context::from_waker(&waker));
            match polled {
                Poll::Ready(received) => received,
                Poll::Pending => block_on(receiver),
            }
        };
        let ((), received) = at_once(move || sender.send(7).unwrap(), receive);
        assert_eq!(received, Ok(7));
    });
}

#[test]
fn close_and_waiting_sender_meet() {
    model(3, || {
        let (mut sender, mut receiver) = oneshot::channel::<i32>();
        let close = move || {
            receiver.close();
            block_on(receiver)
        };
        let (received, sent) = at_once(close, move || {
            block_on(sender.closed());
            sender.send(7)
        });
        assert_eq!(sent, Err(SendError(7)));
        assert_eq!(received, Err(RecvError));
    });
}
