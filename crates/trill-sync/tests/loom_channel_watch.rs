//! Every interleaving of senders and receivers of a watch channel.
#![cfg(loom)]

mod model;

use loom::thread;

use model::{at_once, block_on, model};
use trill_sync::channel::RecvError;
use trill_sync::channel::watch;

#[test]
fn waiting_receiver_hears_of_a_change() {
    model(3, || {
        let (sender, mut receiver) = watch::channel(1);
        let receive = move || {
            block_on(receiver.changed()).unwrap();
            *receiver.borrow()
        };
        let (received, _sender) = at_once(receive, move || {
            sender.send_replace(2);
            sender
        });
        assert_eq!(received, 2);
    });
}

#[test]
fn waiting_receiver_hears_of_the_dropped_sender() {
    model(3, || {
        let (sender, mut receiver) = watch::channel(1);
        let (received, ()) = at_once(move || block_on(receiver.changed()), move || drop(sender));
        assert_eq!(received, Err(RecvError));
    });
}

#[test]
fn awaited_value_is_found_or_the_channel_ends() {
    model(3, || {
        let (sender, mut receiver) = watch::channel(1);
        let receive = move || block_on(receiver.wait_for(|value| *value == 2)).map(|value| *value);
        let (received, ()) = at_once(receive, move || {
            sender.send_replace(2);
        });
        assert_eq!(received, Ok(2));
    });
}

#[test]
fn value_and_version_belong_together() {
    model(3, || {
        let (sender, mut receiver) = watch::channel(1);
        let send = move || {
            sender.send_modify(|value| *value = 2);
            sender
        };
        let (sender, (seen, receiver)) = at_once(send, move || {
            let seen = *receiver.borrow_and_update();
            (seen, receiver)
        });
        // What was seen is the last value exactly if nothing counts as changed.
        assert_eq!(receiver.has_changed().unwrap(), seen == 1);
        drop(sender);
    });
}

#[test]
fn two_waiting_receivers_hear_of_one_change() {
    model(2, || {
        let (sender, mut first) = watch::channel(1);
        let mut second = first.clone();
        let receiving = thread::spawn(move || block_on(first.changed()));
        let other = thread::spawn(move || block_on(second.changed()));
        let sending = thread::spawn(move || {
            sender.send_replace(2);
            sender
        });
        assert_eq!(receiving.join().unwrap(), Ok(()));
        assert_eq!(other.join().unwrap(), Ok(()));
        sending.join().unwrap();
    });
}

#[test]
fn waiting_sender_hears_of_the_last_receiver() {
    model(3, || {
        let (sender, receiver) = watch::channel(1);
        at_once(move || block_on(sender.closed()), move || drop(receiver));
    });
}
