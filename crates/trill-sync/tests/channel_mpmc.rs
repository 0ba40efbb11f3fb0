//! Bounded and unbounded channels: order, room, closing, statistics.
#![cfg(not(loom))]
#![allow(clippy::disallowed_methods)] // Threads of the operating system are what is tested.

mod channel_support;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Waker};
use std::thread;

use futures_core::{FusedStream, Stream};
use futures_lite::StreamExt;

use channel_support::{Count, poll, poll_with};
use trill_park::block_on;
use trill_sync::channel::{
    Receiver, RecvError, SendError, Sender, TryRecvError, TryReserveError, TrySendError, bounded,
    unbounded,
};

/// Runs `test` on channels of several capacities.
fn each_channel(test: impl Fn(Sender<usize>, Receiver<usize>)) {
    for capacity in [1, 2, 3, 7, 128] {
        let (sender, receiver) = bounded(capacity);
        test(sender, receiver);
    }
    let (sender, receiver) = unbounded();
    test(sender, receiver);
}

#[test]
fn messages_come_in_order_over_many_laps() {
    each_channel(|sender, receiver| {
        for round in 0..1000 {
            sender.try_send(round).unwrap();
            assert_eq!(receiver.try_recv(), Ok(round));
        }
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    });
}

#[test]
fn exactly_the_capacity_fits() {
    for capacity in [1, 2, 3, 5, 8, 100] {
        let (sender, receiver) = bounded(capacity);
        for lap in 0..5 {
            for number in 0..capacity {
                assert_eq!(sender.len(), number);
                sender.try_send(lap * capacity + number).unwrap();
            }
            assert!(sender.is_full());
            assert_eq!(sender.try_send(0), Err(TrySendError::Full(0)));
            for number in 0..capacity {
                assert_eq!(receiver.try_recv(), Ok(lap * capacity + number));
            }
            assert!(receiver.is_empty());
        }
    }
}

#[test]
#[should_panic(expected = "capacity cannot be zero: use bounded(1)")]
fn capacity_zero_is_refused() {
    let _ = bounded::<i32>(0);
}

#[test]
#[should_panic(expected = "use unbounded()")]
fn absurd_capacity_is_refused() {
    let _ = bounded::<()>(usize::MAX);
}

#[test]
fn refused_capacity_points_at_the_caller() {
    let line = Arc::new(AtomicU32::new(0));
    let told = line.clone();
    let me = thread::current().id();
    let before = std::panic::take_hook();
    // Other tests of this file panic at the same time, and their hook is this one.
    std::panic::set_hook(Box::new(move |info| {
        let location = info.location().unwrap();
        if thread::current().id() == me && location.file() == file!() {
            told.store(location.line(), Ordering::SeqCst);
        }
        before(info);
    }));
    let here = line!() + 1;
    let refused = std::panic::catch_unwind(|| bounded::<i32>(0));
    assert!(refused.is_err());
    assert_eq!(line.load(Ordering::SeqCst), here);
}

// Fault 40f
#[test]
fn closed_channel_gives_what_is_left_and_takes_nothing() {
    each_channel(|sender, receiver| {
        sender.try_send(1).unwrap();
        assert!(receiver.close());
        assert!(!sender.close());
        assert!(sender.is_closed() && receiver.is_closed());
        assert_eq!(sender.try_send(2), Err(TrySendError::Closed(2)));
        assert_eq!(block_on(sender.send(3)), Err(SendError(3)));
        assert_eq!(sender.send_blocking(4), Err(SendError(4)));
        assert_eq!(sender.force_send(5), Err(SendError(5)));
        assert_eq!(sender.try_reserve().unwrap_err(), TryReserveError::Closed);
        assert_eq!(block_on(sender.reserve()).unwrap_err(), SendError(()));
        assert!(!receiver.is_terminated());
        assert_eq!(block_on(receiver.recv()), Ok(1));
        assert!(receiver.is_terminated());
        assert_eq!(block_on(receiver.recv()), Err(RecvError));
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
        assert_eq!(receiver.recv_blocking(), Err(RecvError));
    });
}

#[test]
fn close_wakes_everybody_who_waits() {
    let (sender, receiver) = bounded(1);
    sender.try_send(1).unwrap();
    let (count, waker) = Count::new();
    let mut sends: Vec<_> = (0..3).map(|number| sender.send(number)).collect();
    let mut reserve = sender.reserve();
    let mut closed = sender.closed();
    for send in &mut sends {
        assert!(poll_with(send, &waker).is_pending());
    }
    assert!(poll_with(&mut reserve, &waker).is_pending());
    assert!(poll_with(&mut closed, &waker).is_pending());
    assert_eq!(receiver.waiting_senders(), 4);
    receiver.close();
    assert_eq!(count.wakes(), 5);
    for (number, send) in sends.iter_mut().enumerate() {
        assert_eq!(poll(send), Poll::Ready(Err(SendError(number))));
    }
    assert!(poll(&mut reserve).is_ready());
    assert!(poll(&mut closed).is_ready());

    let (sender, receiver) = bounded::<i32>(1);
    let (count, waker) = Count::new();
    let mut recvs: Vec<_> = (0..3).map(|_| receiver.recv()).collect();
    for recv in &mut recvs {
        assert!(poll_with(recv, &waker).is_pending());
    }
    let mut stream = receiver.clone();
    assert!(poll_with(&mut stream.next(), &waker).is_pending());
    assert_eq!(sender.waiting_receivers(), 4);
    drop(sender);
    assert_eq!(count.wakes(), 4);
    for recv in &mut recvs {
        assert_eq!(poll(recv), Poll::Ready(Err(RecvError)));
    }
}

#[test]
fn each_message_wakes_one_receiver_in_order() {
    let (sender, receiver) = unbounded();
    let counts: Vec<_> = (0..3).map(|_| Count::new()).collect();
    let mut recvs: Vec<_> = (0..3).map(|_| receiver.recv()).collect();
    for (recv, (_, waker)) in recvs.iter_mut().zip(&counts) {
        assert!(poll_with(recv, waker).is_pending());
    }
    let wakes = || {
        counts
            .iter()
            .map(|(count, _)| count.wakes())
            .collect::<Vec<_>>()
    };
    sender.try_send(1).unwrap();
    assert_eq!(wakes(), [1, 0, 0]);
    sender.try_send(2).unwrap();
    assert_eq!(wakes(), [1, 1, 0]);
    sender.try_send(3).unwrap();
    assert_eq!(wakes(), [1, 1, 1]);
    for (recv, number) in recvs.iter_mut().zip(1..) {
        assert_eq!(poll(recv), Poll::Ready(Ok(number)));
    }
}

#[test]
fn each_message_taken_out_wakes_one_sender_in_order() {
    let (sender, receiver) = bounded(2);
    sender.try_send(0).unwrap();
    sender.try_send(1).unwrap();
    let counts: Vec<_> = (0..3).map(|_| Count::new()).collect();
    let mut sends: Vec<_> = (2..5).map(|number| sender.send(number)).collect();
    for (send, (_, waker)) in sends.iter_mut().zip(&counts) {
        assert!(poll_with(send, waker).is_pending());
    }
    let wakes = || {
        counts
            .iter()
            .map(|(count, _)| count.wakes())
            .collect::<Vec<_>>()
    };
    assert_eq!(receiver.try_recv(), Ok(0));
    assert_eq!(wakes(), [1, 0, 0]);
    let mut batch = Vec::new();
    assert_eq!(poll(&mut sends[0]), Poll::Ready(Ok(())));
    assert_eq!(receiver.try_recv_many(&mut batch, 10), Ok(2));
    assert_eq!(wakes(), [1, 1, 1]);
    assert_eq!(batch, [1, 2]);
}

#[test]
fn sending_to_a_waiting_receiver_keeps_the_last_waker() {
    let (sender, receiver) = bounded(1);
    let (first, first_waker) = Count::new();
    let (second, second_waker) = Count::new();
    let mut recv = receiver.recv();
    assert!(poll_with(&mut recv, &first_waker).is_pending());
    assert!(poll_with(&mut recv, &second_waker).is_pending());
    sender.try_send(1).unwrap();
    assert_eq!((first.wakes(), second.wakes()), (0, 1));
}

#[test]
fn receiver_that_waits_again_and_again_owns_one_waker_while_it_waits() {
    let (sender, receiver) = bounded(1);
    let (count, waker) = Count::new();
    let (other, other_waker) = Count::new();
    // The test's own and the waker's.
    let resting = Arc::strong_count(&count);
    for round in 1..=4 {
        let mut recv = receiver.recv();
        assert!(poll_with(&mut recv, &waker).is_pending());
        assert_eq!(Arc::strong_count(&count), resting + 1);
        sender.try_send(round).unwrap();
        assert_eq!((count.wakes(), Arc::strong_count(&count)), (round, resting));
        assert_eq!(poll_with(&mut recv, &waker), Poll::Ready(Ok(round)));
        drop(recv);
        let mut given_up = receiver.recv();
        assert!(poll_with(&mut given_up, &waker).is_pending());
        drop(given_up);
        assert_eq!(Arc::strong_count(&count), resting);
        if round == 2 {
            // Somebody else's waker in between.
            assert!(poll_with(&mut receiver.recv(), &other_waker).is_pending());
            assert_eq!(Arc::strong_count(&other), resting);
        }
    }
    let mut recv = receiver.recv();
    assert!(poll_with(&mut recv, &waker).is_pending());
    drop(waker);
    sender.try_send(0).unwrap();
    assert_eq!((count.wakes(), Arc::strong_count(&count)), (5, 1));
}

#[test]
fn robbed_receiver_stays_first_in_line() {
    let (sender, receiver) = unbounded();
    let (first, first_waker) = Count::new();
    let (second, second_waker) = Count::new();
    let (mut one, mut two) = (receiver.recv(), receiver.recv());
    assert!(poll_with(&mut one, &first_waker).is_pending());
    assert!(poll_with(&mut two, &second_waker).is_pending());
    sender.try_send(1).unwrap();
    assert_eq!((first.wakes(), second.wakes()), (1, 0));
    assert_eq!(receiver.try_recv(), Ok(1));
    assert!(poll_with(&mut one, &first_waker).is_pending());
    sender.try_send(2).unwrap();
    assert_eq!((first.wakes(), second.wakes()), (2, 0));
    assert_eq!(poll(&mut one), Poll::Ready(Ok(2)));
}

#[test]
fn forced_message_displaces_the_oldest() {
    let (sender, receiver) = bounded(3);
    for number in 0..3 {
        assert_eq!(sender.force_send(number), Ok(None));
    }
    for number in 3..20 {
        assert_eq!(sender.force_send(number), Ok(Some(number - 3)));
    }
    assert_eq!(receiver.try_recv(), Ok(17));
}

#[test]
fn forced_message_comes_back_when_permits_hold_all_places() {
    let (sender, receiver) = bounded(1);
    let permit = sender.try_reserve().unwrap();
    assert_eq!(sender.force_send(1), Ok(Some(1)));
    permit.send(2).unwrap();
    assert_eq!(sender.force_send(3), Ok(Some(2)));
    assert_eq!(receiver.try_recv(), Ok(3));
}

#[test]
fn permits_take_up_room() {
    let (sender, receiver) = bounded(2);
    let first = sender.try_reserve().unwrap();
    sender.try_send(1).unwrap();
    assert!(sender.is_full());
    assert_eq!(sender.len(), 1);
    assert_eq!(sender.try_send(2), Err(TrySendError::Full(2)));
    assert_eq!(sender.try_reserve().unwrap_err(), TryReserveError::Full);
    first.send(3).unwrap();
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(receiver.try_recv(), Ok(3));
    for round in 0..100 {
        let permit = sender.try_reserve().unwrap();
        if round % 2 == 0 {
            drop(permit);
        } else {
            permit.send(round).unwrap();
            assert_eq!(receiver.try_recv(), Ok(round));
        }
    }
    assert!(receiver.is_empty());
}

#[test]
fn permit_of_a_closed_channel_gives_the_message_back() {
    let (sender, receiver) = bounded(2);
    let (first, second) = (sender.try_reserve().unwrap(), sender.try_reserve().unwrap());
    receiver.close();
    assert_eq!(first.send(1), Err(SendError(1)));
    drop(second);
    assert_eq!(block_on(receiver.recv()), Err(RecvError));
}

#[test]
fn reserving_waits_for_room_and_a_released_place_wakes() {
    let (sender, receiver) = bounded(1);
    let permit = block_on(sender.reserve()).unwrap();
    let (count, waker) = Count::new();
    let mut send = sender.send(1);
    assert!(poll_with(&mut send, &waker).is_pending());
    drop(permit);
    assert_eq!(count.wakes(), 1);
    assert_eq!(poll(&mut send), Poll::Ready(Ok(())));
    let mut reserve = sender.reserve();
    assert!(poll_with(&mut reserve, &waker).is_pending());
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(count.wakes(), 2);
    assert!(poll(&mut reserve).is_ready());
}

#[test]
fn unbounded_permit_needs_no_room() {
    let (sender, receiver) = unbounded();
    let permits: Vec<_> = (0..3).map(|_| sender.try_reserve().unwrap()).collect();
    assert!(!sender.is_full());
    for permit in permits {
        permit.send(1).unwrap();
    }
    assert_eq!(receiver.len(), 3);
}

#[test]
fn batches_take_what_is_there_and_no_more() {
    each_channel(|sender, receiver| {
        let mut batch = Vec::new();
        assert_eq!(block_on(receiver.recv_many(&mut batch, 0)), Ok(0));
        assert_eq!(
            receiver.try_recv_many(&mut batch, 5),
            Err(TryRecvError::Empty)
        );
        let capacity = sender.capacity().unwrap_or(100);
        for lap in 0..5 {
            for number in 0..capacity {
                sender.try_send(lap * capacity + number).unwrap();
            }
            while batch.len() < (lap + 1) * capacity {
                assert!(block_on(receiver.recv_many(&mut batch, 5)).unwrap() <= 5);
            }
        }
        assert_eq!(batch, (0..5 * capacity).collect::<Vec<_>>());
        drop(sender);
        assert_eq!(block_on(receiver.recv_many(&mut batch, 5)), Err(RecvError));
        assert_eq!(receiver.recv_many_blocking(&mut batch, 5), Err(RecvError));
    });
}

#[test]
fn stream_yields_all_messages_then_ends() {
    each_channel(|sender, mut receiver| {
        let thread = thread::spawn(move || {
            for number in 0..100 {
                sender.send_blocking(number).unwrap();
            }
        });
        let all: Vec<_> = block_on((&mut receiver).collect());
        assert_eq!(all, (0..100).collect::<Vec<_>>());
        assert!(receiver.is_terminated());
        thread.join().unwrap();
    });
}

#[test]
fn stream_that_is_not_polled_again_holds_no_message_up() {
    let (sender, receiver) = unbounded();
    let mut stream = receiver.clone();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(
        std::pin::Pin::new(&mut stream)
            .poll_next(&mut cx)
            .is_pending()
    );
    let (count, waker) = Count::new();
    let mut recv = receiver.recv();
    assert!(poll_with(&mut recv, &waker).is_pending());
    sender.try_send(1).unwrap();
    assert_eq!(count.wakes(), 1);
    assert_eq!(poll(&mut recv), Poll::Ready(Ok(1)));
}

#[test]
fn last_receiver_takes_the_messages_with_it() {
    let (reply, replied) = trill_sync::channel::oneshot::channel::<()>();
    let (sender, receiver) = bounded(2);
    sender.try_send(reply).unwrap();
    drop(receiver);
    // The sender lives, but the message does not: whoever waits for the reply is told.
    assert_eq!(block_on(replied), Err(RecvError));
    assert!(sender.is_empty());
}

#[test]
fn weak_handles_revive_only_a_living_channel() {
    let (sender, receiver) = unbounded::<i32>();
    let (weak_sender, weak_receiver) = (sender.downgrade(), receiver.downgrade());
    let revived = weak_sender.clone().upgrade().unwrap();
    assert!(revived.same_channel(&sender));
    assert_eq!(sender.sender_count(), 2);
    assert!(
        weak_receiver
            .clone()
            .upgrade()
            .unwrap()
            .same_channel(&receiver)
    );
    assert_eq!(sender.receiver_count(), 1);
    drop((sender, revived));
    assert!(weak_sender.upgrade().is_none());
    assert!(weak_receiver.upgrade().is_none());
    assert!(receiver.is_closed());
}

#[test]
fn handles_are_counted() {
    let (sender, receiver) = bounded::<i32>(1);
    let senders: Vec<_> = (0..3).map(|_| sender.clone()).collect();
    let receivers: Vec<_> = (0..4).map(|_| receiver.clone()).collect();
    assert_eq!((sender.sender_count(), sender.receiver_count()), (4, 5));
    drop((senders, receivers));
    assert_eq!((receiver.sender_count(), receiver.receiver_count()), (1, 1));
}

#[test]
fn budget_makes_a_busy_receiver_give_way() {
    let (sender, receiver) = unbounded();
    for number in 0..1000 {
        sender.try_send(number).unwrap();
    }
    let (count, waker) = Count::new();
    let received = trill_cell::with_budget(|| {
        (0..1000)
            .take_while(|_| poll_with(&mut receiver.recv(), &waker).is_ready())
            .count()
    });
    assert_eq!(received, trill_cell::BUDGET_POLLS as usize);
    assert_eq!(count.wakes(), 1);
}

#[test]
fn waiting_costs_no_budget() {
    let (_sender, receiver) = unbounded::<i32>();
    trill_cell::with_budget(|| {
        let mut recv = receiver.recv();
        for _ in 0..10 * trill_cell::BUDGET_POLLS {
            assert!(poll(&mut recv).is_pending());
        }
        let (sender, receiver) = unbounded();
        sender.try_send(1).unwrap();
        assert_eq!(poll(&mut receiver.recv()), Poll::Ready(Ok(1)));
    });
}

#[test]
fn threads_receive_each_message_once_and_in_order() {
    const SENDERS: usize = 4;
    const MESSAGES: usize = if cfg!(miri) { 50 } else { 5_000 };
    for capacity in [1, 3, 128, usize::MAX] {
        let (sender, receiver) = match capacity {
            usize::MAX => unbounded(),
            _ => bounded(capacity),
        };
        let start = Barrier::new(SENDERS + 3);
        let all: Vec<Vec<(usize, usize)>> = thread::scope(|scope| {
            for id in 0..SENDERS {
                let (sender, start) = (sender.clone(), &start);
                scope.spawn(move || {
                    start.wait();
                    for number in 0..MESSAGES {
                        sender.send_blocking((id, number)).unwrap();
                    }
                });
            }
            drop(sender);
            let receivers: Vec<_> = (0..3)
                .map(|how| {
                    let (receiver, start) = (receiver.clone(), &start);
                    scope.spawn(move || {
                        start.wait();
                        let mut all = Vec::new();
                        match how {
                            0 => block_on(async {
                                while receiver.recv_many(&mut all, 10).await.is_ok() {}
                            }),
                            1 => all = block_on(receiver.collect()),
                            _ => all.extend(std::iter::from_fn(|| receiver.recv_blocking().ok())),
                        }
                        all
                    })
                })
                .collect();
            receivers
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        let mut seen = HashMap::new();
        for received in &all {
            let mut last = HashMap::new();
            for (id, number) in received {
                *seen.entry((*id, *number)).or_insert(0) += 1;
                assert!(last.insert(*id, *number).is_none_or(|last| last < *number));
            }
        }
        assert_eq!(seen.len(), SENDERS * MESSAGES);
        assert!(seen.values().all(|times| *times == 1));
    }
}

#[test]
fn handles_show_their_state() {
    let (sender, receiver) = bounded(2);
    sender.try_send(1).unwrap();
    assert_eq!(
        format!("{sender:?}"),
        "Sender { len: 1, capacity: Some(2), is_closed: false, .. }"
    );
    assert!(format!("{receiver:?}").starts_with("Receiver { len: 1"));
    assert_eq!(format!("{:?}", sender.downgrade()), "WeakSender { .. }");
    assert_eq!(
        format!("{:?}", receiver.recv()),
        "Recv { waits: false, .. }"
    );
}
