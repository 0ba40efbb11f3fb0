//! Timers that only the attendant can fire, in a process where nobody else makes it look.
//!
//! While some thread runs in `block_on` the attendant looks around every few milliseconds, which would hide that nobody told it of an
//! earlier deadline. So these tests run one at a time, and apart from others.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::sync::mpsc::Receiver;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::{ATTENDANT, caller, ms, poll_with};
use trill_timer::{sleep, sleep_until, timeout};

const HOUR: Duration = Duration::from_secs(3600);

/// Runs a test alone.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until the attendant has called a waker. The limit is only there to fail instead of hanging.
fn called_by_attendant(calls: &Receiver<Option<String>>) {
    let caller = calls.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!(caller.as_deref(), Some(ATTENDANT));
}

#[test]
fn attendant_is_told_of_an_earlier_deadline() {
    let _alone = alone();
    let (waker, calls) = caller();
    let mut later = sleep(HOUR);
    assert!(poll_with(&mut later, &waker).is_pending());
    // The attendant sleeps to the first one by now, or is about to.
    for _ in 0..20 {
        let mut sooner = sleep(ms(1));
        assert!(poll_with(&mut sooner, &waker).is_pending());
        called_by_attendant(&calls);
    }
    later.reset(trill_world::now() + ms(1));
    called_by_attendant(&calls);
}

#[test]
fn reset_reaches_a_timer_whose_thread_left_block_on() {
    let _alone = alone();
    let (waker, calls) = caller();
    let mut sleeping = sleep(HOUR);
    trill_park::block_on(async { assert!(poll_with(&mut sleeping, &waker).is_pending()) });
    // After a few timers of its own the attendant has seen that no thread runs any more, and sleeps as long as it may.
    for _ in 0..5 {
        let mut between = sleep(ms(5));
        assert!(poll_with(&mut between, &waker).is_pending());
        called_by_attendant(&calls);
    }
    sleeping.reset(trill_world::now() + ms(1));
    called_by_attendant(&calls);
}

// The clock is not read for a timer that was far away before the poll.
#[test]
fn a_far_sleep_that_is_polled_over_and_over_in_one_poll_ends() {
    let _alone = alone();
    let (waker, _calls) = caller();
    trill_park::block_on(async {
        // After the turn that this one takes the thread has a reading of the clock.
        sleep(ms(1)).await;
        let deadline = trill_world::now() + ms(100);
        let mut sleeping = sleep_until(deadline);
        while poll_with(&mut sleeping, &waker).is_pending() {
            std::thread::yield_now();
        }
        assert!(trill_world::now() >= deadline);
    });
}

#[test]
fn timers_work_under_a_foreign_executor() {
    let _alone = alone();
    futures_lite::future::block_on(async {
        let deadline = trill_world::now() + ms(1);
        sleep(ms(1)).await;
        assert!(trill_world::now() >= deadline);
        let limited = timeout(ms(1), std::future::pending::<()>()).await;
        assert!(limited.is_err());
    });
}
