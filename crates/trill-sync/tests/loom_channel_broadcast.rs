//! Every interleaving of senders and receivers of a broadcast channel.
#![cfg(loom)]

mod model;

use std::sync::Arc;

use loom::thread;

use model::{at_once, block_on, model};
use trill_sync::channel::broadcast::{self, RecvError};

#[test]
fn waiting_receivers_hear_of_a_message() {
    model(2, || {
        let (sender, mut first) = broadcast::channel(1);
        let mut second = sender.subscribe();
        let receiving = thread::spawn(move || block_on(first.recv()));
        let other = thread::spawn(move || block_on(second.recv()));
        let sending = thread::spawn(move || {
            sender.send(7).unwrap();
            sender
        });
        assert_eq!(receiving.join().unwrap(), Ok(7));
        assert_eq!(other.join().unwrap(), Ok(7));
        sending.join().unwrap();
    });
}

#[test]
fn waiting_receiver_hears_of_the_dropped_sender() {
    model(3, || {
        let (sender, mut receiver) = broadcast::channel::<i32>(1);
        let (received, ()) = at_once(move || block_on(receiver.recv()), move || drop(sender));
        assert_eq!(received, Err(RecvError::Closed));
    });
}

#[test]
fn slow_receiver_gets_the_last_message_or_is_told() {
    model(3, || {
        let (sender, mut receiver) = broadcast::channel(1);
        let receive = move || {
            let mut last = 0;
            loop {
                match block_on(receiver.recv()) {
                    Ok(message) => last = message,
                    Err(RecvError::Lagged(missed)) => last += missed,
                    Err(_) => return last,
                }
            }
        };
        let send = move || {
            sender.send(1).unwrap();
            sender.send(2).unwrap();
        };
        let (last, ()) = at_once(receive, send);
        assert_eq!(last, 2);
    });
}

#[test]
fn message_is_dropped_when_nobody_wants_it_any_more() {
    model(3, || {
        let message = Arc::new(());
        let (sender, mut first) = broadcast::channel(1);
        let second = sender.subscribe();
        sender.send(message.clone()).unwrap();
        at_once(move || drop(first.try_recv()), move || drop(second));
        assert_eq!(Arc::strong_count(&message), 1);
        drop(sender);
    });
}

#[test]
fn waiting_sender_hears_of_the_last_receiver() {
    model(3, || {
        let (sender, receiver) = broadcast::channel::<i32>(1);
        at_once(move || block_on(sender.closed()), move || drop(receiver));
    });
}
