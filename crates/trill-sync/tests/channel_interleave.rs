//! Seeded interleavings of many operations, against a simple model of the channel.
#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![cfg(not(loom))]

mod channel_support;

use std::collections::VecDeque;
use std::task::Poll;

use channel_support::{Count, Seeded, poll_with};
use trill_sync::channel::{Recv, Send, TryRecvError, TrySendError, bounded, unbounded};

/// A future in line, and how often it had been woken when it was polled last.
struct Waiting<F> {
    future: F,
    count: std::sync::Arc<Count>,
    waker: std::task::Waker,
    wakes_seen: usize,
}

impl<F> Waiting<F> {
    fn new(future: F) -> Waiting<F> {
        let (count, waker) = Count::new();
        Waiting {
            future,
            count,
            waker,
            wakes_seen: 0,
        }
    }

    fn is_woken(&self) -> bool {
        self.count.wakes() > self.wakes_seen
    }
}

impl<F: Future + Unpin> Waiting<F> {
    fn poll(&mut self) -> Poll<F::Output> {
        self.wakes_seen = self.count.wakes();
        poll_with(&mut self.future, &self.waker)
    }
}

/// Runs random operations on a channel; `capacity` 0 stands for an unbounded one.
fn run(seed: u64, capacity: usize) {
    let (sender, receiver) = match capacity {
        0 => unbounded(),
        _ => bounded(capacity),
    };
    let room = if capacity == 0 { usize::MAX } else { capacity };
    let mut random = Seeded::new(seed);
    let mut model: VecDeque<u64> = VecDeque::new();
    let mut sends: Vec<(u64, Waiting<Send<'_, u64>>)> = Vec::new();
    let mut recvs: Vec<Waiting<Recv<'_, u64>>> = Vec::new();
    let mut permits = Vec::new();
    let mut next = 0;
    for _ in 0..400 {
        let free = room.saturating_sub(model.len() + permits.len());
        match random.below(12) {
            0 | 1 => {
                let sent = sender.try_send(next);
                if free > 0 {
                    assert_eq!(sent, Ok(()));
                    model.push_back(next);
                } else {
                    assert_eq!(sent, Err(TrySendError::Full(next)));
                }
                next += 1;
            }
            2 | 3 => match model.pop_front() {
                Some(message) => assert_eq!(receiver.try_recv(), Ok(message)),
                None => assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty)),
            },
            4 => {
                let mut waiting = Waiting::new(sender.send(next));
                match waiting.poll() {
                    Poll::Ready(sent) => {
                        assert_eq!(sent, Ok(()));
                        assert!(free > 0);
                        model.push_back(next);
                    }
                    Poll::Pending => {
                        assert_eq!(free, 0);
                        sends.push((next, waiting));
                    }
                }
                next += 1;
            }
            5 => {
                let mut waiting = Waiting::new(receiver.recv());
                match waiting.poll() {
                    Poll::Ready(received) => assert_eq!(received.ok(), model.pop_front()),
                    Poll::Pending => {
                        assert!(model.is_empty());
                        recvs.push(waiting);
                    }
                }
            }
            // A waiting future is polled, woken or not.
            6 | 7 if !sends.is_empty() => {
                let index = random.below(sends.len());
                if let Poll::Ready(sent) = sends[index].1.poll() {
                    assert_eq!(sent, Ok(()));
                    assert!(free > 0);
                    model.push_back(sends.remove(index).0);
                }
            }
            8 if !recvs.is_empty() => {
                let index = random.below(recvs.len());
                if let Poll::Ready(received) = recvs[index].poll() {
                    assert_eq!(received.ok(), model.pop_front());
                    drop(recvs.remove(index));
                }
            }
            // A waiting future is dropped, woken or not.
            9 => {
                if !sends.is_empty() && random.below(2) == 0 {
                    drop(sends.remove(random.below(sends.len())));
                } else if !recvs.is_empty() {
                    drop(recvs.remove(random.below(recvs.len())));
                }
            }
            10 => match sender.try_reserve() {
                Ok(permit) => {
                    assert!(free > 0);
                    permits.push(permit);
                }
                Err(_) => assert_eq!(free, 0),
            },
            11 if !permits.is_empty() => {
                let permit = permits.swap_remove(random.below(permits.len()));
                if random.below(2) == 0 {
                    permit.send(next).unwrap();
                    model.push_back(next);
                    next += 1;
                }
            }
            _ => {
                let mut batch = Vec::new();
                let limit = 1 + random.below(4);
                let count = receiver.try_recv_many(&mut batch, limit).unwrap_or(0);
                assert_eq!(count, limit.min(model.len()));
                assert_eq!(batch, model.drain(..count).collect::<Vec<_>>());
            }
        }
        assert_eq!(sender.len(), model.len());
        // Nobody sleeps beside what it waits for: one of those in line was woken for it.
        let free = room.saturating_sub(model.len() + permits.len());
        assert!(
            model.is_empty() || recvs.is_empty() || recvs.iter().any(Waiting::is_woken),
            "seed {seed}, capacity {capacity}: a message and no woken receiver"
        );
        assert!(
            free == 0 || sends.is_empty() || sends.iter().any(|(_, send)| send.is_woken()),
            "seed {seed}, capacity {capacity}: room and no woken sender"
        );
    }
}

#[test]
fn random_operations_agree_with_the_model() {
    let seeds = if cfg!(miri) { 1 } else { 500 };
    for seed in 0..seeds {
        for capacity in [0, 1, 2, 3, 5] {
            run(seed, capacity);
        }
    }
}
