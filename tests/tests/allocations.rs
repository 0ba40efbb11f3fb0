//! Which operations take memory: none of those that a program does all the time, and a spawn at most once.
//!
//! `cargo test -p trill-tests --test allocations -- --nocapture` shows the number for each operation.
#![allow(unsafe_code)] // An allocator that counts.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt::Write;
use std::future::{Future, poll_fn};
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::{Arc, Mutex as StdMutex};
use std::task::{Poll, Waker};
use std::time::Duration;

use trill::channel::{bounded, oneshot};
use trill::lock::{FairMutex, Mutex, Notify, RwLock, Semaphore};
use trill::net::{TcpListener, TcpStream};
use trill::task::yield_now;
use trill::time::timeout;
use trill::{LocalExecutor, Runtime, block_on, spawn};

/// Counts what each thread takes from the system.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: passes everything on to the system's allocator, which keeps the contract. Any test here would crash if not.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract of the same function. Any test here would crash if not.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: as above.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// An operation does its work so many times and says how often it took memory, first steps left out.
type Operation = fn(usize) -> Pin<Box<dyn Future<Output = usize> + Send>>;

/// How often each operation is done. More than any queue or table here grows to without being asked.
const TIMES: usize = 500;

/// Names an operation whose body is an `async` closure's.
macro_rules! operation {
    ($times:ident, $body:block) => {
        |$times| Box::pin(async move { $body })
    };
}

/// Counts the loop of an operation after a shorter one, in which what lasts is made. The task is pending first, for it is
/// listed then, and the list may grow.
macro_rules! count {
    ($times:ident, $step:block) => {{
        polled_again().await;
        for _ in 0..$times / 5 {
            $step
        }
        let before = ALLOCATIONS.get();
        for _ in 0..$times {
            $step
        }
        ALLOCATIONS.get() - before
    }};
}

/// What it is, how often it may take memory, and how it is done. All run on a runtime whose only worker is this thread.
const OPERATIONS: &[(&str, usize, Operation)] = &[
    (
        "yield_now",
        0,
        operation!(times, { count!(times, { yield_now().await }) }),
    ),
    (
        "Mutex::lock, uncontended",
        0,
        operation!(times, {
            let mutex = Mutex::new(0);
            count!(times, { *mutex.lock().await += 1 })
        }),
    ),
    (
        "FairMutex::lock, uncontended",
        0,
        operation!(times, {
            let mutex = FairMutex::new(0);
            count!(times, { *mutex.lock().await += 1 })
        }),
    ),
    (
        "RwLock::read and write, uncontended",
        0,
        operation!(times, {
            let lock = RwLock::new(0);
            count!(times, {
                drop(lock.read().await);
                *lock.write().await += 1;
            })
        }),
    ),
    (
        "Semaphore::acquire, uncontended",
        0,
        operation!(times, {
            let semaphore = Semaphore::new(1);
            count!(times, { drop(semaphore.acquire().await) })
        }),
    ),
    (
        "send and recv, with room",
        0,
        operation!(times, {
            let (sender, receiver) = bounded(4);
            count!(times, {
                sender.send(1).await.unwrap();
                receiver.recv().await.unwrap();
            })
        }),
    ),
    (
        "timeout, body ready",
        0,
        operation!(times, {
            count!(times, {
                timeout(Duration::from_secs(60), async {}).await.unwrap()
            })
        }),
    ),
    (
        "timeout, body in time",
        0,
        operation!(times, {
            count!(times, {
                timeout(Duration::from_secs(60), yield_now()).await.unwrap()
            })
        }),
    ),
    (
        "a re-poll after a wake of its own",
        0,
        operation!(times, { count!(times, { polled_again().await }) }),
    ),
    (
        "a wake of another task",
        0,
        operation!(times, {
            let (mine, theirs) = (Arc::new(Seat::default()), Arc::new(Seat::default()));
            let answering = spawn({
                let (mine, theirs) = (mine.clone(), theirs.clone());
                async move {
                    loop {
                        theirs.wait().await;
                        mine.set();
                    }
                }
            });
            let taken = count!(times, {
                theirs.set();
                mine.wait().await;
            });
            drop(answering);
            taken
        }),
    ),
    (
        "send and recv between tasks that wait for each other",
        0,
        operation!(times, {
            let (there, arrives) = bounded(1);
            let (back, returns) = bounded(1);
            let echo = spawn(async move {
                while let Ok(number) = arrives.recv().await {
                    back.send(number).await.unwrap();
                }
            });
            let taken = count!(times, {
                there.send(1).await.unwrap();
                returns.recv().await.unwrap();
            });
            drop(there);
            echo.await;
            taken
        }),
    ),
    (
        "Mutex::lock, one other task waits",
        0,
        operation!(times, {
            let mutex = Arc::new(Mutex::new(()));
            let other = spawn({
                let mutex = mutex.clone();
                async move {
                    loop {
                        let _guard = mutex.lock().await;
                        yield_now().await;
                    }
                }
            });
            let taken = count!(times, {
                let _guard = mutex.lock().await;
                yield_now().await;
            });
            drop(other);
            taken
        }),
    ),
    (
        "Notify, one task waits",
        0,
        operation!(times, {
            let (notify, done) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
            let waiting = spawn({
                let (notify, done) = (notify.clone(), done.clone());
                async move {
                    loop {
                        notify.notified().await;
                        done.notify_one();
                    }
                }
            });
            let taken = count!(times, {
                notify.notify_one();
                done.notified().await;
            });
            drop(waiting);
            taken
        }),
    ),
    (
        "a message over TCP, there and back",
        0,
        operation!(times, {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let client = TcpStream::connect(listener.local_addr().unwrap())
                .await
                .unwrap();
            let (server, _) = listener.accept().await.unwrap();
            let echo = spawn(async move {
                let mut buffer = [0; 64];
                while let Ok(read @ 1..) = server.read(&mut buffer).await {
                    server.write_all(&buffer[..read]).await.unwrap();
                }
            });
            let taken = count!(times, {
                client.write_all(&[7; 32]).await.unwrap();
                client.read_exact(&mut [0; 32]).await.unwrap();
            });
            drop(client);
            echo.await;
            taken
        }),
    ),
    (
        "oneshot, made and used",
        1,
        operation!(times, {
            count!(times, {
                let (sender, receiver) = oneshot::channel();
                sender.send(1).unwrap();
                receiver.await.unwrap();
            })
        }),
    ),
    (
        "spawn and await",
        1,
        operation!(times, { count!(times, { spawn(async {}).await }) }),
    ),
    (
        "spawn and detach",
        1,
        operation!(times, {
            count!(times, {
                spawn(async {}).detach();
                yield_now().await;
            })
        }),
    ),
];

#[test]
fn the_counter_counts() {
    let before = ALLOCATIONS.get();
    drop(Box::new(1));
    assert_eq!(ALLOCATIONS.get() - before, 1);
}

#[test]
fn each_operation_takes_memory_no_more_often_than_it_may() {
    let runtime = Runtime::builder().workers(1).build().unwrap();
    let mut table = String::new();
    let mut over = Vec::new();
    for &(name, limit, operation) in OPERATIONS {
        let taken = runtime.run(async { spawn(operation(TIMES)).await });
        let each = taken as f64 / TIMES as f64;
        writeln!(table, "{name:55}{each:6.3} of at most {limit}").unwrap();
        if taken > limit * TIMES {
            over.push(name);
        }
    }
    println!("allocations per operation:\n{table}");
    assert!(over.is_empty(), "these took more: {over:?}\n{table}");
}

#[test]
fn a_local_executor_takes_memory_once_a_spawn_and_never_for_a_yield() {
    let executor = LocalExecutor::new();
    let (spawned, yielded) = block_on(executor.run(async {
        let task = executor.spawn(async { count!(TIMES, { yield_now().await }) });
        let yielded = task.await;
        let spawned = count!(TIMES, { executor.spawn(async {}).await });
        (spawned, yielded)
    }));
    assert_eq!(yielded, 0);
    assert!(spawned <= TIMES, "{spawned} for {TIMES} spawns");
}

/// Pending once, with a wake of its own, then ready.
async fn polled_again() {
    let mut is_second = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut is_second, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A flag and the waker of who waits for it.
#[derive(Debug, Default)]
struct Seat(StdMutex<(bool, Option<Waker>)>);

impl Seat {
    fn set(&self) {
        let waker = {
            let mut seat = self.0.lock().unwrap();
            seat.0 = true;
            seat.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    async fn wait(&self) {
        poll_fn(|cx| {
            let mut seat = self.0.lock().unwrap();
            if std::mem::take(&mut seat.0) {
                return Poll::Ready(());
            }
            seat.1 = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}
