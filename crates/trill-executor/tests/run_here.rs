//! Runners that stay on one thread: what that thread wakes between their polls.
#![allow(clippy::disallowed_methods)] // Tests start threads of their own.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use common::{Gate, counting_waker, poll_once};
use trill_executor::{Executor, Task, yield_now};
use trill_park::block_on;

/// Tasks that wait for a gate each and then write their number down.
struct Waiting {
    gates: Vec<Arc<Gate>>,
    log: Arc<Mutex<Vec<usize>>>,
    tasks: Vec<Task<()>>,
}

impl Waiting {
    fn on(ex: &Executor<'static>, count: usize) -> Waiting {
        let gates: Vec<_> = (0..count).map(|_| Arc::new(Gate::default())).collect();
        let log = Arc::new(Mutex::new(Vec::new()));
        let spawn = |(number, gate): (usize, &Arc<Gate>)| {
            let (gate, log) = (gate.clone(), log.clone());
            ex.spawn(async move {
                gate.wait().await;
                log.lock().unwrap().push(number);
            })
        };
        let tasks = gates.iter().enumerate().map(spawn).collect();
        Waiting { gates, log, tasks }
    }

    fn log(&self) -> Vec<usize> {
        self.log.lock().unwrap().clone()
    }

    fn all_are_waited_for(&self) -> bool {
        self.gates.iter().all(|gate| gate.is_waited())
    }
}

/// Polls a runner until the tasks wait, as `block_on` would.
fn settle<F: Future>(mut runner: Pin<&mut F>, cx: &mut Context<'_>, waiting: &Waiting) {
    while !waiting.all_are_waited_for() {
        assert!(runner.as_mut().poll(cx).is_pending());
    }
}

#[test]
fn what_its_thread_wakes_between_polls_is_polled_in_order_after_one_wake_of_the_runner() {
    let ex = Executor::new();
    let waiting = Waiting::on(&ex, 5);
    let (waker, wakes) = counting_waker();
    block_on(async {
        let mut cx = Context::from_waker(&waker);
        let mut runner = pin!(ex.run_here(pending::<()>()));
        settle(runner.as_mut(), &mut cx, &waiting);
        assert!(runner.as_mut().poll(&mut cx).is_pending());
        let before = wakes.load(Ordering::SeqCst);
        for number in [3, 1, 4, 0, 2] {
            waiting.gates[number].open();
        }
        assert_eq!(wakes.load(Ordering::SeqCst), before + 1);
        assert!(waiting.log().is_empty());
        assert!(runner.as_mut().poll(&mut cx).is_pending());
        assert_eq!(waiting.log(), [3, 1, 4, 0, 2]);
    });
}

#[test]
fn more_than_its_queue_holds_is_polled_all_the_same() {
    let ex = Executor::new();
    let waiting = Waiting::on(&ex, 1_500);
    let (waker, _) = counting_waker();
    block_on(async {
        let mut cx = Context::from_waker(&waker);
        let mut runner = pin!(ex.run_here(pending::<()>()));
        settle(runner.as_mut(), &mut cx, &waiting);
        waiting.gates.iter().for_each(|gate| gate.open());
        while !waiting.tasks.iter().all(Task::is_finished) {
            assert!(runner.as_mut().poll(&mut cx).is_pending());
        }
        let mut log = waiting.log();
        log.sort_unstable();
        assert!(log.into_iter().eq(0..1_500));
    });
}

#[test]
fn two_on_one_thread_share_the_work() {
    let ex = Executor::new();
    let waiting = Waiting::on(&ex, 8);
    let (waker, _) = counting_waker();
    block_on(async {
        let mut cx = Context::from_waker(&waker);
        let mut first = pin!(ex.run_here(pending::<()>()));
        let mut second = pin!(ex.run_here(pending::<()>()));
        settle(first.as_mut(), &mut cx, &waiting);
        assert!(second.as_mut().poll(&mut cx).is_pending());
        waiting.gates.iter().for_each(|gate| gate.open());
        // Whichever queue they are in, polling both comes to all of them.
        for _ in 0..2 {
            assert!(first.as_mut().poll(&mut cx).is_pending());
            assert!(second.as_mut().poll(&mut cx).is_pending());
        }
        assert_eq!(waiting.log().len(), 8);
    });
}

#[test]
fn after_its_end_what_the_thread_wakes_goes_to_others() {
    let ex = Executor::new();
    let waiting = Waiting::on(&ex, 3);
    let (waker, wakes) = counting_waker();
    block_on(async {
        let mut cx = Context::from_waker(&waker);
        let mut other = pin!(ex.run(pending::<()>()));
        assert!(poll_once(other.as_mut()).is_pending());
        {
            let mut runner = pin!(ex.run_here(pending::<()>()));
            settle(runner.as_mut(), &mut cx, &waiting);
            waiting.gates[0].open();
        }
        waiting.gates[1].open();
        assert!(other.as_mut().poll(&mut cx).is_pending());
        let before = wakes.load(Ordering::SeqCst);
        waiting.gates[2].open();
        assert_eq!(wakes.load(Ordering::SeqCst), before + 1);
        assert!(other.as_mut().poll(&mut cx).is_pending());
        assert_eq!(waiting.log(), [0, 1, 2]);
    });
}

#[test]
fn a_future_that_panics_in_it_leaves_the_tasks_to_others() {
    let ex = Executor::new();
    let waiting = Waiting::on(&ex, 1);
    let mut polls = 0;
    let panics = poll_fn(|cx: &mut Context<'_>| -> Poll<()> {
        polls += 1;
        assert!(polls < 20, "expected");
        cx.waker().wake_by_ref();
        Poll::Pending
    });
    let ended = catch_unwind(AssertUnwindSafe(|| block_on(ex.run_here(panics))));
    assert!(ended.is_err());
    assert!(waiting.all_are_waited_for());
    waiting.gates[0].open();
    let log = waiting.log.clone();
    for task in waiting.tasks {
        block_on(ex.run(task));
    }
    assert_eq!(*log.lock().unwrap(), [0]);
}

#[test]
fn one_on_each_of_two_threads_completes_what_either_wakes() {
    let ex = Arc::new(Executor::new());
    let gate = Arc::new(Gate::default());
    let helper = std::thread::spawn({
        let (ex, gate) = (ex.clone(), gate.clone());
        move || block_on(ex.run_here(gate.wait()))
    });
    let tasks: Vec<_> = (0..200_u64)
        .map(|n| {
            ex.spawn(async move {
                for _ in 0..n % 7 {
                    yield_now().await;
                }
                n
            })
        })
        .collect();
    let sum = block_on(ex.run_here(async {
        let mut sum = 0;
        for task in tasks {
            sum += task.await;
        }
        sum
    }));
    gate.open();
    helper.join().unwrap();
    assert_eq!(sum, (0..200).sum());
}
