//! The cases of streams: a stream that is dropped with its turn passes it on, and one that lives on loses no item.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;

use futures_lite::Stream;
use trill_io::Reader;
use trill_sync::channel::{self, broadcast};
use trill_task::TaskSet;
use trill_task::many::AsCompleted;
use trill_timer::{Timer, interval_at};
use trill_world::now;

use crate::case;
use crate::harness::{ms, pause};
use crate::pipe::Pipe;
use crate::work::Work;

case!(receiver_next: "trill_sync::channel::Receiver::poll_next",
    setup: {
        let (sender, receiver) = channel::unbounded();
        (sender, receiver, RefCell::new(Vec::new()))
    },
    script: |(sender, ..)| {
        for message in 1..=2 {
            pause().await;
            pause().await;
            sender.send(message).await.unwrap();
        }
    },
    wait: |(_, receiver, received)| {
        let mut receiver = receiver.clone();
        let message = poll_fn(|cx| Pin::new(&mut receiver).poll_next(cx)).await;
        received.borrow_mut().extend(message);
    },
    behind: |(_, receiver, received)| {
        let mut receiver = receiver.clone();
        let message = poll_fn(|cx| Pin::new(&mut receiver).poll_next(cx)).await;
        received.borrow_mut().extend(message);
    },
    after: |(sender, receiver, received), _| {
        let mut received = received.borrow_mut();
        while let Ok(message) = receiver.try_recv() {
            received.push(message);
        }
        received.sort_unstable();
        assert_eq!((&**received, sender.waiting_receivers()), (&[1, 2][..], 0));
    },
);

case!(broadcast_next: "trill_sync::channel::broadcast::Receiver::poll_next",
    setup: {
        let (sender, receiver) = broadcast::channel(4);
        (sender, RefCell::new(receiver), RefCell::new(Vec::new()))
    },
    script: |(sender, ..)| {
        for message in 1..=2 {
            pause().await;
            pause().await;
            sender.send(message).unwrap();
        }
    },
    wait: |(_, receiver, received)| {
        let mut receiver = receiver.borrow_mut();
        for _ in 0..2 {
            let message = poll_fn(|cx| Pin::new(&mut *receiver).poll_next(cx)).await;
            received.borrow_mut().extend(message);
        }
    },
    after: |(_, receiver, received), _| {
        let (mut receiver, mut received) = (receiver.borrow_mut(), received.borrow_mut());
        while received.len() < 2 {
            received.push(receiver.recv().await.map_err(|_| broadcast::Lagged(0)));
        }
        assert_eq!(*received, [Ok(1), Ok(2)]);
    },
    keeps: "the stream lives on; only a wait for its next item was dropped",
);

case!(lines_next: "trill_io::Lines::poll_next",
    setup: {
        let pipe = Pipe::new(0);
        (pipe.clone(), RefCell::new(Reader::new(pipe)), RefCell::new(Vec::new()))
    },
    script: |(pipe, ..)| {
        for piece in ["ab", "cd", "\ne", "f\n"] {
            pause().await;
            pause().await;
            pipe.feed(piece.as_bytes());
        }
        pipe.end();
    },
    wait: |(_, reader, read)| {
        let mut reader = reader.borrow_mut();
        let mut lines = reader.lines();
        while let Some(line) = poll_fn(|cx| Pin::new(&mut lines).poll_next(cx)).await {
            read.borrow_mut().push(line.unwrap());
        }
    },
    // A dropped stream leaves half a line in the reader.
    after: |(_, reader, read), _| {
        let mut reader = reader.borrow_mut();
        let mut lines = reader.lines();
        while let Some(line) = poll_fn(|cx| Pin::new(&mut lines).poll_next(cx)).await {
            read.borrow_mut().push(line.unwrap());
        }
        assert_eq!(*read.borrow(), ["abcd", "ef"]);
    },
    keeps: "the pipe lives on, and has the waker of its last poll",
);

case!(set_next: "trill_task::TaskSet::poll_next",
    setup: {
        let (work, mut set) = (Work::default(), TaskSet::new());
        for n in [3, 1] {
            set.spawn(work.of(n, n)).unwrap();
        }
        (work, RefCell::new(set), RefCell::new(Vec::new()))
    },
    wait: |(_, set, got)| {
        let mut set = set.borrow_mut();
        while let Some(end) = poll_fn(|cx| Pin::new(&mut *set).poll_next(cx)).await {
            got.borrow_mut().push(end.unwrap());
        }
    },
    after: |(_, set, got), _| {
        let mut set = set.borrow_mut();
        while let Some(end) = set.join_next().await {
            got.borrow_mut().push(end.unwrap());
        }
        assert_eq!(*got.borrow(), [1, 3]);
    },
    keeps: "the set lives on, and keeps the waker of who waits for it",
);

case!(as_completed_poll_next: "trill_task::many::AsCompleted::poll_next",
    setup: {
        let work = Work::default();
        let mut outputs = AsCompleted::new();
        for n in [3, 1] {
            outputs.push(Box::pin(work.of(n, n)));
        }
        (RefCell::new(outputs), RefCell::new(Vec::new()))
    },
    wait: |(outputs, got)| {
        let mut outputs = outputs.borrow_mut();
        while let Some(output) = poll_fn(|cx| Pin::new(&mut *outputs).poll_next(cx)).await {
            got.borrow_mut().push(output);
        }
    },
    after: |(outputs, got), _| {
        let mut outputs = outputs.borrow_mut();
        while let Some(output) = outputs.next().await {
            got.borrow_mut().push(output);
        }
        assert_eq!(*got.borrow(), [1, 3]);
    },
    keeps: "the futures live on in the stream, and wake through its waker",
);

case!(interval_next: "trill_timer::Interval::poll_next",
    setup: (now(), RefCell::new(interval_at(now() + ms(2), ms(2))), Cell::new(0)),
    wait: |(_, interval, ticks)| {
        let mut interval = interval.borrow_mut();
        for _ in 0..2 {
            poll_fn(|cx| Pin::new(&mut *interval).poll_next(cx)).await.unwrap();
            ticks.set(ticks.get() + 1);
        }
    },
    after: |(start, interval, ticks), _| {
        let deadline = interval.borrow_mut().tick().await;
        assert_eq!(deadline, *start + ms(2 * (ticks.get() + 1)));
    },
    keeps: "the interval lives on, and its next tick takes the place of the waker",
);

case!(timer_next: "trill_timer::Timer::poll_next",
    setup: (now(), RefCell::new(Timer::interval(ms(2))), Cell::new(0)),
    wait: |(_, timer, ticks)| {
        let mut timer = timer.borrow_mut();
        for _ in 0..2 {
            poll_fn(|cx| Pin::new(&mut *timer).poll_next(cx)).await.unwrap();
            ticks.set(ticks.get() + 1);
        }
    },
    after: |(start, timer, ticks), _| {
        let before = ticks.get();
        assert_eq!((&mut *timer.borrow_mut()).await, *start + ms(2 * (before + 1)));
    },
    keeps: "the timer lives on; only a wait for it was dropped",
);
