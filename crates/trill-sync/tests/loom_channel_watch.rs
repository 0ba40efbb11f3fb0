//! Every interleaving of senders and receivers of a watch channel.
#![cfg(loom)]

mod model;

use loom::thread;

use model::{block_on, model};
use trill_sync::channel::RecvError;
use trill_sync::channel::watch;

#[test]
fn waiting_receiver_hears_of_a_change() {
    model(3, || {
        let (sender, mut receiver) = watch::channel(1);
        let receiving = thread::spawn(move || {
            block_on(receiver.changed()).unwrap();
            *receiver.borrow()
        });
        sender.send_replace(2);
        assert_eq!(receiving.join().unwrap(), 2);
    });
}

#[test]
fn waiting_receiver_hears_of_the_dropped_sender() {
    model(3, || {
        let (sender, mut receiver) = watch::channel(1);
        let receiving = thread::spawn(move || block_on(receiver.changed()));
        drop(sender);
        assert_eq!(receiving.join().unwrap(), Err(RecvError));
    });
}

#[test]
fn awaited_value_is_found_or_the_channel_ends() {
    model(3, || {
        let (sender, mut receiver) = watch::channel(1);
        let receiving = thread::spawn(move || {
            block_on(receiver.wait_for(|value| *value == 2)).map(|value| *value)
        });
        sender.send_replace(2);
        drop(sender);
        assert_eq!(receiving.join().unwrap(), Ok(2));
    });
}

#[test]
fn value_and_version_belong_together() {
    model(3, || {
        let (sender, mut receiver) = watch::channel(1);
        let sending = thread::spawn(move || {
            sender.send_modify(|value| *value = 2);
            sender
        });
        let seen = *receiver.borrow_and_update();
        let sender = sending.join().unwrap();
        // What was seen is the last value exactly if nothing counts as changed.
        assert_eq!(receiver.has_changed().unwrap(), seen == 1);
        drop(sender);
    });
}

#[test]
fn two_waiting_receivers_hear_of_one_change() {
    model(3, || {
        let (sender, mut first) = watch::channel(1);
        let mut second = first.clone();
        let receiving = thread::spawn(move || block_on(first.changed()));
        let other = thread::spawn(move || block_on(second.changed()));
        sender.send_replace(2);
        assert_eq!(receiving.join().unwrap(), Ok(()));
        assert_eq!(other.join().unwrap(), Ok(()));
    });
}

#[test]
fn waiting_sender_hears_of_the_last_receiver() {
    model(3, || {
        let (sender, receiver) = watch::channel(1);
        let waiting = thread::spawn(move || block_on(sender.closed()));
        drop(receiver);
        waiting.join().unwrap();
    });
}
