//! A task that wakes itself for ever does not keep a readable socket's task from its turn.
//!
//! The bound is counted in polls. It holds while the thread looks at its reactor itself; a thread that was away for 2 ms (its
//! task computes, or the machine has other work) is stuck, and another thread serves its sockets, when it gets a processor.
//! Rounds in which that may have happened are not counted. As one that looks healthy may still be served by another thread,
//! the middle one of the others counts.
#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![allow(clippy::disallowed_methods)] // Tests start threads of their own.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use trill_executor::{Executor, LocalExecutor, yield_now};
use trill_reactor::{Async, Reactor, block_on};

/// Polls of tasks between two looks at the reactor: one poll of `run`.
const BATCH_POLLS: usize = 64;

/// A busy thread looks at its reactor when this has passed since the last time. This and more passes in a batch of `spin`.
const LOOK_INTERVAL: Duration = Duration::from_micros(50);

/// A thread that takes no longer is not taken for stuck.
const NOT_STUCK: Duration = Duration::from_millis(1);

const ROUNDS: usize = 21;

/// Runs `round` until it was undisturbed so many times, each time on a fresh thread and in a fresh reactor; returns the result
/// in the middle of these.
fn as_a_rule(round: impl Fn() -> usize + Sync) -> usize {
    let run = || {
        let reactor = Reactor::builder().build().unwrap();
        let _entered = reactor.enter();
        let begin = trill_world::now();
        let polls = round();
        (trill_world::now() - begin < NOT_STUCK).then_some(polls)
    };
    let rounds = (0..10_000).filter_map(|_| thread::scope(|it| it.spawn(run).join().unwrap()));
    let mut counted: Vec<usize> = rounds.take(ROUNDS).collect();
    assert_eq!(counted.len(), ROUNDS, "the machine is too busy to measure");
    counted.sort_unstable();
    counted[ROUNDS / 2]
}

/// Polls, sixty-four of which take a little longer than the time between two looks.
async fn spin(polls: &AtomicUsize) {
    loop {
        polls.fetch_add(1, Ordering::Relaxed);
        let end = trill_world::now() + LOOK_INTERVAL / 48;
        while trill_world::now() < end {
            std::hint::spin_loop();
        }
        yield_now().await;
    }
}

/// Writes to a socket while a read waits; returns the polls of the busy task until that goes on.
async fn polls_of_a_wait(polls: &AtomicUsize) -> usize {
    let (near, mut far) = UnixStream::pair().unwrap();
    let near = Async::new(near).unwrap();
    // The busy one is at work.
    while polls.load(Ordering::Relaxed) == 0 {
        yield_now().await;
    }
    let mut wait = near.readable();
    assert!(futures_lite::future::poll_once(&mut wait).await.is_none());
    far.write_all(b"x").unwrap();
    let before = polls.load(Ordering::Relaxed);
    wait.await.unwrap();
    polls.load(Ordering::Relaxed) - before
}

// Behaviour 1: the socket's task is polled within two iterations: the rest of the one in which the socket becomes
// readable, and the one after the look.
// Fault 27b
#[test]
fn a_readable_sockets_task_is_polled_within_two_iterations_beside_a_busy_one() {
    let polls = as_a_rule(|| {
        let polls = AtomicUsize::new(0);
        let ex = Executor::new();
        ex.spawn(spin(&polls)).detach();
        let task = ex.spawn(polls_of_a_wait(&polls));
        block_on(ex.run(task))
    });
    assert!(polls <= 2 * BATCH_POLLS, "{polls} polls");
}

// Behaviour 1, on a local executor.
#[test]
fn a_readable_sockets_local_task_is_polled_within_two_iterations_beside_a_busy_one() {
    let polls = as_a_rule(|| {
        let polls = AtomicUsize::new(0);
        let ex = LocalExecutor::new();
        ex.spawn(spin(&polls)).detach();
        let task = ex.spawn(polls_of_a_wait(&polls));
        block_on(ex.run(task))
    });
    assert!(polls <= 2 * BATCH_POLLS, "{polls} polls");
}

// Behaviour 1: and of several readable sockets each has its turn, in one look.
// Fault 27b
#[test]
fn twenty_readable_sockets_tasks_are_polled_within_two_iterations_and_one_poll_each() {
    const SOCKETS: usize = 20;
    async fn wait(near: Async<UnixStream>, polls: &AtomicUsize) -> usize {
        near.readable().await.unwrap();
        polls.load(Ordering::Relaxed)
    }
    let polls = as_a_rule(|| {
        let polls = &AtomicUsize::new(0);
        let (send, woken) = mpsc::channel();
        let ex = Executor::new();
        let mut writers = Vec::new();
        for _ in 0..SOCKETS {
            let (near, far) = UnixStream::pair().unwrap();
            writers.push(far);
            let (near, send) = (Async::new(near).unwrap(), send.clone());
            ex.spawn(async move { send.send(wait(near, polls).await).unwrap() })
                .detach();
        }
        ex.spawn(spin(polls)).detach();
        let writing = ex.spawn(async move {
            // Until all of them wait.
            while polls.load(Ordering::Relaxed) < BATCH_POLLS {
                yield_now().await;
            }
            for writer in &mut writers {
                writer.write_all(b"x").unwrap();
            }
            let before = polls.load(Ordering::Relaxed);
            let mut seen = Vec::new();
            while seen.len() < SOCKETS {
                yield_now().await;
                seen.extend(woken.try_iter());
            }
            seen.iter().max().unwrap() - before
        });
        block_on(ex.run(writing))
    });
    assert!(polls <= 2 * BATCH_POLLS + SOCKETS, "{polls} polls");
}
