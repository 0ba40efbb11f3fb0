//! Models of a task's cell: the very code that runs, with loom's atomics.
#![cfg(loom)]
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod model;

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize as Count, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use loom::sync::Mutex;
use loom::sync::atomic::AtomicUsize;
use loom::thread;
use trill_cell::{Header, Spawned};
use trill_executor::raw::{self, Runnable};
use trill_executor::{Task, TaskRef};

use model::{at_once, check};

/// Where runnables go.
#[derive(Default)]
struct Queue(Mutex<VecDeque<Runnable>>);

impl Queue {
    /// Runs what there is, also what is queued meanwhile.
    fn run(&self) {
        loop {
            let next = self.0.lock().unwrap().pop_front();
            match next {
                Some(runnable) => runnable.run(),
                None => return,
            };
        }
    }
}

/// Makes a task whose runnable is queued.
fn task<T: Send + 'static>(
    queue: &Arc<Queue>,
    future: impl Future<Output = T> + Send + 'static,
) -> Task<T> {
    let target = queue.clone();
    let schedule = move |runnable| target.0.lock().unwrap().push_back(runnable);
    let (runnable, task) = raw::task(future, schedule, Spawned::here());
    runnable.schedule();
    task
}

/// Counts its drops.
struct Counted(Arc<Count>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Ready once `flag` is set; leaves its waker before it looks.
struct Gate {
    flag: Arc<AtomicUsize>,
    waker: Arc<Mutex<Option<Waker>>>,
    _counted: Counted,
}

impl Future for Gate {
    type Output = Counted;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Counted> {
        *self.waker.lock().unwrap() = Some(cx.waker().clone());
        if self.flag.load(Ordering::Acquire) == 1 {
            Poll::Ready(Counted(self._counted.0.clone()))
        } else {
            Poll::Pending
        }
    }
}

/// What a model needs of a gate.
#[derive(Default)]
struct Key {
    flag: Arc<AtomicUsize>,
    waker: Arc<Mutex<Option<Waker>>>,
    drops: Arc<Count>,
}

impl Key {
    fn gate(&self) -> Gate {
        Gate {
            flag: self.flag.clone(),
            waker: self.waker.clone(),
            _counted: Counted(self.drops.clone()),
        }
    }

    /// Opens the gate and wakes by value whoever left a waker.
    fn open(&self) {
        self.flag.store(1, Ordering::Release);
        let waker = self.waker.lock().unwrap().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// A waker that counts how often it is called.
#[derive(Default)]
struct Called(Count);

impl Wake for Called {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn poll<T>(task: &mut Task<T>, called: &Arc<Called>) -> Poll<T> {
    let waker = Waker::from(called.clone());
    Pin::new(task).poll(&mut Context::from_waker(&waker))
}

// Fault 23a
#[test]
fn a_wake_during_a_poll_is_not_lost() {
    check(4, || {
        let queue = Arc::new(Queue::default());
        let key = Arc::new(Key::default());
        let mut task = task(&queue, key.gate());
        let (opens, runs) = (key.clone(), queue.clone());
        at_once(move || opens.open(), move || runs.run());
        queue.run();
        let called = Arc::new(Called::default());
        assert!(poll(&mut task, &called).is_ready());
        drop(task);
        // The future's and the output's.
        assert_eq!(key.drops.load(Ordering::Relaxed), 2);
    });
}

#[test]
fn a_poll_sees_what_was_written_before_each_wake_that_it_answers() {
    check(2, || {
        let queue = Arc::new(Queue::default());
        let flags: Arc<[AtomicUsize; 2]> = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
        let seen = flags.clone();
        let future = std::future::poll_fn(move |_| {
            // Relaxed: the wakes are what publishes.
            match seen.iter().all(|flag| flag.load(Ordering::Relaxed) == 1) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        });
        let target = queue.clone();
        let schedule = move |runnable| target.0.lock().unwrap().push_back(runnable);
        let (runnable, task) = raw::task(future, schedule, Spawned::here());
        let wakers = [runnable.waker(), runnable.waker()];
        runnable.schedule();
        let threads: Vec<_> = (0..2)
            .zip(wakers)
            .map(|(index, waker)| {
                let flags = flags.clone();
                thread::spawn(move || {
                    flags[index].store(1, Ordering::Relaxed);
                    match index {
                        0 => waker.wake(),
                        _ => waker.wake_by_ref(),
                    }
                })
            })
            .collect();
        let runner = {
            let queue = queue.clone();
            thread::spawn(move || queue.run())
        };
        runner.join().unwrap();
        let is_queued = |queue: &Queue| !queue.0.lock().unwrap().is_empty();
        for thread in threads {
            thread.join().unwrap();
        }
        // Neither wake was lost: the task has ended, or a runnable is still to be run.
        assert!(task.is_finished() || is_queued(&queue));
        queue.run();
        assert!(task.is_finished());
    });
}

#[test]
fn wakes_from_two_threads_make_one_runnable() {
    check(3, || {
        let queue = Arc::new(Queue::default());
        let key = Key::default();
        let task = task(&queue, key.gate());
        queue.run();
        let waker = key.waker.lock().unwrap().clone().unwrap();
        let other = waker.clone();
        at_once(move || waker.wake(), move || other.wake());
        assert_eq!(queue.0.lock().unwrap().len(), 1);
        queue.run();
        drop(task);
        queue.run();
        assert_eq!(key.drops.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn an_awaiter_is_called_or_finds_the_end() {
    check(4, || {
        let queue = Arc::new(Queue::default());
        let key = Key::default();
        key.open();
        let mut task = task(&queue, key.gate());
        let called = Arc::new(Called::default());
        let (runs, awaits) = (queue.clone(), called.clone());
        let ((), (polled, mut task)) =
            at_once(move || runs.run(), move || (poll(&mut task, &awaits), task));
        match polled {
            Poll::Ready(_) => assert_eq!(called.0.load(Ordering::Relaxed), 0),
            Poll::Pending => {
                assert_eq!(called.0.load(Ordering::Relaxed), 1);
                assert!(poll(&mut task, &called).is_ready());
            }
        }
        // The cell keeps no waker.
        drop(task);
        drop(key.waker.lock().unwrap().take());
        assert_eq!(Arc::strong_count(&called), 1);
    });
}

#[test]
fn a_second_awaiter_is_called_instead_of_the_first() {
    check(4, || {
        let queue = Arc::new(Queue::default());
        let key = Key::default();
        key.open();
        let mut task = task(&queue, key.gate());
        let (first, second) = (Arc::new(Called::default()), Arc::new(Called::default()));
        assert!(poll(&mut task, &first).is_pending());
        let (runs, awaits) = (queue.clone(), second.clone());
        let ((), (is_ready, task)) = at_once(
            move || runs.run(),
            move || (poll(&mut task, &awaits).is_ready(), task),
        );
        let calls = (
            first.0.load(Ordering::Relaxed),
            second.0.load(Ordering::Relaxed),
        );
        if is_ready {
            // The first was called, or taken back before the end and then dropped.
            assert!(calls == (1, 0) || calls == (0, 0));
        } else {
            assert_eq!(calls, (0, 1));
        }
        drop(task);
        assert_eq!(Arc::strong_count(&first), 1);
        assert_eq!(Arc::strong_count(&second), 1);
        assert_eq!(key.drops.load(Ordering::Relaxed), 2);
    });
}

#[test]
fn a_second_awaiter_that_is_no_task_is_called_instead_of_a_first_that_is_one() {
    no_task_after_a_task(false);
}

#[test]
fn a_third_awaiter_that_is_no_task_is_called_instead_of_a_second_that_is_one() {
    // The word shows that the waker was exchanged before, and is the same after each exchange that follows.
    no_task_after_a_task(true);
}

fn no_task_after_a_task(is_exchanged_before: bool) {
    check(4, move || {
        let queue = Arc::new(Queue::default());
        let key = Key::default();
        key.open();
        let mut ends = task(&queue, key.gate());
        // A task's waker takes no box, whose memory the second awaiter would get: a stale copy would be seen.
        let idle_queue = Arc::new(Queue::default());
        let idle_key = Key::default();
        let idle = task(&idle_queue, idle_key.gate());
        idle_queue.run();
        let first = idle_key.waker.lock().unwrap().take().unwrap();
        let second = Arc::new(Called::default());
        if is_exchanged_before {
            assert!(poll(&mut ends, &Arc::default()).is_pending());
        }
        let polled = Pin::new(&mut ends).poll(&mut Context::from_waker(&first));
        assert!(polled.is_pending());
        let (runs, awaits) = (queue.clone(), second.clone());
        let ((), (is_ready, ends)) = at_once(
            move || runs.run(),
            move || (poll(&mut ends, &awaits).is_ready(), ends),
        );
        let calls = second.0.load(Ordering::Relaxed);
        let woken = idle_queue.0.lock().unwrap().len();
        if is_ready {
            assert!(calls == 0 && woken <= 1);
        } else {
            assert_eq!((calls, woken), (1, 0));
        }
        drop(ends);
        assert_eq!(Arc::strong_count(&second), 1);
        // The first gave its reference back once.
        drop(first);
        drop(idle);
        idle_queue.run();
        assert_eq!(idle_key.drops.load(Ordering::Relaxed), 1);
        assert_eq!(Arc::strong_count(&idle_queue), 1);
    });
}

// Fault 24a
#[test]
fn a_handle_dropped_at_the_end_leaves_nothing() {
    check(4, || {
        let queue = Arc::new(Queue::default());
        let key = Key::default();
        key.open();
        let mut task = task(&queue, key.gate());
        let called = Arc::new(Called::default());
        assert!(poll(&mut task, &called).is_pending());
        let runs = queue.clone();
        at_once(move || runs.run(), move || drop(task));
        queue.run();
        drop(key.waker.lock().unwrap().take());
        assert_eq!(Arc::strong_count(&called), 1);
        // The future always; the output if it got so far.
        assert!((1..=2).contains(&key.drops.load(Ordering::Relaxed)));
        assert_eq!(Arc::strong_count(&key.drops), 1);
    });
}

#[test]
fn a_handle_detached_at_the_end_leaves_nothing() {
    check(4, || {
        let queue = Arc::new(Queue::default());
        let key = Key::default();
        key.open();
        let task = task(&queue, key.gate());
        let runs = queue.clone();
        at_once(move || runs.run(), move || task.detach());
        drop(key.waker.lock().unwrap().take());
        assert_eq!(key.drops.load(Ordering::Relaxed), 2);
        assert_eq!(Arc::strong_count(&queue), 1);
    });
}

// Fault 24a
#[test]
fn a_task_closed_while_it_is_woken_and_run_is_dropped_once() {
    check(2, || {
        let queue = Arc::new(Queue::default());
        let key = Arc::new(Key::default());
        let task = task(&queue, key.gate());
        let opener = {
            let key = key.clone();
            thread::spawn(move || key.open())
        };
        let runner = {
            let queue = queue.clone();
            thread::spawn(move || queue.run())
        };
        let closer = thread::spawn(move || drop(task));
        closer.join().unwrap();
        opener.join().unwrap();
        runner.join().unwrap();
        queue.run();
        drop(key.waker.lock().unwrap().take());
        assert!((1..=2).contains(&key.drops.load(Ordering::Relaxed)));
        assert_eq!(Arc::strong_count(&key.drops), 1);
        assert_eq!(Arc::strong_count(&queue), 1);
    });
}

#[test]
fn a_detached_task_that_nobody_can_wake_is_dropped() {
    check(4, || {
        let queue = Arc::new(Queue::default());
        let key = Key::default();
        let task = task(&queue, key.gate());
        queue.run();
        let waker = key.waker.lock().unwrap().take();
        at_once(move || drop(waker), move || task.detach());
        queue.run();
        assert_eq!(key.drops.load(Ordering::Relaxed), 1);
        assert_eq!(Arc::strong_count(&queue), 1);
    });
}

/// What a thread looks at that is not the handle's.
struct Look(TaskRef<'static>);

// SAFETY: visitors of other threads' executors do the same. The models keep the task until they have joined the thread.
#[allow(unsafe_code)]
unsafe impl Send for Look {}

#[test]
fn reader_never_looks_at_an_awaiter_that_the_handle_takes_out() {
    check(4, || {
        let queue = Arc::new(Queue::default());
        let key = Key::default();
        let mut task = task(&queue, key.gate());
        queue.run();
        let (first, second) = (Arc::new(Called::default()), Arc::new(Called::default()));
        let (one, two) = (Header::new(Spawned::here()), Header::new(Spawned::here()));
        assert!(one.poll(|| poll(&mut task, &first)).is_pending());
        let known = [None, Some(one.id()), Some(two.id())];
        let look = Look(TaskRef::of_model(&task));
        let (seen, ()) = at_once(
            move || {
                let look = look;
                [look.0.awaiter(), look.0.awaiter()]
            },
            move || {
                assert!(two.poll(|| poll(&mut task, &second)).is_pending());
                assert_eq!(Arc::strong_count(&first), 1);
                drop(task);
                assert_eq!(Arc::strong_count(&second), 1);
            },
        );
        assert!(seen.iter().all(|id| known.contains(id)));
        queue.run();
        drop(key.waker.lock().unwrap().take());
        assert_eq!(Arc::strong_count(&key.drops), 1);
    });
}

#[test]
fn reader_and_a_handle_that_is_detached_leave_each_other_alone() {
    check(4, || {
        let queue = Arc::new(Queue::default());
        let key = Key::default();
        let mut task = task(&queue, key.gate());
        queue.run();
        let called = Arc::new(Called::default());
        let header = Header::new(Spawned::here());
        assert!(header.poll(|| poll(&mut task, &called)).is_pending());
        let look = Look(TaskRef::of_model(&task));
        let (seen, ()) = at_once(
            move || {
                let look = look;
                look.0.awaiter()
            },
            move || task.detach(),
        );
        assert!(seen.is_none_or(|id| id == header.id()));
        assert_eq!(Arc::strong_count(&called), 1);
        key.open();
        queue.run();
        drop(key.waker.lock().unwrap().take());
        assert_eq!(Arc::strong_count(&queue), 1);
    });
}
