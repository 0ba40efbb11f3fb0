//! A thread says that it will look for more before it gives a result away, and takes it back before code of strangers.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use common::{Gate, Log, class, until};
use trill_blocking::{Class, Pool, Task};
use trill_executor::Executor;
use trill_park::block_on;

#[test]
fn jobs_one_after_another_need_one_thread() {
    let pool = Pool::builder().keep_alive(common::LONG).build().unwrap();
    let ex = Executor::new();
    let task = ex.spawn(async {
        for _ in 0..10_000 {
            pool.unblock(|| ()).await;
        }
    });
    block_on(ex.run(task));
    assert_eq!(pool.stats().started, 1);
}

#[test]
fn thread_that_panicked_in_its_work_looks_again() {
    let pool = Pool::builder().max_threads(1).build().unwrap();
    let failed = block_on(pool.unblock(|| panic!("a test")).join());
    assert!(failed.is_err());
    assert_eq!(block_on(pool.unblock(|| 5)), 5);
    assert_eq!(pool.stats().started, 1);
}

/// Submits a job and waits until another thread has run it.
#[derive(Clone)]
struct Slow(Pool);

impl Slow {
    fn run(&self) {
        let (done, wait) = mpsc::channel();
        self.0.unblock(move || done.send(()).unwrap()).detach();
        wait.recv().unwrap();
    }
}

/// A waker whose call is slow, once it is told to be.
struct SlowWaker {
    slow: Slow,
    is_slow: AtomicBool,
    woken: Mutex<mpsc::Sender<()>>,
}

impl SlowWaker {
    fn new(pool: &Pool) -> (Arc<SlowWaker>, mpsc::Receiver<()>) {
        let (woken, wait) = mpsc::channel();
        let waker = SlowWaker {
            slow: Slow(pool.clone()),
            is_slow: AtomicBool::new(false),
            woken: Mutex::new(woken),
        };
        (Arc::new(waker), wait)
    }
}

impl Wake for SlowWaker {
    fn wake(self: Arc<Self>) {
        if self.is_slow.load(Ordering::SeqCst) {
            self.slow.run();
            self.woken.lock().unwrap().send(()).unwrap();
        }
    }
}

/// Work that waits at a gate, and its gate.
fn held(pool: &Pool) -> (Task<()>, Gate) {
    let gate = Gate::default();
    let task = pool.unblock({
        let gate = gate.clone();
        move || gate.pass()
    });
    (task, gate)
}

#[test]
fn job_does_not_wait_for_a_waker_of_a_stranger() {
    let pool = Pool::new();
    let (waker, woken) = SlowWaker::new(&pool);
    waker.is_slow.store(true, Ordering::SeqCst);
    let (task, gate) = held(&pool);
    let mut task = pin!(task);
    let waker = Waker::from(waker);
    let polled = task.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());
    gate.open();
    woken.recv().unwrap();
    assert_eq!(
        task.poll(&mut Context::from_waker(Waker::noop())),
        Poll::Ready(())
    );
    // The thread that was held up looks again.
    until(|| pool.stats().idle == 2);
    assert_eq!(pool.stats().started, 2);
}

#[test]
fn job_does_not_wait_for_a_strangers_waker_behind_an_executor() {
    let pool = Pool::new();
    let ex = Executor::new();
    let (waker, woken) = SlowWaker::new(&pool);
    let (task, gate) = held(&pool);
    ex.spawn(task).detach();
    let mut runner = pin!(ex.run(pending::<()>()));
    let as_waker = Waker::from(waker.clone());
    while ex.try_tick() {}
    assert!(
        runner
            .as_mut()
            .poll(&mut Context::from_waker(&as_waker))
            .is_pending()
    );
    waker.is_slow.store(true, Ordering::SeqCst);
    gate.open();
    woken.recv().unwrap();
}

/// Its drop is slow.
struct SlowDrop(Slow, mpsc::Sender<()>);

impl Drop for SlowDrop {
    fn drop(&mut self) {
        self.0.run();
        self.1.send(()).unwrap();
    }
}

#[test]
fn job_does_not_wait_for_the_drop_of_a_result_that_nobody_takes() {
    let pool = Pool::new();
    let (dropped, wait) = mpsc::channel();
    let result = SlowDrop(Slow(pool.clone()), dropped);
    pool.unblock(move || result).detach();
    wait.recv().unwrap();
}

#[test]
fn job_does_not_wait_for_the_drop_of_a_jobs_locals() {
    let pool = Pool::new();
    let (dropped, wait) = mpsc::channel();
    let gate = Gate::default();
    thread::scope(|scope| {
        scope.spawn(|| {
            let local = SlowDrop(Slow(pool.clone()), dropped);
            let local: trill_cell::Local = Arc::new(Mutex::new(local));
            trill_cell::swap_local(1, true, Some(local));
            pool.unblock({
                let gate = gate.clone();
                move || gate.pass()
            })
            .detach();
            // From here on the job has the only one.
            trill_cell::swap_local(1, true, None);
        });
    });
    gate.open();
    wait.recv().unwrap();
}

/// Notes when its drop begins, waits at a gate, and notes its end.
struct HeldDrop(Log, Gate);

impl Drop for HeldDrop {
    fn drop(&mut self) {
        self.0.note(1);
        self.1.pass();
        self.0.note(2);
    }
}

#[test]
fn result_that_nobody_takes_is_dropped_in_the_place_of_its_job() {
    static NARROW: Class = Class::new("narrow", 1);
    let pool = Pool::builder().keep_alive(common::LONG).build().unwrap();
    let (log, gate, dropping) = (Log::default(), Gate::default(), Gate::default());
    let result = HeldDrop(log.clone(), dropping.clone());
    pool.unblock_in(&NARROW, {
        let gate = gate.clone();
        move || {
            gate.pass();
            result
        }
    })
    .detach();
    let next = pool.unblock_in(&NARROW, {
        let log = log.clone();
        move || log.note(3)
    });
    gate.open();
    until(|| log.events() == [1]);
    // Another thread looks and finds nothing that may begin.
    block_on(pool.unblock(|| ()));
    let narrow = class(&pool, "narrow");
    assert_eq!((narrow.running, narrow.queued), (1, 1));
    dropping.open();
    block_on(next);
    assert_eq!(log.events(), [1, 2, 3]);
}
