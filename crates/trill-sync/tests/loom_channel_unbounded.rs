//! Every interleaving of senders and receivers of unbounded channels.
#![cfg(loom)]

mod model;

use loom::thread;

use model::{at_once, block_on, model};
use trill_sync::channel::{RecvError, unbounded};

#[test]
fn waiting_receiver_hears_of_a_message() {
    model(3, || {
        let (sender, receiver) = unbounded();
        let receive = move || block_on(receiver.recv());
        let (received, _sender) = at_once(receive, move || {
            sender.try_send(7).unwrap();
            sender
        });
        assert_eq!(received, Ok(7));
    });
}

#[test]
fn waiting_receiver_hears_of_close() {
    model(3, || {
        let (sender, receiver) = unbounded::<i32>();
        let (received, ()) = at_once(move || block_on(receiver.recv()), move || drop(sender));
        assert_eq!(received, Err(RecvError));
    });
}

#[test]
fn two_senders_and_a_receiver_lose_nothing() {
    model(2, || {
        let (sender, receiver) = unbounded();
        let sending = [(1, sender.clone()), (2, sender)].map(|(message, sender)| {
            thread::spawn(move || {
                sender.try_send(message).unwrap();
                sender
            })
        });
        let receiving = thread::spawn(move || {
            let first = block_on(receiver.recv()).unwrap();
            let second = block_on(receiver.recv()).unwrap();
            assert_eq!(first + second, 3);
        });
        let _senders = sending.map(|sending| sending.join().unwrap());
        receiving.join().unwrap();
    });
}
