//! Sends and receives that are given up: no message is lost, none comes twice, and the next one is woken.
#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![cfg(not(loom))]

mod lock_support;
mod schedule;

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use lock_support::Hand;
use schedule::{Request, Schedule, jitter, once_in, or_give_up, search};
use trill_sync::channel::{Receiver, Sender, bounded, unbounded};
use trill_sync::queue::{LifoQueue, PriorityQueue, Queue, Shutdown};
use trill_timer::timeout;
use trill_world::{pick, random};

/// What became of messages.
#[derive(Default)]
struct Books {
    made: Cell<usize>,
    sent: RefCell<Vec<usize>>,
    received: RefCell<Vec<usize>>,
    dropped: RefCell<Vec<usize>>,
}

/// A message that tells when it is dropped unreceived.
struct Message(usize, Rc<Books>);

impl Message {
    fn new(books: &Rc<Books>) -> Message {
        Message(books.made.replace(books.made.get() + 1), books.clone())
    }

    fn receive(mut self) {
        self.1.received.borrow_mut().push(self.0);
        self.0 = RECEIVED;
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        if self.0 != RECEIVED {
            self.1.dropped.borrow_mut().push(self.0);
        }
    }
}

/// The number of a message that was received.
const RECEIVED: usize = usize::MAX;

impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Message {}

impl PartialOrd for Message {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Message {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

type Local<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// What messages go through: a channel or a queue.
trait Pipe {
    /// Sends; whether it worked.
    fn send(&self, message: Message) -> Local<'_, bool>;

    fn recv(&self) -> Local<'_, Option<Message>>;

    fn close(&self);
}

impl Pipe for (Sender<Message>, Receiver<Message>) {
    fn send(&self, message: Message) -> Local<'_, bool> {
        Box::pin(async { self.0.send(message).await.is_ok() })
    }

    fn recv(&self) -> Local<'_, Option<Message>> {
        Box::pin(async { self.1.recv().await.ok() })
    }

    fn close(&self) {
        self.0.close();
    }
}

macro_rules! pipe {
    ($queue:ident) => {
        impl Pipe for $queue<Message> {
            fn send(&self, message: Message) -> Local<'_, bool> {
                Box::pin(async { self.put(message).await.is_ok() })
            }

            fn recv(&self) -> Local<'_, Option<Message>> {
                Box::pin(async { self.get().await.ok() })
            }

            fn close(&self) {
                assert!(self.shutdown(Shutdown::Graceful).is_empty());
            }
        }
    };
}

pipe!(Queue);
pipe!(LifoQueue);
pipe!(PriorityQueue);

/// Senders and receivers that give up, are asked to stop and are dropped; then the rest is received.
fn exchange(books: &Rc<Books>, pipe: &dyn Pipe) {
    let request = Request::default();
    let senders = Cell::new(0);
    let mut schedule = Schedule::new();
    for task in 0..2 {
        senders.set(senders.get() + 1);
        let closing = OnDrop(|| {
            senders.set(senders.get() - 1);
            if senders.get() == 0 {
                pipe.close();
            }
        });
        let send = async move {
            let _closing = closing;
            for _ in 0..3 {
                jitter().await;
                let message = Message::new(books);
                let number = message.0;
                if or_give_up(pipe.send(message)).await == Ok(true) {
                    books.sent.borrow_mut().push(number);
                }
            }
        };
        match task {
            0 => schedule.spawn(send),
            _ => schedule.spawn_fragile(send),
        }
        let request = &request;
        schedule.spawn_fragile(async move {
            while let Ok(received) = or_give_up(request.run(pipe.recv())).await {
                match received {
                    Ok(Some(message)) => message.receive(),
                    _ => return,
                }
                jitter().await;
            }
        });
    }
    // This one stays, so that nobody may wait for ever.
    schedule.spawn(async {
        while let Some(message) = pipe.recv().await {
            message.receive();
            jitter().await;
        }
    });
    schedule.spawn(async {
        for _ in 0..6 {
            jitter().await;
        }
        if once_in(2) {
            request.make();
        }
    });
    schedule.finish(|| {});
}

/// Runs a closure when dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Each message was received once or dropped once, and received exactly if its send said so.
fn settle(books: &Books) {
    let mut sent = books.sent.take();
    let mut received = books.received.take();
    let dropped = books.dropped.take();
    sent.sort_unstable();
    received.sort_unstable();
    assert_eq!(sent, received, "what was sent is what was received");
    let mut all = [received, dropped].concat();
    all.sort_unstable();
    assert_eq!(all, (0..books.made.get()).collect::<Vec<_>>());
}

/// Runs `exchange` over every kind of channel and queue.
fn everywhere(exchange: impl Fn(&Rc<Books>, &dyn Pipe)) {
    let room = 1 + pick(2);
    let pipes: [Box<dyn Pipe>; 5] = [
        Box::new(bounded(room)),
        Box::new(unbounded()),
        Box::new(Queue::bounded(room)),
        Box::new(LifoQueue::bounded(room)),
        Box::new(PriorityQueue::bounded(room)),
    ];
    for pipe in pipes {
        let books = Rc::default();
        exchange(&books, &*pipe);
        settle(&books);
    }
}

// Behaviour 9: any number of `recv` futures dropped after being woken: no item lost, none duplicated, another receiver
// is woken; the same for `send`. Inside select. Over 10,000 schedules of each channel and queue.
// Fault 40f
#[test]
fn no_message_is_lost_or_doubled_in_any_schedule() {
    search(10_000, || everywhere(exchange));
}

/// Polls all until all are ready.
async fn join_all(futures: Vec<Local<'_, ()>>) {
    let mut futures: Vec<_> = futures.into_iter().map(Some).collect();
    poll_fn(|cx| {
        for slot in &mut futures {
            if slot
                .as_mut()
                .is_some_and(|f| f.as_mut().poll(cx).is_ready())
            {
                *slot = None;
            }
        }
        if futures.iter().all(Option::is_none) {
            return Poll::Ready(());
        }
        Poll::Pending
    })
    .await;
}

/// A time limit of 1 to 4 ms.
fn limit() -> Duration {
    Duration::from_millis(1 + random("limit") % 4)
}

/// Senders and receivers with time limits that run out at the moment of a hand-over.
fn exchange_in_time(books: &Rc<Books>, pipe: &dyn Pipe) {
    let senders = Cell::new(2);
    let senders = &senders;
    let mut futures: Vec<Local<'_, ()>> = Vec::new();
    for _ in 0..2 {
        futures.push(Box::pin(async move {
            for _ in 0..3 {
                trill_timer::sleep(limit()).await;
                let message = Message::new(books);
                let number = message.0;
                if timeout(limit(), pipe.send(message)).await == Ok(true) {
                    books.sent.borrow_mut().push(number);
                }
            }
            senders.set(senders.get() - 1);
            if senders.get() == 0 {
                pipe.close();
            }
        }));
        futures.push(Box::pin(async move {
            loop {
                match timeout(limit(), pipe.recv()).await {
                    Ok(Some(message)) => message.receive(),
                    Ok(None) => return,
                    Err(_) => trill_timer::sleep(limit()).await,
                }
            }
        }));
    }
    trill_park::block_on(join_all(futures));
}

// Behaviour 9: holds inside `timeout`, in worlds in which limits run out in the moment of a hand-over.
#[test]
fn no_message_is_lost_when_time_runs_out() {
    search(10_000, || everywhere(exchange_in_time));
}

// Behaviour 9: any number of `recv` futures dropped after being woken: another receiver is woken.
#[test]
fn the_turn_of_receivers_that_are_dropped_reaches_the_last_one() {
    for by_request in [false, true] {
        let books = Rc::<Books>::default();
        let pipes: [Box<dyn Pipe>; 2] = [Box::new(unbounded()), Box::new(Queue::unbounded())];
        for pipe in pipes {
            let request = Request::default();
            let mut woken: Vec<_> = (0..5)
                .map(|_| Hand::waiting(request.run(pipe.recv())))
                .collect();
            let mut last = Hand::waiting(pipe.recv());
            let mut send = Hand::new(pipe.send(Message::new(&books)));
            assert!(send.ready());
            if by_request {
                request.make();
                // One after another passes the turn on, in whatever order they run.
                for hand in woken.iter_mut().rev() {
                    assert!(hand.ready().is_err());
                }
            }
            woken.clear();
            assert!(last.wakes() >= 1);
            last.ready().unwrap().receive();
        }
        assert_eq!(books.received.borrow().len(), 2);
        assert!(books.dropped.borrow().is_empty());
    }
}

// Behaviour 9: the same for `send`: the value is either delivered or handed back or dropped, never both.
#[test]
fn the_turn_of_a_sender_that_is_dropped_reaches_the_next() {
    let books = Rc::<Books>::default();
    let pipes: [Box<dyn Pipe>; 2] = [Box::new(bounded(1)), Box::new(Queue::bounded(1))];
    for pipe in pipes {
        assert!(Hand::new(pipe.send(Message::new(&books))).ready());
        let mut woken = Hand::waiting(pipe.send(Message::new(&books)));
        let mut next = Hand::waiting(pipe.send(Message::new(&books)));
        Hand::new(pipe.recv()).ready().unwrap().receive();
        assert_eq!(woken.wakes(), 1);
        woken.cancel();
        assert_eq!(next.wakes(), 1);
        assert!(next.ready());
        Hand::new(pipe.recv()).ready().unwrap().receive();
        let mut none = pin!(pipe.recv());
        let polled = none
            .as_mut()
            .poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
        assert!(polled.is_pending());
    }
    assert_eq!(*books.received.borrow(), [0, 2, 3, 5]);
    assert_eq!(*books.dropped.borrow(), [1, 4]);
}
