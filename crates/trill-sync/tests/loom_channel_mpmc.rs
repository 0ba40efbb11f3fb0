//! Every interleaving of senders and receivers of bounded channels.
#![cfg(loom)]

mod model;

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use loom::thread;

use model::{at_once, begun, block_on, model};
use trill_sync::channel::{Receiver, RecvError, SendError, TryRecvError, bounded};

#[test]
fn waiting_receiver_hears_of_a_message() {
    model(3, || {
        let (sender, receiver) = bounded(1);
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
        let (sender, receiver) = bounded::<i32>(1);
        let (received, ()) = at_once(move || block_on(receiver.recv()), move || drop(sender));
        assert_eq!(received, Err(RecvError));
    });
}

#[test]
fn waiting_sender_hears_of_room() {
    model(3, || {
        let (sender, receiver) = bounded(1);
        sender.try_send(1).unwrap();
        let send = move || block_on(sender.send(2));
        let (sent, receiver) = at_once(send, move || {
            assert_eq!(receiver.try_recv(), Ok(1));
            receiver
        });
        assert_eq!(sent, Ok(()));
        assert_eq!(receiver.try_recv(), Ok(2));
    });
}

#[test]
fn waiting_sender_hears_of_close() {
    model(3, || {
        let (sender, receiver) = bounded(1);
        sender.try_send(1).unwrap();
        let (sent, ()) = at_once(move || block_on(sender.send(2)), move || drop(receiver));
        assert_eq!(sent, Err(SendError(2)));
    });
}

#[test]
fn closed_hears_of_the_last_receiver() {
    model(3, || {
        let (sender, receiver) = bounded::<i32>(1);
        at_once(move || block_on(sender.closed()), move || drop(receiver));
    });
}

#[test]
fn two_messages_in_turn_keep_their_order() {
    model(3, || {
        let (sender, receiver) = bounded(1);
        let receive = move || {
            assert_eq!(block_on(receiver.recv()), Ok(1));
            assert_eq!(block_on(receiver.recv()), Ok(2));
            assert_eq!(block_on(receiver.recv()), Err(RecvError));
        };
        let send = move || {
            block_on(sender.send(1)).unwrap();
            block_on(sender.send(2)).unwrap();
        };
        at_once(receive, send);
    });
}

#[test]
fn two_senders_and_a_receiver_lose_nothing() {
    model(2, || {
        let (sender, receiver) = bounded(2);
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

#[test]
fn each_message_goes_to_one_of_two_receivers() {
    model(3, || {
        let (sender, receiver) = bounded(2);
        sender.try_send(1).unwrap();
        sender.try_send(2).unwrap();
        let receive = |receiver: Receiver<i32>| move || receiver.try_recv().unwrap();
        let (one, two) = at_once(receive(receiver.clone()), receive(receiver.clone()));
        assert_eq!(one + two, 3);
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    });
}

#[test]
fn woken_receiver_that_leaves_passes_its_turn_on() {
    model(2, || {
        let (sender, receiver) = bounded(1);
        let other = receiver.clone();
        let leaving = begun(async move { receiver.recv().await });
        let receiving = thread::spawn(move || block_on(other.recv()));
        let sending = thread::spawn(move || {
            sender.try_send(7).unwrap();
            // Dropped here, it would wake everybody.
            sender
        });
        let leaves = thread::spawn(move || drop(leaving));
        leaves.join().unwrap();
        let _sender = sending.join().unwrap();
        assert_eq!(receiving.join().unwrap(), Ok(7));
    });
}

#[test]
fn woken_sender_that_leaves_passes_its_turn_on() {
    model(2, || {
        let (sender, receiver) = bounded(1);
        sender.try_send(1).unwrap();
        let other = sender.clone();
        let leaving = begun(async move { sender.send(2).await });
        let sending = thread::spawn(move || block_on(other.send(3)));
        let receiving = thread::spawn(move || {
            assert_eq!(receiver.try_recv(), Ok(1));
            receiver
        });
        let leaves = thread::spawn(move || drop(leaving));
        leaves.join().unwrap();
        let receiver = receiving.join().unwrap();
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
        let send = move || sender.try_send(Box::new(3)).is_ok();
        let (sent, receiver) = at_once(send, move || {
            assert_eq!(*receiver.try_recv().unwrap(), 1);
            assert_eq!(*receiver.try_recv().unwrap(), 2);
            receiver
        });
        assert_eq!(receiver.try_recv().is_ok(), sent);
    });
}

#[test]
fn robbed_receiver_waits_again() {
    model(3, || {
        let (sender, receiver) = bounded(2);
        let robber = receiver.clone();
        let receive = move || block_on(receiver.recv()).unwrap();
        let (received, (robbed, _sender)) = at_once(receive, move || {
            sender.try_send(1).unwrap();
            let robbed = robber.try_recv().is_ok();
            sender.try_send(2).unwrap();
            (robbed, sender)
        });
        assert_eq!(received, if robbed { 2 } else { 1 });
    });
}

#[test]
fn released_permit_wakes_a_sender() {
    model(3, || {
        let (sender, receiver) = bounded(1);
        let other = sender.clone();
        let permit = begun(async move {
            let _permit = sender.try_reserve().unwrap();
            pending::<()>().await
        });
        let (sent, ()) = at_once(move || block_on(other.send(1)), move || drop(permit));
        sent.unwrap();
        assert_eq!(receiver.try_recv(), Ok(1));
    });
}

#[test]
fn permit_and_send_share_the_room() {
    model(3, || {
        let (sender, receiver) = bounded(1);
        let other = sender.clone();
        let reserve = move || match sender.try_reserve() {
            Ok(permit) => permit.send(2).is_ok(),
            Err(_) => false,
        };
        let (sent, reserved) = at_once(move || other.try_send(1).is_ok(), reserve);
        assert!(sent != reserved);
        assert!(receiver.try_recv().is_ok());
        assert!(receiver.try_recv().is_err());
    });
}

#[test]
fn two_forced_messages_displace_at_most_one_each() {
    model(3, || {
        let (sender, receiver) = bounded(1);
        sender.try_send(0).unwrap();
        let other = sender.clone();
        let (one, two) = at_once(
            move || other.force_send(1).unwrap(),
            move || sender.force_send(2).unwrap(),
        );
        let mut all: Vec<i32> = [one, two].into_iter().flatten().collect();
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
        let (single, (mut all, receiver)) = at_once(
            move || other.try_recv().ok(),
            move || {
                let mut batch = Vec::new();
                let _ = receiver.try_recv_many(&mut batch, 2);
                (batch, receiver)
            },
        );
        all.extend(single);
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
        let send = move || {
            let _ = sender.try_send(copy);
            sender
        };
        let (sender, ()) = at_once(send, move || drop(receiver));
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
        let mut cx = Context::from_waker(Waker::noop());
        assert!(stream.as_mut().poll_next(&mut cx).is_pending());
        // The stream is not polled again, and still the message is received.
        let receive = move || block_on(receiver.recv());
        let (received, _sender) = at_once(receive, move || {
            sender.try_send(1).unwrap();
            sender
        });
        assert_eq!(received, Ok(1));
        assert!(matches!(stream.as_mut().poll_next(&mut cx), Poll::Pending));
    });
}
