//! What several test files need.
#![allow(dead_code)] // Each file uses a part of it.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use trill_timer::sleep_until;
use trill_world::VirtualWorld;

/// Runs `future` in a fresh virtual world, where time jumps to the next deadline when everybody waits.
pub(crate) fn in_world<T>(future: impl Future<Output = T>) -> T {
    VirtualWorld::new(1).run(|| trill_park::block_on(future))
}

pub(crate) fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Polls once with a waker that does nothing.
pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_with(future, Waker::noop())
}

/// Polls once with the given waker.
pub(crate) fn poll_with<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}

/// Counts wakes.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicUsize);

impl Count {
    pub(crate) fn new() -> (Arc<Count>, Waker) {
        let count = Arc::new(Count::default());
        (count.clone(), Waker::from(count))
    }

    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Writes down who was woken and when.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<(usize, Instant)>>>);

impl Log {
    /// A waker that writes down `id`.
    pub(crate) fn waker(&self, id: usize) -> Waker {
        struct Entry(Log, usize);
        impl Wake for Entry {
            fn wake(self: Arc<Self>) {
                let mut log = self.0.0.lock().unwrap();
                log.push((self.1, trill_world::now()));
            }
        }
        Waker::from(Arc::new(Entry(self.clone(), id)))
    }

    /// Takes what was written since the last call.
    pub(crate) fn take(&self) -> Vec<(usize, Instant)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// Takes who was woken since the last call, in order.
    pub(crate) fn take_ids(&self) -> Vec<usize> {
        self.take().into_iter().map(|(id, _)| id).collect()
    }
}

/// Waits until the wheel has fired a timer of `deadline`, and so every timer that was armed with one up to it.
///
/// Just awaiting a sleep does not say so: it is also ready if it is polled first and sees the clock.
pub(crate) async fn fired(deadline: Instant) {
    struct Bell(AtomicBool, Waker);
    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
            self.1.wake_by_ref();
        }
    }
    let root = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
    let bell = Arc::new(Bell(AtomicBool::new(false), root));
    let mut sleep = sleep_until(deadline);
    if poll_with(&mut sleep, &Waker::from(bell.clone())).is_pending() {
        poll_fn(|_| match bell.0.load(Ordering::SeqCst) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }
}

/// Sends the name of the thread that calls it.
struct Caller(mpsc::Sender<Option<String>>);

/// A waker, and where it sends the names.
pub(crate) fn caller() -> (Waker, mpsc::Receiver<Option<String>>) {
    let (send, recv) = mpsc::channel();
    (Waker::from(Arc::new(Caller(send))), recv)
}

impl Wake for Caller {
    fn wake(self: Arc<Self>) {
        let name = thread::current().name().map(str::to_string);
        let _ = self.0.send(name);
    }
}

/// What the attendant thread is called.
pub(crate) const ATTENDANT: &str = "trill-attendant";
