//! What the seeded searches share: a scheduler that leaves each choice to the world, and a request to cancel.
#![allow(dead_code, unreachable_pub)] // Each test file takes what it needs.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use trill_world::{VirtualWorld, pick};

/// Runs `scenario` in a world of its own for each of `seeds` seeds.
pub fn search(seeds: u64, scenario: impl Fn()) {
    let seeds = if cfg!(miri) { 3 } else { seeds };
    for seed in 0..seeds {
        let _named = NameSeed(seed);
        VirtualWorld::new(seed).run(&scenario);
    }
}

/// Says which seed failed.
struct NameSeed(u64);

impl Drop for NameSeed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the seed that failed: {}", self.0);
        }
    }
}

/// Whether something happens that does so once in `n` times.
pub fn once_in(n: usize) -> bool {
    pick(n) == 0
}

/// Tasks that one thread polls in an order that the world chooses; each is polled only when it was woken.
#[derive(Default)]
pub struct Schedule<'a> {
    tasks: Vec<Option<Task<'a>>>,
}

struct Task<'a> {
    future: Pin<Box<dyn Future<Output = ()> + 'a>>,
    woken: Arc<Woken>,
    may_be_dropped: bool,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl<'a> Schedule<'a> {
    pub fn new() -> Schedule<'a> {
        Schedule::default()
    }

    /// Adds a task that must end by itself.
    pub fn spawn(&mut self, future: impl Future<Output = ()> + 'a) {
        self.add(future, false);
    }

    /// Adds a task that may be dropped at any time.
    pub fn spawn_fragile(&mut self, future: impl Future<Output = ()> + 'a) {
        self.add(future, true);
    }

    fn add(&mut self, future: impl Future<Output = ()> + 'a, may_be_dropped: bool) {
        self.tasks.push(Some(Task {
            future: Box::pin(future),
            woken: Arc::new(Woken(AtomicBool::new(true))),
            may_be_dropped,
        }));
    }

    /// Polls one task that was woken, or drops a fragile one; returns whether there was something to do.
    pub fn step(&mut self) -> bool {
        let of = |wanted: fn(&Task<'_>) -> bool| {
            let tasks = self.tasks.iter().enumerate();
            let wanted = tasks.filter(|(_, task)| task.as_ref().is_some_and(wanted));
            wanted.map(|(index, _)| index).collect::<Vec<_>>()
        };
        let fragile = of(|task| task.may_be_dropped);
        if !fragile.is_empty() && once_in(8) {
            self.tasks[fragile[pick(fragile.len())]] = None;
            return true;
        }
        let runnable = of(|task| task.woken.0.load(Ordering::SeqCst));
        if runnable.is_empty() {
            return false;
        }
        let slot = &mut self.tasks[runnable[pick(runnable.len())]];
        let Some(task) = slot else {
            return false;
        };
        task.woken.0.store(false, Ordering::SeqCst);
        let waker = Waker::from(task.woken.clone());
        let polled = task.future.as_mut().poll(&mut Context::from_waker(&waker));
        if polled.is_ready() {
            *slot = None;
        }
        true
    }

    /// Runs until nothing is runnable, and `check`s after each step.
    pub fn run_checking(&mut self, check: impl Fn()) {
        for _ in 0..STEPS_MAX {
            if !self.step() {
                return;
            }
            check();
        }
        panic!("it does not come to an end");
    }

    /// Runs until all tasks have ended; a task that waits for ever is a lost wake-up.
    pub fn finish(&mut self, check: impl Fn()) {
        self.run_checking(check);
        let left = self.tasks.iter().flatten().count();
        assert_eq!(left, 0, "{left} tasks wait and nobody wakes them");
    }

    /// Does as [`finish`](Schedule::finish), but fragile tasks may go on waiting.
    pub fn finish_but_fragile(&mut self, check: impl Fn()) {
        self.run_checking(check);
        let left = self.tasks.iter().flatten();
        let left = left.filter(|task| !task.may_be_dropped).count();
        assert_eq!(left, 0, "{left} tasks wait and nobody wakes them");
    }
}

/// More steps than any scenario takes.
const STEPS_MAX: usize = 10_000;

/// Lets others run, sometimes.
pub async fn jitter() {
    for _ in 0..pick(3) {
        let mut yielded = false;
        poll_fn(|cx| {
            if yielded {
                return Poll::Ready(());
            }
            yielded = true;
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

/// A request to cancel that stays once it was made.
#[derive(Default)]
pub struct Request {
    made: Cell<bool>,
    wakers: RefCell<Vec<Waker>>,
}

/// Says that a future was given up because of a [`Request`].
#[derive(Debug, PartialEq, Eq)]
pub struct Cancelled;

impl Request {
    pub fn make(&self) {
        self.made.set(true);
        self.wakers.take().into_iter().for_each(Waker::wake);
    }

    /// Runs `future` until it is ready or the request is made; then it is dropped, and who asked goes on.
    pub async fn run<F: Future>(&self, future: F) -> Result<F::Output, Cancelled> {
        let mut future = pin!(future);
        poll_fn(|cx| {
            if self.made.get() {
                return Poll::Ready(Err(Cancelled));
            }
            self.wakers.borrow_mut().push(cx.waker().clone());
            future.as_mut().poll(cx).map(Ok)
        })
        .await
    }
}

/// Waits for a future, but gives up at a moment that the world chooses, as `select` with a timer does.
pub async fn or_give_up<F: Future>(future: F) -> Result<F::Output, Cancelled> {
    let mut future = pin!(future);
    let mut polls = 1 + pick(4);
    let woken_anyway = once_in(2);
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(Ok(output));
        }
        polls -= 1;
        if polls == 0 {
            return Poll::Ready(Err(Cancelled));
        }
        if woken_anyway {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    })
    .await
}
