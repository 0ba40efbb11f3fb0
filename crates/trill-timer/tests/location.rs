//! The location of an await is the line of the user's program.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::future::{Future, pending};
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use common::in_world;
use trill_cell::{Header, Kind, Spawned, Wait};
use trill_timer::{Timer, interval, sleep, sleep_until, timeout, timeout_at};

/// Polls a task once, and returns what it waits for.
fn wait_of(future: impl Future) -> Wait {
    let header = Header::new(Spawned::here());
    let mut future = pin!(future);
    in_world(async {
        let mut cx = Context::from_waker(Waker::noop());
        assert!(header.poll(|| future.as_mut().poll(&mut cx)).is_pending());
    });
    header.wait().unwrap()
}

fn check(wait: Wait, line: u32, ms: u64) {
    let location = wait.location.unwrap();
    assert_eq!((location.file(), location.line()), (file!(), line));
    assert_eq!((wait.kind, wait.value), (Kind::Timer, ms));
}

const SECOND: Duration = Duration::from_secs(1);

/// All 48 bits.
const NEVER: u64 = (1 << 48) - 1;

#[test]
fn await_of_a_sleep_is_located() {
    let wait = wait_of(async {
        sleep(SECOND).await;
    });
    check(wait, line!() - 2, 1000);
    let wait = wait_of(async {
        sleep(Duration::from_nanos(1)).await;
    });
    check(wait, line!() - 2, 1);
    let wait = wait_of(async {
        sleep(Duration::MAX).await;
    });
    check(wait, line!() - 2, NEVER);
    let wait = wait_of(async {
        sleep_until(trill_world::now() + SECOND).await;
    });
    check(wait, line!() - 2, 1000);
}

#[test]
fn await_of_a_timeout_is_located() {
    let wait = wait_of(async {
        let _ = timeout(SECOND, pending::<()>()).await;
    });
    check(wait, line!() - 2, 1000);
    let wait = wait_of(async {
        let _ = timeout_at(trill_world::now() + SECOND, pending::<()>()).await;
    });
    check(wait, line!() - 2, 1000);
    // The body's own wait is counted, too, and without a limit it is the only one.
    let wait = wait_of(async {
        let _ = timeout(SECOND, sleep(2 * SECOND)).await;
    });
    assert_eq!(wait.leaves, 2);
    check(wait, line!() - 3, 1000);
    let wait = wait_of(async {
        let _ = timeout(Duration::MAX, sleep(2 * SECOND)).await;
    });
    assert_eq!(wait.leaves, 1);
    check(wait, line!() - 3, 2000);
}

#[test]
fn await_of_a_tick_is_located() {
    let wait = wait_of(async {
        let mut ticks = interval(SECOND);
        ticks.tick().await;
        ticks.tick().await;
    });
    check(wait, line!() - 2, 1000);
}

#[test]
fn await_of_a_timer_is_located() {
    let wait = wait_of(async {
        Timer::after(SECOND).await;
    });
    check(wait, line!() - 2, 1000);
    let wait = wait_of(async {
        Timer::never().await;
    });
    check(wait, line!() - 2, NEVER);
}
