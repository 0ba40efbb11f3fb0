//! Long chains of tasks and messages on small stacks, tasks in great numbers, and one that never gives way.

use std::cell::Cell;
use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use trill_executor::{Executor, LocalExecutor, Task};

/// Runs `body` on a thread with a stack of 64 KiB.
fn on_a_small_stack<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::Builder::new()
        .stack_size(64 * 1024)
        .spawn(body);
    thread.unwrap().join().unwrap()
}

// Fault 26b
#[test]
fn a_long_chain_of_tasks_is_dropped_without_recursion() {
    on_a_small_stack(|| {
        for polled in [false, true] {
            let executor = Executor::new();
            let mut last: Task<()> = executor.spawn(pending());
            for _ in 0..100_000 {
                let owned = last;
                last = executor.spawn(async move {
                    let _owned = owned;
                    pending::<()>().await;
                });
            }
            if polled {
                while executor.try_tick() {}
            }
            drop(last);
            while executor.try_tick() {}
            assert!(executor.is_empty());
        }
    });
}

// Fault 26b
#[test]
fn an_executor_with_a_chain_of_tasks_is_dropped_without_recursion() {
    on_a_small_stack(|| {
        for polled in [false, true] {
            let executor = Executor::new();
            let mut last: Task<()> = executor.spawn(pending());
            for _ in 0..100_000 {
                let owned = last;
                last = executor.spawn(async move {
                    let _owned = owned;
                    pending::<()>().await;
                });
            }
            last.detach();
            if polled {
                while executor.try_tick() {}
            }
            drop(executor);
        }
    });
}

// Fault 26a
#[test]
fn a_long_chain_of_wakes_takes_no_stack() {
    on_a_small_stack(|| {
        // Each task awaits the next: the end of the last one wakes all, one after another.
        let executor = Executor::new();
        let (send, receive) = trill::channel::bounded::<()>(1);
        let mut last = executor.spawn(async move {
            let _ = receive.recv().await;
        });
        for _ in 0..100_000 {
            let next = last;
            last = executor.spawn(next);
        }
        while executor.try_tick() {}
        drop(send);
        trill::block_on(executor.run(last));
    });
}

// Fault 26b
#[test]
fn a_channel_full_of_messages_is_dropped_without_recursion() {
    on_a_small_stack(|| {
        let (send, receive) = trill::channel::unbounded::<Box<[u8; 16]>>();
        for _ in 0..1_000_000 {
            send.try_send(Box::new([0; 16])).unwrap();
        }
        drop(receive);
        drop(send);
    });
}

// Fault 28b
#[test]
fn sixty_four_threads_spawn_at_once_and_every_task_runs_once() {
    const THREADS: usize = 64;
    const EACH: usize = 2_000;
    let executor = Arc::new(Executor::new());
    let ran = Arc::new(AtomicUsize::new(0));
    let begin = Arc::new(std::sync::Barrier::new(THREADS + 1));
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let (executor, ran, begin) = (executor.clone(), ran.clone(), begin.clone());
            let body = move || {
                begin.wait();
                let tasks: Vec<_> = (0..EACH)
                    .map(|_| {
                        let ran = ran.clone();
                        executor.spawn(async move {
                            ran.fetch_add(1, Ordering::Relaxed);
                        })
                    })
                    .collect();
                for task in tasks {
                    futures_lite::future::block_on(task);
                }
            };
            std::thread::Builder::new()
                .stack_size(128 * 1024)
                .spawn(body)
                .unwrap()
        })
        .collect();
    let (stop, stopped) = trill::channel::oneshot::channel::<()>();
    let runner = {
        let executor = executor.clone();
        std::thread::spawn(move || trill::block_on(executor.run(stopped)).is_ok())
    };
    begin.wait();
    for thread in threads {
        thread.join().unwrap();
    }
    stop.send(()).unwrap();
    assert!(runner.join().unwrap());
    assert_eq!(ran.load(Ordering::Relaxed), THREADS * EACH);
}

// Fault 28c
#[test]
fn waiting_tasks_are_dropped_in_one_pass() {
    // With a path that is quadratic this would take 20 billion steps instead of 200,000, so minutes and not a second.
    let held = Arc::new(());
    let executor = Executor::new();
    for _ in 0..200_000 {
        let held = held.clone();
        let task = executor.spawn(async move {
            let _held = held;
            pending::<()>().await;
        });
        task.detach();
    }
    while executor.try_tick() {}
    assert_eq!(Arc::strong_count(&held), 200_001);
    drop(executor);
    assert_eq!(Arc::strong_count(&held), 1);
}

// Fault 27c
#[test]
fn beside_a_spinner_a_thousand_tasks_progress_within_a_stated_number_of_polls() {
    use std::io::{Read, Write};
    const TASKS: usize = 1_000;
    /// Polls of the spinner between a byte and its reader's next poll. The reactor is looked at every 50 µs, between two
    /// batches of 64 polls; no processor polls a task in less than 3 ns.
    const POLLS_MAX: usize = 17_000;
    trill::block_on(async {
        let polls = Cell::new(0usize);
        let stop = Cell::new(false);
        let executor = LocalExecutor::new();
        let body = async {
            let spinner = executor.spawn(async {
                while !stop.get() {
                    polls.set(polls.get() + 1);
                    futures_lite::future::yield_now().await;
                }
            });
            let mut tasks = Vec::new();
            for _ in 0..TASKS / 2 {
                let (near, far) = std::os::unix::net::UnixStream::pair().unwrap();
                let near = trill_reactor::Async::new(near).unwrap();
                let polls = &polls;
                tasks.push(executor.spawn(async move {
                    let mut most = 0;
                    for _ in 0..3 {
                        let mut byte = [0; 8];
                        let mut read = pin!(near.read_with(|mut near| near.read(&mut byte)));
                        assert!(futures_lite::future::poll_once(&mut read).await.is_none());
                        let before = polls.get();
                        (&far).write_all(b"x").unwrap();
                        assert_eq!(read.await.unwrap(), 1);
                        most = most.max(polls.get() - before);
                    }
                    most
                }));
                tasks.push(executor.spawn(async move {
                    let mut most = 0;
                    for _ in 0..3 {
                        trill::time::sleep(Duration::from_micros(1)).await;
                        let before = polls.get();
                        futures_lite::future::yield_now().await;
                        most = most.max(polls.get() - before);
                    }
                    most
                }));
            }
            let mut most = 0;
            for task in tasks {
                most = most.max(task.await);
            }
            stop.set(true);
            spinner.await;
            most
        };
        let most = executor.run(body).await;
        assert!(
            most <= POLLS_MAX,
            "a task waited for {most} polls of the spinner"
        );
    });
}
