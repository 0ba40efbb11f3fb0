//! The cases of trill-sync's queues: no item is lost, none comes twice, and what is unfinished is counted right.

use std::cell::RefCell;

use trill_sync::queue::Queue;

use crate::case;
use crate::harness::pause;

/// A queue, and what came out of it.
struct Line {
    queue: Queue<u32>,
    taken: RefCell<Vec<u32>>,
}

impl Line {
    fn new(queue: Queue<u32>) -> Line {
        Line {
            queue,
            taken: RefCell::default(),
        }
    }

    fn keep(&self, item: u32) {
        self.taken.borrow_mut().push(item);
    }

    /// Takes what is there.
    fn drain(&self) {
        while let Ok(item) = self.queue.try_get() {
            self.keep(item);
        }
    }

    /// Asserts that these items came, in any order, and that nobody waits.
    fn has(&self, expected: &[u32]) {
        self.drain();
        let mut taken = self.taken.borrow_mut();
        taken.sort_unstable();
        assert_eq!(*taken, expected);
        let stats = self.queue.stats();
        assert_eq!((stats.waiting_consumers, stats.waiting_producers), (0, 0));
    }
}

case!(put: "trill_sync::queue::BaseQueue::put",
    setup: Line::new(Queue::bounded(1)),
    script: |line| {
        line.queue.put(1).await.unwrap();
        for _ in 0..3 {
            pause().await;
            pause().await;
            line.drain();
        }
    },
    wait: |line| line.queue.put(2).await.unwrap(),
    behind: |line| { line.queue.put(3).await.unwrap() },
    after: |line, output| { line.has(if output.is_some() { &[1, 2, 3] } else { &[1, 3] }) },
);

case!(get: "trill_sync::queue::BaseQueue::get",
    setup: Line::new(Queue::unbounded()),
    script: |line| {
        for item in 1..=2 {
            pause().await;
            pause().await;
            line.queue.put(item).await.unwrap();
        }
    },
    wait: |line| line.keep(line.queue.get().await.unwrap()),
    behind: |line| { line.keep(line.queue.get().await.unwrap()) },
    after: |line, _| {
        line.has(&[1, 2]);
        assert_eq!(line.queue.unfinished(), 2);
    },
);

case!(get_item: "trill_sync::queue::BaseQueue::get_item",
    setup: Line::new(Queue::unbounded()),
    script: |line| {
        for item in 1..=2 {
            pause().await;
            pause().await;
            line.queue.put(item).await.unwrap();
        }
    },
    wait: |line| {
        let item = line.queue.get_item().await.unwrap();
        // Dropping the item in one's hands marks it as done.
        line.keep(*item);
        pause().await;
    },
    behind: |line| { line.keep(*line.queue.get_item().await.unwrap()) },
    after: |line, _| {
        let left = line.queue.len();
        line.has(&[1, 2]);
        assert_eq!(line.queue.unfinished(), left, "what `drain` took is not marked");
    },
);

case!(join: "trill_sync::queue::BaseQueue::join",
    setup: Line::new(Queue::unbounded()),
    script: |line| {
        line.queue.put(1).await.unwrap();
        line.queue.put(2).await.unwrap();
        for _ in 0..2 {
            pause().await;
            pause().await;
            drop(line.queue.get_item().await.unwrap());
        }
    },
    wait: |line| line.queue.join().await,
    behind: |line| { line.queue.join().await },
    after: |line, _| { assert_eq!(line.queue.unfinished(), 0) },
);
