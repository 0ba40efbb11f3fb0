//! A task that wakes itself for ever does not keep a readable socket's task from its turn.
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

/// How often a busy thread looks at its reactor at most.
const LOOK_INTERVAL: Duration = Duration::from_micros(50);

/// Runs a test on a thread of its own, in a reactor of its own.
fn in_reactor(test: impl FnOnce() + Send) {
    thread::scope(|scope| {
        scope.spawn(|| {
            let reactor = Reactor::builder().build().unwrap();
            let _entered = reactor.enter();
            test();
        });
    });
}

/// Polls as long as it takes that the thread looks at its reactor after each batch, however fast the machine is.
async fn spin(polls: &AtomicUsize) {
    loop {
        polls.fetch_add(1, Ordering::Relaxed);
        let end = trill_world::now() + LOOK_INTERVAL;
        while trill_world::now() < end {
            std::hint::spin_loop();
        }
        yield_now().await;
    }
}

/// Writes to a socket and reads it again, `rounds` times; each time the read waits. Returns the most polls of another task in
/// between.
async fn most_polls_of_a_wait(polls: &AtomicUsize, rounds: usize) -> usize {
    let (near, mut far) = UnixStream::pair().unwrap();
    let near = Async::new(near).unwrap();
    let mut most = 0;
    for _ in 0..rounds {
        let mut wait = near.readable();
        assert!(futures_lite::future::poll_once(&mut wait).await.is_none());
        far.write_all(b"x").unwrap();
        let before = polls.load(Ordering::Relaxed);
        wait.await.unwrap();
        most = most.max(polls.load(Ordering::Relaxed) - before);
        near.read_with(|mut it| std::io::Read::read(&mut it, &mut [0]))
            .await
            .unwrap();
    }
    most
}

// Behaviour 1: the socket's task is polled within two iterations: the rest of the one in which the socket becomes
// readable, and the one after the look.
#[test]
fn a_readable_sockets_task_is_polled_within_two_iterations_beside_a_busy_one() {
    in_reactor(|| {
        let polls = AtomicUsize::new(0);
        let ex = Executor::new();
        ex.spawn(spin(&polls)).detach();
        let task = ex.spawn(most_polls_of_a_wait(&polls, 20));
        let most = block_on(ex.run(task));
        assert!(most <= 2 * BATCH_POLLS, "{most} polls");
    });
}

// Behaviour 1, on a local executor.
#[test]
fn a_readable_sockets_local_task_is_polled_within_two_iterations_beside_a_busy_one() {
    in_reactor(|| {
        let polls = AtomicUsize::new(0);
        let ex = LocalExecutor::new();
        ex.spawn(spin(&polls)).detach();
        let task = ex.spawn(most_polls_of_a_wait(&polls, 20));
        let most = block_on(ex.run(task));
        assert!(most <= 2 * BATCH_POLLS, "{most} polls");
    });
}

// Behaviour 1: and of many readable sockets each has its turn, in one look.
#[test]
fn a_hundred_readable_sockets_tasks_are_polled_within_two_iterations_and_one_poll_each() {
    in_reactor(|| {
        let polls = AtomicUsize::new(0);
        let (send, woken) = mpsc::channel();
        let ex = Executor::new();
        let mut writers = Vec::new();
        for _ in 0..100 {
            let (near, far) = UnixStream::pair().unwrap();
            writers.push(far);
            let near = Async::new(near).unwrap();
            let (polls, send) = (&polls, send.clone());
            ex.spawn(async move {
                near.readable().await.unwrap();
                send.send(polls.load(Ordering::Relaxed)).unwrap();
            })
            .detach();
        }
        drop(send);
        ex.spawn(spin(&polls)).detach();
        let polls = &polls;
        let writing = ex.spawn(async move {
            // Until all of them wait.
            for _ in 0..200 {
                yield_now().await;
            }
            for writer in &mut writers {
                writer.write_all(b"x").unwrap();
            }
            let before = polls.load(Ordering::Relaxed);
            let mut seen = Vec::new();
            while seen.len() < 100 {
                yield_now().await;
                seen.extend(woken.try_iter());
            }
            seen.iter().max().unwrap() - before
        });
        let most = block_on(ex.run(writing));
        // The busy one and the one that looks share the polls with those that are woken.
        assert!(most <= 2 * BATCH_POLLS + 100, "{most} polls");
    });
}
