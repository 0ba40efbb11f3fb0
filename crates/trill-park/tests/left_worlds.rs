//! A thread lets go of a simulated world that it has left for another, and of no world that it is still in.
#![cfg(not(loom))]
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex, Weak};
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};

use trill_park::block_on;
use trill_world::{Body, Simulate, Spot, World};

/// A world of one thread whose clock moves when somebody waits.
#[derive(Debug)]
struct Stepping(Instant, Mutex<Duration>);

impl Simulate for Stepping {
    fn origin(&self) -> Instant {
        self.0
    }

    fn now(&self) -> Instant {
        self.0 + *self.1.lock().unwrap()
    }

    fn system_time(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + *self.1.lock().unwrap()
    }

    fn random(&self, _stream: &'static str) -> u64 {
        4
    }

    fn pick(&self, _n: usize) -> usize {
        0
    }

    fn start_thread(&self, _name: String, _body: Body) -> io::Result<()> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "this world has one thread",
        ))
    }

    fn thread_entered(&self) {}

    fn thread_left(&self) {}

    fn park(&self, _spot: Spot, _until: Option<Instant>) {
        *self.1.lock().unwrap() += Duration::from_secs(1);
    }

    fn unpark(&self, _spot: Spot) {}
}

fn stepping() -> (World, Weak<Stepping>) {
    let state = Arc::new(Stepping(trill_world::now(), Mutex::default()));
    let weak = Arc::downgrade(&state);
    (World::simulated(state), weak)
}

/// Parks once in the world.
fn visit(world: &World) {
    let _entered = world.enter();
    let mut polls = 0;
    block_on(poll_fn(|cx| {
        polls += 1;
        if polls == 2 {
            return Poll::Ready(());
        }
        if polls == 1 {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }));
}

#[test]
fn a_world_is_dropped_once_its_thread_has_gone_to_another() {
    let (first, seen) = stepping();
    visit(&first);
    drop(first);
    let (second, _) = stepping();
    visit(&second);
    assert!(seen.upgrade().is_none());
}

#[test]
fn a_world_is_dropped_when_its_thread_ends() {
    let seen = std::thread::scope(|scope| {
        let inside = scope.spawn(|| {
            let (world, seen) = stepping();
            visit(&world);
            seen
        });
        inside.join().unwrap()
    });
    assert!(seen.upgrade().is_none());
}

#[test]
fn a_world_that_another_was_entered_in_works_on_and_is_dropped_after() {
    let (outer, outer_seen) = stepping();
    let (inner, inner_seen) = stepping();
    {
        let _entered = outer.enter();
        block_on(async {
            visit(&inner);
            drop(inner);
            // This parks in the outer world, whose record the thread has not kept.
            visit(&World::current());
        });
    }
    drop(outer);
    let (last, _) = stepping();
    visit(&last);
    assert!(outer_seen.upgrade().is_none());
    assert!(inner_seen.upgrade().is_none());
}
