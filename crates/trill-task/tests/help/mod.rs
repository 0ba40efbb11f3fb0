//! What the tests of scopes, groups and waiting for many share.
#![allow(dead_code)] // Each test file uses a part of it.
#![allow(clippy::unwrap_used)] // A poisoned lock is a failed test.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use trill_executor::Executor;
use trill_world::VirtualWorld;

/// Runs a program in a simulated world, on an executor that is found by `ambient::spawn`.
pub(crate) fn in_world<T>(seed: u64, program: impl Future<Output = T>) -> T {
    VirtualWorld::new(seed).run(|| {
        let ex = Executor::new();
        trill_park::block_on(ex.run(program))
    })
}

/// Runs a program in a simulated world as a task among the others, so that the world orders it, too.
pub(crate) fn in_task<T: Send>(seed: u64, program: impl Future<Output = T> + Send) -> T {
    VirtualWorld::new(seed).run(|| {
        let ex = Executor::new();
        let task = ex.spawn(program);
        trill_park::block_on(ex.run(task))
    })
}

/// Calls a closure when dropped.
pub(crate) struct OnDrop<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Counts how many of something live.
#[derive(Clone, Debug, Default)]
pub(crate) struct Alive(Arc<AtomicUsize>);

impl Alive {
    pub(crate) fn new() -> Alive {
        Alive::default()
    }

    /// One that lives until dropped.
    pub(crate) fn one(&self) -> One {
        self.0.fetch_add(1, Ordering::SeqCst);
        One(self.clone())
    }

    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

#[derive(Debug)]
pub(crate) struct One(Alive);

impl Drop for One {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A log of what happened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn new() -> Log {
        Log::default()
    }

    pub(crate) fn add(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// A flag that any number wait for and anybody sets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate(Arc<Mutex<(bool, Vec<Waker>)>>);

impl Gate {
    pub(crate) fn new() -> Gate {
        Gate::default()
    }

    pub(crate) fn open(&self) {
        let wakers = {
            let mut state = self.0.lock().unwrap();
            state.0 = true;
            std::mem::take(&mut state.1)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn wait(&self) -> impl Future<Output = ()> + Send + use<> {
        let gate = self.clone();
        poll_fn(move |cx| {
            let mut state = gate.0.lock().unwrap();
            if state.0 {
                return Poll::Ready(());
            }
            state.1.push(cx.waker().clone());
            Poll::Pending
        })
    }
}

/// Gives way `turns` times.
pub(crate) async fn turns(turns: usize) {
    for _ in 0..turns {
        trill_executor::yield_now().await;
    }
}

/// Polls once with a waker that does nothing.
pub(crate) fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Returns a waker and how often it was called.
pub(crate) fn counting_waker() -> (Waker, Arc<AtomicUsize>) {
    struct Counting(Arc<AtomicUsize>);
    impl Wake for Counting {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let count = Arc::new(AtomicUsize::new(0));
    (Waker::from(Arc::new(Counting(count.clone()))), count)
}

/// Runs a body that panics, without printing; returns the panic's text.
pub(crate) fn panic_of(body: impl FnOnce()) -> String {
    let payload = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).unwrap_err();
    text_of(&*payload)
}

/// The text of a panic.
pub(crate) fn text_of(payload: &(dyn std::any::Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_string())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "not a text".to_string())
}

/// Numbers from the world's stream for schedules.
pub(crate) fn below(n: u64) -> u64 {
    trill_world::random("schedule") % n
}

/// Prints no panics whose text is "expected"; all others as ever.
pub(crate) fn hush_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let print = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if info.payload().downcast_ref::<&str>().copied() != Some("expected") {
                print(info);
            }
        }));
    });
}

static REPORTS: AtomicUsize = AtomicUsize::new(0);

/// Counts failures that are reported because nobody receives them.
pub(crate) fn count_reports() {
    trill_cell::on_unhandled(&|_| {
        REPORTS.fetch_add(1, Ordering::SeqCst);
    });
}

pub(crate) fn forget_reports() {
    REPORTS.store(0, Ordering::SeqCst);
}

pub(crate) fn reported() -> usize {
    REPORTS.load(Ordering::SeqCst)
}
