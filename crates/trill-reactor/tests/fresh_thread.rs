//! What a new thread inherits of one that has ended. Alone in its process, so that no other thread comes between them.
#![cfg(unix)]
#![allow(clippy::disallowed_methods)] // Threads that are joined at once.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::os::unix::net::UnixStream;
use std::task::Waker;
use std::thread;

use support::{poll, yield_now};
use trill_reactor::{Async, Reactor, block_on};

#[test]
fn a_new_thread_parks_in_its_own_reactor_and_not_in_one_that_an_ended_thread_has_left_busy() {
    let (before, own) = (new_reactor(), new_reactor());
    let (a, _b) = UnixStream::pair().unwrap();
    let busy = thread::scope(|scope| {
        let first = scope.spawn(|| {
            let _entered = before.enter();
            block_on(async {
                let source = Async::new(a).unwrap();
                assert!(poll(&mut source.readable(), Waker::noop()).is_pending());
                source
            })
        });
        first.join().unwrap()
    });
    assert_eq!(before.sources(), 1);

    thread::scope(|scope| {
        scope.spawn(|| {
            let _entered = own.enter();
            block_on(async {
                // Its reactor is idle, so that nobody else takes turns in it.
                let turns = own.turns() + 3;
                for _ in 0..YIELDS_MAX {
                    if own.turns() >= turns {
                        return;
                    }
                    yield_now().await;
                }
                panic!("the thread took no turns in its reactor");
            });
        });
    });
    drop(busy);
}

fn new_reactor() -> Reactor {
    Reactor::builder().build().unwrap()
}

/// A turn comes every 50 µs at the latest, and a yield takes 20 ns at least.
const YIELDS_MAX: usize = 10_000_000;
