//! A task's cell where threads meet in it: each holds a reference that another gives back.
//!
//! Small enough for Miri, also with many seeds: `-Zmiri-many-seeds=0..16`.

#![allow(clippy::disallowed_methods)] // Tests start threads of their own.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use trill_cell::{Spawned, swap_local};
use trill_executor::raw::{self, Runnable};
use trill_executor::{Executor, LocalExecutor, YieldNow, yield_now};
use trill_park::block_on;

const KEY: usize = 77;

/// Leaves a local in the task that is polled here; it is dropped when the memory of the task's cell is given back.
fn mark_cell(alive: &Arc<()>) {
    swap_local(KEY, false, Some(alive.clone()));
}

/// How many cells, and other holders, are alive.
fn cells(alive: &Arc<()>) -> usize {
    Arc::strong_count(alive) - 1
}

#[test]
fn wakers_cloned_in_a_poll_may_be_woken_and_dropped_by_others_before_it_ends() {
    let alive = Arc::new(());
    let ex = Executor::new();
    let inside = alive.clone();
    let task = ex.spawn(poll_fn(move |cx| {
        mark_cell(&inside);
        thread::scope(|scope| {
            // More go than the word counts, so that it would reach zero without the bias.
            for _ in 0..2 {
                let (first, second) = (cx.waker().clone(), cx.waker().clone());
                scope.spawn(move || {
                    first.wake();
                    drop(second);
                });
            }
        });
        Poll::Ready(5)
    }));
    assert_eq!(block_on(ex.run(task)), 5);
    assert_eq!(cells(&alive), 0, "the cell is freed, and was not before");
}

#[test]
fn wakers_cloned_in_one_poll_and_dropped_in_the_next_leave_nothing() {
    for ends in [1, 2, 3] {
        let alive = Arc::new(());
        let ex = LocalExecutor::new();
        let inside = alive.clone();
        let mut kept = Vec::new();
        let mut polls = 0;
        let task = ex.spawn(poll_fn(move |cx| {
            mark_cell(&inside);
            polls += 1;
            kept.clear();
            if polls == ends {
                return Poll::Ready(());
            }
            kept.extend((0..3).map(|_| cx.waker().clone()));
            cx.waker().wake_by_ref();
            Poll::Pending
        }));
        block_on(ex.run(task));
        assert_eq!(cells(&alive), 0, "with {ends} polls");
    }
}

// Fault 23a
#[test]
fn wakers_that_outlive_their_task_keep_its_cell_until_the_last_one_goes() {
    let alive = Arc::new(());
    let ex = Executor::new();
    let (send, receive) = mpsc::channel();
    let inside = alive.clone();
    let task = ex.spawn(poll_fn(move |cx| {
        mark_cell(&inside);
        for _ in 0..3 {
            send.send(cx.waker().clone()).unwrap();
        }
        Poll::Ready(())
    }));
    block_on(ex.run(task));
    drop(ex);
    let others: Vec<_> = receive
        .iter()
        .map(|waker| {
            thread::spawn(move || {
                waker.wake_by_ref();
                drop(waker);
            })
        })
        .collect();
    for other in others {
        other.join().unwrap();
    }
    assert_eq!(cells(&alive), 0);
}

#[test]
fn wakers_of_outer_tasks_count_in_polls_of_inner_ones() {
    let alive = Arc::new(());
    let (outer, inner) = (Executor::new(), LocalExecutor::new());
    let inner = &inner;
    let marked = alive.clone();
    let run = outer.run(poll_fn(|cx| {
        // Not a task: nothing is counted for it.
        drop(cx.waker().clone());
        Poll::Ready(())
    }));
    block_on(run);
    let local = LocalExecutor::new();
    let task = local.spawn(poll_fn(move |cx| {
        mark_cell(&marked);
        let mine = cx.waker().clone();
        let again = mine.clone();
        // Given back while another task is polled, cloned there, and given back here.
        let child = inner.spawn(async move {
            let third = mine.clone();
            drop(mine);
            yield_now().await;
            third
        });
        let third = block_on(inner.run(child));
        drop(again);
        assert!(third.will_wake(cx.waker()));
        Poll::Ready(())
    }));
    block_on(local.run(task));
    assert_eq!(cells(&alive), 0);
}

#[test]
fn wake_by_value_while_the_task_ends_and_is_freed() {
    let (send, receive) = mpsc::channel::<Waker>();
    let waker = thread::spawn(move || {
        for waker in receive {
            waker.wake();
        }
    });
    for _ in 0..30 {
        // The step that wakes gives the last reference but that of the task's life up, and the end frees the cell
        // while that step is not over.
        let send = send.clone();
        let (runnable, task) = raw::task(
            poll_fn(move |cx| {
                send.send(cx.waker().clone()).unwrap();
                thread::yield_now();
                Poll::Ready(())
            }),
            drop,
            Spawned::here(),
        );
        task.detach();
        runnable.run();
    }
    drop(send);
    waker.join().unwrap();
}

#[test]
fn handle_and_end_may_meet_while_a_waker_is_dropped() {
    for how in 0..4 {
        let alive = Arc::new(());
        let (queue, runnables) = mpsc::channel::<Runnable>();
        let inside = alive.clone();
        let slot = Arc::new(Mutex::new(None::<Waker>));
        let left = slot.clone();
        let mut polls = 0;
        let future = poll_fn(move |cx| {
            mark_cell(&inside);
            polls += 1;
            if polls == 2 {
                return Poll::Ready(7);
            }
            *left.lock().unwrap() = Some(cx.waker().clone());
            Poll::Pending
        });
        let schedule = move |runnable| drop(queue.send(runnable));
        let (runnable, mut task) = raw::task(future, schedule, Spawned::here());
        runnable.run();
        let waker = slot.lock().unwrap().take().unwrap();
        let held = waker.clone();
        waker.wake();
        let runnable = runnables.recv().unwrap();
        let runner = thread::spawn(move || {
            runnable.run();
            // What a close made.
            while let Ok(runnable) = runnables.try_recv() {
                runnable.run();
            }
            runnables
        });
        let dropper = thread::spawn(move || drop(held));
        match how {
            0 => drop(task),
            1 => task.detach(),
            2 => {
                let mut cx = Context::from_waker(Waker::noop());
                while Pin::new(&mut task).poll(&mut cx).is_pending() {
                    thread::yield_now();
                }
                drop(task);
            }
            _ => assert_eq!(block_on(task), 7),
        }
        dropper.join().unwrap();
        let runnables = runner.join().unwrap();
        while let Ok(runnable) = runnables.try_recv() {
            runnable.run();
        }
        assert_eq!(cells(&alive), 0, "how {how}");
    }
}

/// Says that its drop ran, and is of no size.
struct Nothing;

static NOTHINGS_DROPPED: AtomicUsize = AtomicUsize::new(0);

impl Drop for Nothing {
    fn drop(&mut self) {
        NOTHINGS_DROPPED.fetch_add(1, Ordering::Relaxed);
    }
}

// Fault 23b
#[test]
fn schedule_function_of_no_size_is_not_dropped_while_it_runs() {
    let nothing = Nothing;
    let schedule = move |runnable: Runnable| {
        let _captured = &nothing;
        // Runs and ends the task, and nobody else keeps its cell.
        runnable.run();
        assert_eq!(NOTHINGS_DROPPED.load(Ordering::Relaxed), 0);
    };
    let (runnable, task) = raw::task(async {}, schedule, Spawned::here());
    task.detach();
    runnable.schedule();
    assert_eq!(NOTHINGS_DROPPED.load(Ordering::Relaxed), 1);
}

// Fault 23b
#[test]
fn schedule_functions_may_run_or_drop_the_runnable_at_once() {
    let alive = Arc::new(());
    // Run: the task wakes itself in each poll and so runs inside itself.
    let inside = alive.clone();
    let mut polls = 0;
    let future = poll_fn(move |cx| {
        mark_cell(&inside);
        polls += 1;
        cx.waker().wake_by_ref();
        if polls == 4 {
            Poll::Ready(polls)
        } else {
            Poll::Pending
        }
    });
    let captured = vec![1];
    let schedule = move |runnable: Runnable| {
        runnable.run();
        assert_eq!(captured, [1], "the function is not gone yet");
    };
    let (runnable, task) = raw::task(future, schedule, Spawned::here());
    runnable.schedule();
    assert_eq!(block_on(task), 4);
    assert_eq!(cells(&alive), 0);
    // Drop: at a wake in a poll, at a wake from outside, at the close.
    for is_woken_inside in [true, false] {
        let inside = alive.clone();
        let (send, receive) = mpsc::channel();
        let future = poll_fn(move |cx| {
            mark_cell(&inside);
            if is_woken_inside {
                cx.waker().wake_by_ref();
            }
            send.send(cx.waker().clone()).unwrap();
            Poll::<()>::Pending
        });
        let captured = vec![1];
        let schedule = move |runnable: Runnable| {
            drop(runnable);
            assert_eq!(captured, [1], "the function is not gone yet");
        };
        let (runnable, task) = raw::task(future, schedule, Spawned::here());
        runnable.run();
        receive.recv().unwrap().wake();
        assert!(task.is_finished());
        assert!(block_on(task.join()).unwrap_err().is_cancelled());
        assert_eq!(cells(&alive), 0);
    }
}

#[test]
fn yield_by_hand_is_no_yield_of_the_task_that_was_there_before() {
    // Through a thread-local, as a waker must be `Send`.
    thread_local! {
        static BODY: std::cell::RefCell<Option<Box<dyn FnOnce()>>> = const { std::cell::RefCell::new(None) };
    }
    struct Calls;
    impl Wake for Calls {
        fn wake(self: Arc<Self>) {
            let body = BODY.with_borrow_mut(Option::take);
            if let Some(body) = body {
                body();
            }
        }
    }
    // Whether the allocator reuses the memory at once is its own matter; the test holds in both cases.
    let ex: &'static trill_executor::StaticLocalExecutor = LocalExecutor::new().leak();
    let polls = std::rc::Rc::new(std::cell::Cell::new(0));
    let store: std::rc::Rc<std::cell::RefCell<Option<Waker>>> = std::rc::Rc::default();
    let make = {
        let (polls, store) = (polls.clone(), store.clone());
        move |ends: u32| {
            let (polls, store) = (polls.clone(), store.clone());
            ex.spawn(poll_fn(move |cx| {
                polls.set(polls.get() + 1);
                if ends == 0 {
                    return Poll::Ready(());
                }
                *store.borrow_mut() = Some(cx.waker().clone());
                Poll::Pending
            }))
        }
    };
    let second = std::rc::Rc::new(std::cell::RefCell::new(None));
    let first = make(0);
    let mut first = Box::pin(first.join());
    let waker = Waker::from(Arc::new(Calls));
    assert!(
        first
            .as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
    );
    // With the handle gone nothing but the end itself keeps the cell: the waker drops it before it goes on.
    let handle = std::rc::Rc::new(std::cell::RefCell::new(Some(first)));
    let body = {
        let (handle, store, second) = (handle.clone(), store.clone(), second.clone());
        move || {
            drop(handle.take());
            second.replace(Some(make(1)));
            // Polls the new task, inside.
            assert!(ex.try_tick());
            let waker = store.borrow_mut().take().unwrap();
            let mut yields: YieldNow = yield_now();
            let polled = Pin::new(&mut yields).poll(&mut Context::from_waker(&waker));
            assert!(polled.is_pending());
        }
    };
    BODY.with_borrow_mut(|place| *place = Some(Box::new(body)));
    assert!(ex.try_tick());
    assert_eq!(polls.get(), 2);
    assert!(ex.try_tick(), "the second task was woken");
    assert_eq!(polls.get(), 3);
    drop(second.take());
    while ex.try_tick() {}
}

#[test]
fn tasks_that_await_themselves_or_each_other_end_with_their_executor() {
    let alive = Arc::new(());
    let ex = Executor::new();
    // Itself.
    let own: Arc<Mutex<Option<trill_executor::Task<()>>>> = Arc::default();
    let (inside, marked) = (own.clone(), alive.clone());
    let task = ex.spawn(async move {
        mark_cell(&marked);
        let task = inside.lock().unwrap().take().unwrap();
        task.await;
    });
    *own.lock().unwrap() = Some(task);
    // Each other.
    let places: [Arc<Mutex<Option<trill_executor::Task<()>>>>; 2] = Default::default();
    for (mine, other) in [(0, 1), (1, 0)] {
        let (inside, marked) = (places[other].clone(), alive.clone());
        let task = ex.spawn(async move {
            mark_cell(&marked);
            let task = inside.lock().unwrap().take().unwrap();
            task.await;
        });
        *places[mine].lock().unwrap() = Some(task);
    }
    while ex.try_tick() {}
    assert!(!ex.is_empty());
    drop(ex);
    assert_eq!(cells(&alive), 0);
}

#[test]
fn awaiter_that_changes_while_the_task_ends_is_called_or_sees_the_end() {
    struct Called(AtomicUsize);
    impl Wake for Called {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Release);
        }
    }
    for _ in 0..20 {
        let (runnable, task) = raw::task(async { 3 }, drop, Spawned::here());
        let mut task = pin!(task);
        let called: [Arc<Called>; 3] =
            std::array::from_fn(|_| Arc::new(Called(AtomicUsize::new(0))));
        let runner = thread::spawn(move || runnable.run());
        let mut output = None;
        let mut last = 0;
        for (index, called) in called.iter().enumerate() {
            let waker = Waker::from(called.clone());
            last = index;
            if let Poll::Ready(value) = task.as_mut().poll(&mut Context::from_waker(&waker)) {
                output = Some(value);
                break;
            }
        }
        runner.join().unwrap();
        let output = output.or_else(|| {
            assert_eq!(called[last].0.load(Ordering::Acquire), 1);
            match task.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(value) => Some(value),
                Poll::Pending => None,
            }
        });
        assert_eq!(output, Some(3));
        assert!(called.iter().all(|called| Arc::strong_count(called) == 1));
    }
}
