//! The cases of trill-sync's channels: no message is lost and none comes twice.

use std::cell::{Cell, RefCell};

use futures_lite::future::poll_once;
use trill_sync::channel::{self, Receiver, Sender, broadcast, oneshot, watch};

use crate::case;
use crate::harness::pause;

/// A channel, and what was received from it.
struct Pair {
    sender: Sender<u32>,
    receiver: Receiver<u32>,
    received: RefCell<Vec<u32>>,
}

impl Pair {
    fn new((sender, receiver): (Sender<u32>, Receiver<u32>)) -> Pair {
        Pair {
            sender,
            receiver,
            received: RefCell::default(),
        }
    }

    fn keep(&self, message: u32) {
        self.received.borrow_mut().push(message);
    }

    /// Receives what is there.
    fn drain(&self) {
        while let Ok(message) = self.receiver.try_recv() {
            self.keep(message);
        }
    }

    /// Asserts that these messages came, in any order, and that nobody waits.
    fn has(&self, expected: &[u32]) {
        self.drain();
        let mut received = self.received.borrow_mut();
        received.sort_unstable();
        assert_eq!(*received, expected);
        assert_eq!(self.sender.waiting_senders(), 0);
        assert_eq!(self.sender.waiting_receivers(), 0);
    }
}

case!(send: "trill_sync::channel::Sender::send",
    setup: Pair::new(channel::bounded(1)),
    script: |pair| {
        pair.sender.send(1).await.unwrap();
        for _ in 0..3 {
            pause().await;
            pause().await;
            pair.drain();
        }
    },
    wait: |pair| pair.sender.send(2).await.unwrap(),
    behind: |pair| { pair.sender.send(3).await.unwrap() },
    after: |pair, output| { pair.has(if output.is_some() { &[1, 2, 3] } else { &[1, 3] }) },
);

case!(reserve: "trill_sync::channel::Sender::reserve",
    setup: Pair::new(channel::bounded(1)),
    script: |pair| {
        pair.sender.send(1).await.unwrap();
        for _ in 0..3 {
            pause().await;
            pause().await;
            pair.drain();
        }
    },
    wait: |pair| {
        let permit = pair.sender.reserve().await.unwrap();
        // Dropping the permit gives the place back, too.
        pause().await;
        permit.send(2).unwrap();
    },
    behind: |pair| { pair.sender.send(3).await.unwrap() },
    after: |pair, output| { pair.has(if output.is_some() { &[1, 2, 3] } else { &[1, 3] }) },
);

case!(recv: "trill_sync::channel::Receiver::recv",
    setup: Pair::new(channel::unbounded()),
    script: |pair| {
        for message in 1..=2 {
            pause().await;
            pause().await;
            pair.sender.send(message).await.unwrap();
        }
    },
    wait: |pair| pair.keep(pair.receiver.recv().await.unwrap()),
    behind: |pair| { pair.keep(pair.receiver.recv().await.unwrap()) },
    after: |pair, _| { pair.has(&[1, 2]) },
);

case!(recv_many: "trill_sync::channel::Receiver::recv_many",
    setup: Pair::new(channel::unbounded()),
    script: |pair| {
        for message in [1, 3, 5] {
            pause().await;
            pause().await;
            pair.sender.send(message).await.unwrap();
            pair.sender.send(message + 1).await.unwrap();
        }
    },
    wait: |pair| {
        let mut messages = Vec::new();
        let count = pair.receiver.recv_many(&mut messages, 2).await.unwrap();
        assert_eq!(messages.len(), count);
        pair.received.borrow_mut().append(&mut messages);
    },
    behind: |pair| { pair.keep(pair.receiver.recv().await.unwrap()) },
    after: |pair, _| { pair.has(&[1, 2, 3, 4, 5, 6]) },
);

case!(closed: "trill_sync::channel::Sender::closed",
    setup: {
        let (sender, receiver) = channel::bounded::<u32>(1);
        (sender, RefCell::new(Some(receiver)))
    },
    script: |(_, receiver)| {
        pause().await;
        pause().await;
        receiver.take();
    },
    wait: |(sender, _)| sender.closed().await,
    behind: |(sender, _)| { sender.closed().await },
    after: |(sender, _), _| { assert!(sender.is_closed()) },
);

case!(oneshot_closed: "trill_sync::channel::oneshot::Sender::closed",
    setup: {
        let (sender, receiver) = oneshot::channel::<u32>();
        (RefCell::new(sender), RefCell::new(Some(receiver)))
    },
    script: |(_, receiver)| {
        pause().await;
        pause().await;
        receiver.take();
    },
    wait: |(sender, _)| sender.borrow_mut().closed().await,
    after: |(sender, _), _| {
        assert!(poll_once(sender.borrow_mut().closed()).await.is_some());
    },
    keeps: "the sender lives on, and keeps the place for a waker that it has",
);

// Awaited by reference, so that dropping the wait keeps the channel open.
case!(oneshot_receiver: "trill_sync::channel::oneshot::Receiver",
    setup: {
        let (sender, receiver) = oneshot::channel::<u32>();
        (RefCell::new(Some(sender)), RefCell::new(receiver))
    },
    script: |(sender, _)| {
        pause().await;
        pause().await;
        sender.take().unwrap().send(1).unwrap();
    },
    wait: |(_, receiver)| (&mut *receiver.borrow_mut()).await,
    after: |(_, receiver), output| {
        let message = match output {
            Some(message) => message,
            None => (&mut *receiver.borrow_mut()).await,
        };
        assert_eq!(message, Ok(1));
    },
    keeps: "the receiver lives on; only a wait for it was dropped",
);

case!(broadcast_recv: "trill_sync::channel::broadcast::Receiver::recv",
    setup: {
        let (sender, receiver) = broadcast::channel(4);
        let other = sender.subscribe();
        (sender, RefCell::new(receiver), RefCell::new(other), Cell::new(0))
    },
    script: |(sender, ..)| {
        for message in 1..=2 {
            pause().await;
            pause().await;
            sender.send(message).unwrap();
        }
    },
    wait: |(_, receiver, _, count)| {
        let mut receiver = receiver.borrow_mut();
        for message in 1..=2 {
            assert_eq!(receiver.recv().await, Ok(message));
            count.set(message);
        }
    },
    behind: |(_, _, other, _)| {
        let mut other = other.borrow_mut();
        assert_eq!((other.recv().await, other.recv().await), (Ok(1), Ok(2)));
    },
    after: |(sender, receiver, _, count), _| {
        // What the dropped one had not returned is still to come.
        let mut receiver = receiver.borrow_mut();
        for message in count.get() + 1..=2 {
            assert_eq!(receiver.try_recv(), Ok(message));
        }
        assert!(receiver.is_empty());
        assert_eq!(sender.waiting_receivers(), 0);
    },
);

case!(broadcast_closed: "trill_sync::channel::broadcast::Sender::closed",
    setup: {
        let (sender, receiver) = broadcast::channel::<u32>(1);
        (sender, RefCell::new(Some(receiver)))
    },
    script: |(_, receiver)| {
        pause().await;
        pause().await;
        receiver.take();
    },
    wait: |(sender, _)| sender.closed().await,
    behind: |(sender, _)| { sender.closed().await },
    after: |(sender, _), _| { assert_eq!(sender.receiver_count(), 0) },
);

case!(watch_changed: "trill_sync::channel::watch::Receiver::changed",
    setup: {
        let (sender, receiver) = watch::channel(0);
        let other = sender.subscribe();
        (sender, RefCell::new(receiver), RefCell::new(other))
    },
    script: |(sender, ..)| {
        pause().await;
        pause().await;
        sender.send(1).unwrap();
        pause().await;
    },
    wait: |(_, receiver, _)| receiver.borrow_mut().changed().await.unwrap(),
    behind: |(_, _, other)| { other.borrow_mut().changed().await.unwrap() },
    after: |(sender, receiver, _), output| {
        let seen = receiver.borrow().has_changed();
        assert_eq!(seen, Ok(output.is_none()), "a value is seen in the poll that says so");
        assert_eq!((sender.waiting_receivers(), *sender.borrow()), (0, 1));
    },
);

case!(watch_wait_for: "trill_sync::channel::watch::Receiver::wait_for",
    setup: {
        let (sender, receiver) = watch::channel(0);
        let other = sender.subscribe();
        (sender, RefCell::new(receiver), RefCell::new(other))
    },
    script: |(sender, ..)| {
        for value in 1..=3 {
            pause().await;
            sender.send(value).unwrap();
            pause().await;
        }
    },
    wait: |(_, receiver, _)| *receiver.borrow_mut().wait_for(|value| *value >= 2).await.unwrap(),
    behind: |(_, _, other)| { drop(other.borrow_mut().wait_for(|value| *value == 3).await) },
    after: |(sender, receiver, _), output| {
        assert_eq!((output.unwrap_or(2), sender.waiting_receivers()), (2, 0));
        assert_eq!(receiver.borrow_mut().wait_for(|value| *value == 3).await.map(|v| *v), Ok(3));
    },
);

case!(watch_closed: "trill_sync::channel::watch::Sender::closed",
    setup: {
        let (sender, receiver) = watch::channel(0);
        (sender, RefCell::new(Some(receiver)))
    },
    script: |(_, receiver)| {
        pause().await;
        pause().await;
        receiver.take();
    },
    wait: |(sender, _)| sender.closed().await,
    behind: |(sender, _)| { sender.closed().await },
    after: |(sender, _), _| { assert!(sender.is_closed()) },
);
