//! The paths that need no sockets and no other thread.

use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use trill::channel::{bounded, oneshot};
use trill::lock::{self, Semaphore};
use trill::task::yield_now;
use trill::time::{sleep, timeout};
use trill::world::VirtualWorld;
use trill::{LocalExecutor, Runtime, block_on, spawn};

use crate::io;

/// One path: what one operation is, and a function that does so many of them.
#[derive(Debug)]
pub(crate) struct Path {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    /// How many operations stand for N.
    pub(crate) count: usize,
    pub(crate) run: fn(usize),
}

/// Every path, in the order in which they run.
pub(crate) const PATHS: &[Path] = &[
    path(
        "block-on-poll",
        "a turn of block_on whose future woke itself",
        block_on_poll,
    ),
    path(
        "spawn-await",
        "spawn a task that is ready at once, and await it",
        spawn_await,
    ),
    path(
        "yield",
        "yield_now in the only task that is runnable",
        yielding,
    ),
    path(
        "wake",
        "a task wakes another one and waits to be woken by it",
        wake,
    ),
    path(
        "channel",
        "send and receive in one task, bounded channel with room",
        channel,
    ),
    path(
        "ping-pong",
        "there and back between two tasks over two bounded(1) channels",
        ping_pong,
    ),
    path(
        "oneshot",
        "make a oneshot, a waiting task receives what another sends",
        oneshot_pair,
    ),
    path(
        "mutex",
        "lock and unlock a mutex that nobody else wants",
        mutex,
    ),
    path(
        "mutex-contended",
        "lock, yield and unlock while another task waits for the lock",
        mutex_contended,
    ),
    path(
        "semaphore",
        "acquire and give back a permit that is free",
        semaphore,
    ),
    path(
        "timeout-ready",
        "a timeout whose body is ready at once",
        timeout_ready,
    ),
    path(
        "timeout-pending",
        "a timeout whose body yields once and ends in time",
        timeout_pending,
    ),
    path(
        "timer",
        "arm a timer that fires and wakes its task, in virtual time",
        timer,
    ),
    path(
        "local-spawn-await",
        "spawn and await on a LocalExecutor",
        local_spawn_await,
    ),
    path("local-yield", "yield_now on a LocalExecutor", local_yield),
    Path {
        name: "tcp-echo",
        what: "a message of 64 B there and back over loopback between two tasks, epoll",
        count: 1_000,
        run: io::tcp_echo,
    },
];

const fn path(name: &'static str, what: &'static str, run: fn(usize)) -> Path {
    Path {
        name,
        what,
        count: 2_000,
        run,
    }
}

/// Runs a task of a runtime with one worker, which is this thread.
pub(crate) fn in_task<T: Send + 'static>(root: impl Future<Output = T> + Send + 'static) -> T {
    let runtime = Runtime::builder().workers(1).build();
    let runtime = runtime.expect("a runtime with one worker starts no thread");
    runtime.run(async { spawn(root).await })
}

fn block_on_poll(count: usize) {
    let mut left = count;
    block_on(poll_fn(|cx| match left {
        0 => Poll::Ready(()),
        _ => {
            left -= 1;
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    }));
}

fn spawn_await(count: usize) {
    in_task(async move {
        for number in 0..count {
            assert_eq!(spawn(async move { number }).await, number);
        }
    });
}

fn yielding(count: usize) {
    in_task(async move {
        for _ in 0..count {
            yield_now().await;
        }
    });
}

fn wake(count: usize) {
    in_task(async move {
        let seats = Arc::new([Seat::default(), Seat::default()]);
        let [first, second] = [0, 1].map(|mine| {
            let seats = seats.clone();
            spawn(async move {
                for _ in 0..count / 2 {
                    seats[1 - mine].set();
                    seats[mine].wait().await;
                }
                seats[1 - mine].set();
            })
        });
        first.await;
        second.await;
    });
}

fn channel(count: usize) {
    in_task(async move {
        let (sender, receiver) = bounded(16);
        for number in 0..count {
            sender.send(number).await.expect("the receiver is here");
            assert_eq!(receiver.recv().await, Ok(number));
        }
    });
}

fn ping_pong(count: usize) {
    in_task(async move {
        let (there, arrives) = bounded(1);
        let (back, returns) = bounded(1);
        let echo = spawn(async move {
            while let Ok(number) = arrives.recv().await {
                back.send(number).await.expect("the other task receives");
            }
        });
        for number in 0..count {
            there.send(number).await.expect("the other task receives");
            assert_eq!(returns.recv().await, Ok(number));
        }
        drop(there);
        echo.await;
    });
}

fn oneshot_pair(count: usize) {
    in_task(async move {
        let (give, take) = bounded(1);
        let answering = spawn(async move {
            while let Ok((number, answer)) = take.recv().await {
                let answer: oneshot::Sender<usize> = answer;
                answer.send(number).expect("the other task waits");
            }
        });
        for number in 0..count {
            let (answer, answered) = oneshot::channel();
            give.send((number, answer))
                .await
                .expect("the other task receives");
            assert_eq!(answered.await, Ok(number));
        }
        drop(give);
        answering.await;
    });
}

fn mutex(count: usize) {
    in_task(async move {
        let mutex = lock::Mutex::new(0);
        for _ in 0..count {
            *mutex.lock().await += 1;
        }
        assert_eq!(mutex.into_inner(), count);
    });
}

fn mutex_contended(count: usize) {
    in_task(async move {
        let mutex = Arc::new(lock::Mutex::new(0));
        let lockers = [(); 2].map(|()| {
            let mutex = mutex.clone();
            spawn(async move {
                for _ in 0..count / 2 {
                    let mut guard = mutex.lock().await;
                    *guard += 1;
                    yield_now().await;
                }
            })
        });
        for locker in lockers {
            locker.await;
        }
        assert_eq!(*mutex.lock().await, count / 2 * 2);
    });
}

fn semaphore(count: usize) {
    in_task(async move {
        let semaphore = Semaphore::new(1);
        for _ in 0..count {
            drop(semaphore.acquire().await);
        }
    });
}

fn timeout_ready(count: usize) {
    in_task(async move {
        for number in 0..count {
            let done = timeout(Duration::from_secs(60), async { number }).await;
            assert_eq!(done.ok(), Some(number));
        }
    });
}

fn timeout_pending(count: usize) {
    in_task(async move {
        for _ in 0..count {
            let done = timeout(Duration::from_secs(60), yield_now()).await;
            assert!(done.is_ok());
        }
    });
}

fn timer(count: usize) {
    VirtualWorld::new(1).run(|| {
        block_on(async {
            for _ in 0..count {
                sleep(Duration::from_millis(1)).await;
            }
        });
    });
}

fn local_spawn_await(count: usize) {
    let executor = Rc::new(LocalExecutor::new());
    block_on(executor.run(async {
        for number in 0..count {
            assert_eq!(executor.spawn(async move { number }).await, number);
        }
    }));
}

fn local_yield(count: usize) {
    let executor = LocalExecutor::new();
    block_on(executor.run(async {
        let task = executor.spawn(async move {
            for _ in 0..count {
                yield_now().await;
            }
        });
        task.await;
    }));
}

/// A flag and the waker of who waits for it, as plain as can be.
#[derive(Debug, Default)]
struct Seat(Mutex<(bool, Option<Waker>)>);

impl Seat {
    fn set(&self) {
        let waker = {
            let mut seat = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            seat.0 = true;
            seat.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn wait(&self) -> impl Future<Output = ()> {
        poll_fn(|cx| {
            let mut seat = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if std::mem::take(&mut seat.0) {
                return Poll::Ready(());
            }
            seat.1 = Some(cx.waker().clone());
            Poll::Pending
        })
    }
}
