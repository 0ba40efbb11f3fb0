//! Tasks and wakers that panic, recurse, are forgotten, come in millions, or never give way.

use std::cell::Cell;
use std::future::{Future, pending, poll_fn};
use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Wake, Waker};
use std::time::Duration;

use trill_executor::{Executor, LocalExecutor, StaticExecutor, Task, raw};
use trill_tests::Alone;

/// Panics when it is dropped.
struct PanicsInDrop(&'static str);

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        panic!("{}", self.0);
    }
}

// Fault 20c
#[test]
fn a_destructor_that_panics_while_a_panic_unwinds_ends_the_process() {
    let test = "tasks::a_destructor_that_panics_while_a_panic_unwinds_ends_the_process";
    let ended = Alone::new(test).ends(|| {
        let executor = Executor::new();
        let task = executor.spawn(async {
            let _second = PanicsInDrop("expected: the second");
            panic!("expected: the first");
        });
        trill::block_on(executor.run(task))
    });
    let Some(ended) = ended else {
        unreachable!("the process has ended");
    };
    assert_eq!(ended.status.signal(), Some(libc::SIGABRT), "{ended:?}");
    let text = String::from_utf8_lossy(&ended.stderr);
    assert!(
        text.contains("expected: the first") && text.contains("expected: the second"),
        "{text}"
    );
}

/// A waker that panics whenever it is cloned, and counts the wakes.
fn panics_when_cloned() -> Waker {
    fn clone(_: *const ()) -> RawWaker {
        panic!("expected: a waker that panics when it is cloned");
    }
    fn nothing(_: *const ()) {}
    static TABLE: RawWakerVTable = RawWakerVTable::new(clone, nothing, nothing, nothing);
    // SAFETY: the functions use no data.
    #[allow(unsafe_code)]
    unsafe {
        Waker::new(std::ptr::null(), &TABLE)
    }
}

/// Polls with a waker that panics when it is cloned; the panic goes to whoever polls, and to nobody else.
fn polled_by_a_hostile_waker(future: Pin<&mut impl Future>) {
    let waker = panics_when_cloned();
    let polled = catch_unwind(AssertUnwindSafe(|| {
        let _ = future.poll(&mut Context::from_waker(&waker));
    }));
    assert!(polled.is_err(), "nobody has cloned the waker");
}

// Fault 21b
#[test]
fn a_waker_that_panics_when_it_is_cloned_leaves_every_leaf_whole() {
    trill::block_on(async {
        // A task: its other awaiter gets the value.
        let executor = Executor::new();
        let mut task = executor.spawn(async { 5 });
        polled_by_a_hostile_waker(Pin::new(&mut task));
        assert_eq!(executor.run(task).await, 5);

        // A timer.
        let mut sleep = pin!(trill::time::sleep(Duration::from_millis(1)));
        polled_by_a_hostile_waker(sleep.as_mut());
        sleep.await;

        // A lock: it can be taken, and the place in the line is gone with the future.
        let lock = trill::lock::Mutex::new(0);
        let guard = lock.lock().await;
        {
            let mut waiting = pin!(lock.lock());
            polled_by_a_hostile_waker(waiting.as_mut());
            drop(guard);
        }
        drop(lock.lock().await);

        // Channels: no message is lost.
        let (send, receive) = trill::channel::bounded(1);
        {
            let mut waiting = pin!(receive.recv());
            polled_by_a_hostile_waker(waiting.as_mut());
        }
        send.send(5).await.unwrap();
        {
            let mut waiting = pin!(send.send(6));
            polled_by_a_hostile_waker(waiting.as_mut());
        }
        assert_eq!(receive.recv().await, Ok(5));

        // A source.
        use std::io::Write;
        let (near, mut far) = std::os::unix::net::UnixStream::pair().unwrap();
        let near = trill_reactor::Async::new(near).unwrap();
        {
            let mut waiting = pin!(near.readable());
            polled_by_a_hostile_waker(waiting.as_mut());
        }
        far.write_all(b"x").unwrap();
        near.readable().await.unwrap();

        // A job of the pool.
        let (begin, begun) = std::sync::mpsc::channel::<()>();
        let mut job = trill::unblock(move || begun.recv().is_err());
        polled_by_a_hostile_waker(Pin::new(&mut job));
        drop(begin);
        assert!(job.await);
    });
}

// Fault 22a
#[test]
fn a_schedule_function_that_panics_tells_who_wakes_and_leaves_the_task_whole() {
    let queue: Arc<Mutex<Vec<raw::Runnable>>> = Arc::default();
    let refusals = Arc::new(AtomicUsize::new(1));
    let dropped = Arc::new(());
    let wakers: Arc<Mutex<Vec<Waker>>> = Arc::default();
    let future = {
        let (dropped, wakers) = (dropped.clone(), wakers.clone());
        async move {
            let mut polls = 0;
            poll_fn(|cx| {
                wakers.lock().unwrap().push(cx.waker().clone());
                polls += 1;
                if polls < 2 {
                    Poll::Pending
                } else {
                    Poll::Ready(())
                }
            })
            .await;
            drop(dropped);
            5
        }
    };
    let schedule = {
        let (queue, refusals) = (queue.clone(), refusals.clone());
        move |runnable| {
            if refusals.load(Ordering::Relaxed) == 0 {
                refusals.fetch_add(1, Ordering::Relaxed);
                panic!("expected: a schedule function that panics");
            }
            queue
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner())
                .push(runnable);
        }
    };
    let (runnable, task) = raw::task(future, schedule, trill_cell::Spawned::here());
    runnable.run();
    // The function has taken the runnable and dropped it in its panic: the task is closed, and its future dropped.
    refusals.store(0, Ordering::Relaxed);
    let waker = wakers.lock().unwrap().pop().unwrap();
    let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
    refusals.store(1, Ordering::Relaxed);
    wakers.lock().unwrap().clear();
    let outcome = catch_unwind(AssertUnwindSafe(|| trill::block_on(task.fallible())));
    assert!(matches!(outcome, Ok(None) | Err(_)));
    assert_eq!(Arc::strong_count(&dropped), 1, "the future is still there");
    assert!(queue.lock().unwrap().is_empty());
}

// Fault 24c
#[test]
fn a_task_that_a_waker_cancels_is_dropped_once() {
    /// Cancels a task when it is woken.
    struct Cancels(Mutex<Option<Task<()>>>);
    impl Wake for Cancels {
        fn wake(self: Arc<Self>) {
            drop(self.0.lock().unwrap().take());
        }
    }
    /// Counts how often it is dropped.
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    for while_polled in [true, false] {
        let executor = Executor::new();
        let drops = Arc::new(AtomicUsize::new(0));
        let cancels = Arc::new(Cancels(Mutex::new(None)));
        let counted = Counted(drops.clone());
        let waker = Waker::from(cancels.clone());
        let mut task = executor.spawn({
            let waker = waker.clone();
            async move {
                let _counted = counted;
                if while_polled {
                    waker.wake();
                }
                pending::<()>().await;
            }
        });
        // The awaiter's waker is the same: the end of the task would call it again.
        let polled = Pin::new(&mut task).poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
        *cancels.0.lock().unwrap() = Some(task);
        while executor.try_tick() {}
        if !while_polled {
            waker.wake();
            while executor.try_tick() {}
        }
        assert_eq!(drops.load(Ordering::Relaxed), 1);
        assert!(executor.is_empty());
    }
}

// Fault 24e
#[test]
fn a_local_task_never_leaves_its_thread() {
    // The executor and what it polls cannot go to another thread, which the compiler sees to. A handle may; dropping it
    // there drops nothing there.
    let home = std::thread::current().id();
    struct Homely(std::thread::ThreadId, Arc<AtomicUsize>);
    impl Drop for Homely {
        fn drop(&mut self) {
            assert_eq!(std::thread::current().id(), self.0);
            self.1.fetch_add(1, Ordering::Relaxed);
        }
    }
    let drops = Arc::new(AtomicUsize::new(0));
    let executor = LocalExecutor::new();
    for polled in [false, true] {
        let homely = Homely(home, drops.clone());
        let task = executor.spawn(async move {
            let _homely = homely;
            pending::<()>().await;
        });
        if polled {
            while executor.try_tick() {}
        }
        std::thread::spawn(move || drop(task)).join().unwrap();
        while executor.try_tick() {}
    }
    assert_eq!(drops.load(Ordering::Relaxed), 2);
}

// Fault 25a
#[test]
fn a_forgotten_handle_leaves_the_task_to_its_executor() {
    let held = Arc::new(());
    let executor = Executor::new();
    let ran = Arc::new(AtomicUsize::new(0));
    for waits in [false, true] {
        let (held, ran) = (held.clone(), ran.clone());
        std::mem::forget(executor.spawn(async move {
            let _held = held;
            ran.fetch_add(1, Ordering::Relaxed);
            if waits {
                pending::<()>().await;
            }
        }));
    }
    while executor.try_tick() {}
    assert_eq!(ran.load(Ordering::Relaxed), 2);
    assert_eq!(Arc::strong_count(&held), 2, "one has ended, one waits");
    drop(executor);
    assert_eq!(Arc::strong_count(&held), 1);
}

// Fault 25c
#[test]
fn forgotten_futures_in_lists_hold_up_nobody() {
    trill::block_on(async {
        let once = |future: Pin<Box<dyn Future<Output = ()>>>| async move {
            let mut future = future;
            assert!(futures_lite::future::poll_once(&mut future).await.is_none());
            std::mem::forget(future);
        };
        // Timers: those that come later fire.
        for _ in 0..100 {
            once(Box::pin(trill::time::sleep(Duration::from_millis(1)))).await;
        }
        trill::time::sleep(Duration::from_millis(3)).await;

        // An event: whoever else waits is woken.
        let event: &'static trill_sync::Event = Box::leak(Box::default());
        for _ in 0..3 {
            once(Box::pin(async { event.wait().await })).await;
        }
        let waiting = event.wait();
        let mut waiting = pin!(waiting);
        assert!(
            futures_lite::future::poll_once(&mut waiting)
                .await
                .is_none()
        );
        event.set();
        waiting.await;

        // A lock that lets newcomers in: a forgotten waiter has a place, but does not keep the lock.
        let lock: &'static trill::lock::Mutex<()> = Box::leak(Box::default());
        let guard = lock.lock().await;
        once(Box::pin(async { drop(lock.lock().await) })).await;
        drop(guard);
        let mut taken = 0;
        while taken < 3 {
            if let Some(guard) = lock.try_lock() {
                drop(guard);
                taken += 1;
            } else {
                drop(lock.lock().await);
                taken += 1;
            }
        }

        // A channel and a socket.
        let (send, receive) = trill::channel::unbounded::<u8>();
        {
            let receive = receive.clone();
            once(Box::pin(async move {
                let _ = receive.recv().await;
            }))
            .await;
        }
        send.send(5).await.unwrap();
        assert_eq!(receive.recv().await, Ok(5));
        use std::io::Write;
        let (near, mut far) = std::os::unix::net::UnixStream::pair().unwrap();
        let near: &'static _ = Box::leak(Box::new(trill_reactor::Async::new(near).unwrap()));
        once(Box::pin(async move { drop(near.readable().await) })).await;
        let waiting = near.readable();
        let mut waiting = pin!(waiting);
        assert!(
            futures_lite::future::poll_once(&mut waiting)
                .await
                .is_none()
        );
        far.write_all(b"x").unwrap();
        waiting.await.unwrap();
    });
}

// Fault 34b
#[test]
fn block_on_works_inside_tasks_jobs_and_destructors() {
    struct Blocks(Arc<AtomicUsize>);
    impl Drop for Blocks {
        fn drop(&mut self) {
            let five = trill::block_on(async {
                trill::time::sleep(Duration::from_millis(1)).await;
                trill::unblock(|| 5).await
            });
            self.0.fetch_add(five, Ordering::Relaxed);
        }
    }
    let sum = Arc::new(AtomicUsize::new(0));
    let blocks = || Blocks(sum.clone());
    // In a task, a job, a task's destructor when it is cancelled, and when its runtime ends.
    trill::run(async {
        let in_task = blocks();
        trill::spawn(async move { drop(in_task) }).await;
        let in_job = blocks();
        trill::unblock(move || drop(in_job)).await;
        let in_cancel = blocks();
        let waiting = trill::spawn(async move {
            let _in_cancel = in_cancel;
            pending::<()>().await;
        });
        trill::time::sleep(Duration::from_millis(1)).await;
        waiting.cancel().await;
        let at_end = blocks();
        trill::spawn(async move {
            let _at_end = at_end;
            pending::<()>().await;
        })
        .detach();
        trill::time::sleep(Duration::from_millis(1)).await;
    });
    assert_eq!(sum.load(Ordering::Relaxed), 20);
}

// Fault 34c
#[test]
fn a_pool_that_is_full_of_jobs_which_wait_for_jobs_shows_it() {
    let pool = trill_blocking::Pool::builder()
        .max_threads(2)
        .build()
        .unwrap();
    let (let_go, held) = std::sync::mpsc::channel::<()>();
    let held = Arc::new(Mutex::new(held));
    let outer: Vec<_> = (0..2)
        .map(|_| {
            let (pool, held) = (pool.clone(), held.clone());
            let inner_pool = pool.clone();
            pool.unblock(move || {
                // It waits for a job that has no thread: until somebody gives way.
                let inner = inner_pool.unblock(|| 5);
                let _ = held.lock().unwrap().recv();
                inner
            })
        })
        .collect();
    // Both threads are busy and two jobs are queued: the statistics say so.
    let stuck = || {
        let stats = pool.stats();
        let queued: usize = stats.classes.iter().map(|class| class.queued).sum();
        stats.threads == 2 && stats.idle == 0 && queued == 2
    };
    while !stuck() {
        std::thread::yield_now();
    }
    drop(let_go);
    for task in outer {
        assert_eq!(trill::block_on(async { task.await.await }), 5);
    }
}

// Fault 35d
#[test]
fn a_process_ends_well_though_thread_locals_use_the_runtime() {
    Alone::new("tasks::a_process_ends_well_though_thread_locals_use_the_runtime").passes(|| {
        static EXECUTOR: StaticExecutor = StaticExecutor::new();
        struct Late(Cell<bool>);
        impl Drop for Late {
            fn drop(&mut self) {
                // The thread's locals are being destroyed; those of the runtime may be gone.
                EXECUTOR.spawn(async {}).detach();
                trill::spawn(async {}).detach();
                let five = trill::block_on(async {
                    trill::time::sleep(Duration::from_micros(100)).await;
                    trill::unblock(|| 5).await
                });
                assert_eq!(five, 5);
                ENDED.fetch_add(1, Ordering::Relaxed);
            }
        }
        static ENDED: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static LATE: Late = const { Late(Cell::new(false)) };
        }
        let use_it = || {
            trill::block_on(trill::time::sleep(Duration::from_micros(100)));
            trill::block_on(trill::unblock(|| 5))
        };
        // Registered before the runtime's own locals, and after them.
        let before = std::thread::spawn(move || {
            LATE.with(|late| late.0.set(true));
            use_it();
        });
        let after = std::thread::spawn(move || {
            use_it();
            LATE.with(|late| late.0.set(true));
        });
        before.join().unwrap();
        after.join().unwrap();
        assert_eq!(ENDED.load(Ordering::Relaxed), 2);
        // The main thread ends with a task that never does, and with tasks nobody runs.
        EXECUTOR.spawn(pending::<()>()).detach();
        LATE.with(|late| late.0.set(true));
    });
}
