//! Every interleaving of senders and receivers of unbounded channels.
#![cfg(loom)]

mod model;

use loom::thread;

use model::{block_on, model};
use trill_sync::channel::{RecvError, unbounded};

#[test]
fn waiting_receiver_hears_of_a_message() {
    model(3, || {
        let (sender, receiver) = unbounded();
        let receiving = thread::spawn(move || block_on(receiver.recv()));
        sender.try_send(7).unwrap();
        assert_eq!(receiving.join().unwrap(), Ok(7));
    });
}

#[test]
fn waiting_receiver_hears_of_close() {
    model(3, || {
        let (sender, receiver) = unbounded::<i32>();
        let receiving = thread::spawn(move || block_on(receiver.recv()));
        drop(sender);
        assert_eq!(receiving.join().unwrap(), Err(RecvError));
    });
}

#[test]
fn two_senders_and_a_receiver_lose_nothing() {
    model(3, || {
        let (sender, receiver) = unbounded();
        let other = sender.clone();
        let sending = thread::spawn(move || {
            other.try_send(1).unwrap();
            other
        });
        let receiving = thread::spawn(move || {
            let first = block_on(receiver.recv()).unwrap();
            let second = block_on(receiver.recv()).unwrap();
            assert_eq!(first + second, 3);
        });
        sender.try_send(2).unwrap();
        let _other = sending.join().unwrap();
        receiving.join().unwrap();
    });
}
