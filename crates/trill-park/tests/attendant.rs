//! The attendant: it serves what no thread parks for, and what a stuck thread would.
#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![allow(clippy::disallowed_methods)] // Threads that block are what is tested.

use std::future::{pending, poll_fn};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, mpsc};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use trill_park::{Driver, Due, Thread, block_on};

/// Sends on a channel when its deadline comes.
struct Bell(Mutex<Option<(Instant, mpsc::Sender<bool>)>>);

impl Bell {
    fn after(delay: Duration, send: mpsc::Sender<bool>) -> &'static Bell {
        Box::leak(Box::new(Bell(Mutex::new(Some((
            trill_world::now() + delay,
            send,
        ))))))
    }
}

impl Due for Bell {
    fn fire(&self, now: Instant) -> Option<Instant> {
        let mut bell = self.0.lock().unwrap();
        let (deadline, _) = bell.as_ref()?;
        if now < *deadline {
            return Some(*deadline);
        }
        let (_, send) = bell.take()?;
        let _ = send.send(thread::current().name() == Some("trill-attendant"));
        None
    }
}

/// A driver whose only events are those that a test posts.
#[derive(Default)]
struct Box1 {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    inside: bool,
    interrupted: bool,
    posted: Vec<mpsc::Sender<bool>>,
}

impl Box1 {
    fn post(&self, send: mpsc::Sender<bool>) {
        self.state.lock().unwrap().posted.push(send);
        self.changed.notify_all();
    }
}

impl Driver for Box1 {
    fn wait(&self, thread: &Thread, now: Instant, until: Option<Instant>) -> bool {
        let mut state = self.state.lock().unwrap();
        if std::mem::replace(&mut state.inside, true) {
            return false;
        }
        while state.posted.is_empty() && !state.interrupted {
            let Some(until) = until else {
                state = self.changed.wait(state).unwrap();
                continue;
            };
            let timeout = until.saturating_duration_since(now);
            let (woken, passed) = self.changed.wait_timeout(state, timeout).unwrap();
            state = woken;
            if passed.timed_out() {
                break;
            }
        }
        thread.awake();
        state.interrupted = false;
        state.inside = false;
        for send in std::mem::take(&mut state.posted) {
            let _ = send.send(thread.is_attendant());
        }
        true
    }

    fn interrupt(&self) {
        self.state.lock().unwrap().interrupted = true;
        self.changed.notify_all();
    }

    fn is_idle(&self) -> bool {
        false
    }
}

#[test]
fn deadline_served_outside_block_on_fires_in_the_attendant() {
    let (send, recv) = mpsc::channel();
    trill_park::thread()
        .serve(Bell::after(Duration::from_millis(1), send))
        .unwrap();
    trill_park::thread().unpark();
    assert_eq!(recv.recv(), Ok(true));
}

#[test]
fn deadline_of_a_thread_that_left_block_on_still_fires() {
    let (send, recv) = mpsc::channel();
    block_on(async {
        trill_park::thread()
            .serve(Bell::after(Duration::from_millis(5), send))
            .unwrap();
    });
    assert_eq!(recv.recv(), Ok(true));
}

#[test]
fn deadline_of_a_stuck_thread_fires_in_the_attendant() {
    let (send, recv) = mpsc::channel();
    block_on(async {
        trill_park::thread()
            .serve(Bell::after(Duration::from_millis(5), send))
            .unwrap();
        // Stuck in this poll until the bell rings, which only another thread can do.
        assert_eq!(recv.recv(), Ok(true));
    });
}

#[test]
fn stuck_thread_is_told_to_what_it_serves() {
    struct Told(Mutex<Option<mpsc::Sender<()>>>);
    impl Due for Told {
        fn fire(&self, _now: Instant) -> Option<Instant> {
            None
        }
        fn stalled(&self) {
            if let Some(send) = self.0.lock().unwrap().take() {
                send.send(()).unwrap();
            }
        }
    }
    let (send, recv) = mpsc::channel();
    let told: &'static Told = Box::leak(Box::new(Told(Mutex::new(Some(send)))));
    block_on(async {
        trill_park::thread().serve(told).unwrap();
        assert_eq!(recv.recv(), Ok(()));
        trill_park::thread().dismiss(told);
    });
}

// Fault 6b
#[test]
fn driver_without_a_parked_thread_is_driven_by_the_attendant() {
    let driver: &'static Box1 = Box::leak(Box::default());
    trill_park::thread().drive(driver).unwrap();
    let (send, recv) = mpsc::channel();
    driver.post(send);
    assert_eq!(recv.recv(), Ok(true));
}

// Fault 6b
#[test]
fn driver_of_a_stuck_thread_is_driven_by_the_attendant() {
    let driver: &'static Box1 = Box::leak(Box::default());
    let (send, recv) = mpsc::channel();
    block_on(async {
        trill_park::thread().drive(driver).unwrap();
        for _ in 0..20 {
            driver.post(send.clone());
            assert_eq!(recv.recv(), Ok(true));
        }
    });
}

#[test]
fn driver_of_a_stuck_thread_goes_to_a_healthy_one_first() {
    let driver: &'static Box1 = Box::leak(Box::default());
    let (ready, started) = mpsc::channel();
    for _ in 0..2 {
        let ready = ready.clone();
        // Parks for ever in the driver, or on the futex behind the other one.
        thread::spawn(move || {
            block_on(poll_fn(|_| {
                trill_park::thread().drive(driver).unwrap();
                ready.send(()).unwrap();
                Poll::<()>::Pending
            }))
        });
    }
    started.recv().unwrap();
    started.recv().unwrap();
    let (send, recv) = mpsc::channel();
    for _ in 0..20 {
        driver.post(send.clone());
        // Whoever delivered it, it came although this thread, too, might have.
        recv.recv().unwrap();
    }
}

#[test]
fn driver_goes_back_to_a_thread_that_parks() {
    let driver: &'static Box1 = Box::leak(Box::default());
    trill_park::thread().drive(driver).unwrap();
    let (ready, started) = mpsc::channel();
    thread::spawn(move || {
        block_on(async {
            trill_park::thread().drive(driver).unwrap();
            ready.send(()).unwrap();
            pending::<()>().await;
        })
    });
    started.recv().unwrap();
    let (send, recv) = mpsc::channel();
    // The attendant may deliver a few, but it gives way.
    while {
        driver.post(send.clone());
        recv.recv().unwrap()
    } {}
}

// Fault 6b
#[test]
fn driver_of_a_thread_that_left_block_on_is_taken_over() {
    let driver: &'static Box1 = Box::leak(Box::default());
    for _ in 0..50 {
        block_on(async { trill_park::thread().drive(driver).unwrap() });
        let (send, recv) = mpsc::channel();
        driver.post(send);
        assert_eq!(recv.recv(), Ok(true));
    }
}

#[test]
fn second_driver_of_a_thread_goes_to_the_attendant() {
    let first: &'static Box1 = Box::leak(Box::default());
    let second: &'static Box1 = Box::leak(Box::default());
    let third: &'static Box1 = Box::leak(Box::default());
    let (send, recv) = mpsc::channel();
    let mut posted = false;
    let delivered = AtomicU64::new(0);
    block_on(poll_fn(|cx| {
        let here = trill_park::thread();
        if !posted {
            for driver in [first, second, third] {
                here.drive(driver).unwrap();
            }
            second.post(send.clone());
            third.post(send.clone());
            posted = true;
        }
        delivered.fetch_add(recv.try_iter().count() as u64, Ordering::Relaxed);
        if delivered.load(Ordering::Relaxed) == 2 {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }));
}

/// Panics whenever it is fired.
struct Broken(AtomicU64);

impl Due for Broken {
    fn fire(&self, _now: Instant) -> Option<Instant> {
        self.0.fetch_add(1, Ordering::Relaxed);
        panic!("a deadline that is meant to panic");
    }
}

/// A driver that panics whenever somebody waits in it, until it is told to be idle.
struct BrokenDriver(AtomicU64);

impl Driver for BrokenDriver {
    fn wait(&self, _thread: &Thread, _now: Instant, _until: Option<Instant>) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed);
        panic!("a driver that is meant to panic");
    }

    fn interrupt(&self) {}

    fn is_idle(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= 3
    }
}

// Fault 6c
#[test]
fn what_panics_in_the_attendant_keeps_nobody_from_being_served() {
    // Served and driven outside `block_on`: nobody but the attendant looks after them.
    let broken: &'static Broken = Box::leak(Box::new(Broken(AtomicU64::new(0))));
    trill_park::thread().serve(broken).unwrap();
    let driver: &'static BrokenDriver = Box::leak(Box::new(BrokenDriver(AtomicU64::new(0))));
    trill_park::thread().drive(driver).unwrap();
    // Each of these comes after the broken ones in every turn.
    for turn in 0..3 {
        let (send, fired) = mpsc::channel();
        let bell = Bell::after(Duration::from_millis(turn), send);
        trill_park::thread().serve(bell).unwrap();
        trill_park::thread().unpark();
        assert_eq!(fired.recv(), Ok(true));
        trill_park::thread().dismiss(bell);
    }
    while driver.0.load(Ordering::Relaxed) < 3 {
        thread::yield_now();
    }
    assert!(broken.0.load(Ordering::Relaxed) > 0);
    trill_park::thread().dismiss(broken);
}
