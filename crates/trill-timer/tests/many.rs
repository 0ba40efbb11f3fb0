//! A million timers.

mod common;

use std::time::Duration;

use common::{Count, fired, in_world, poll_with};
use trill_timer::{Sleep, sleep_until};

const MILLION: usize = 1_000_000;

/// Arms a million sleeps, each `nanos` of its number after a second from now, and checks that all are fired.
fn fire_a_million(nanos: impl Fn(usize) -> u64) {
    in_world(async {
        let first = trill_world::now() + Duration::from_secs(1);
        let (count, waker) = Count::new();
        let mut last = first;
        let mut sleeps: Vec<Sleep> = (0..MILLION)
            .map(|number| {
                let deadline = first + Duration::from_nanos(nanos(number));
                last = last.max(deadline);
                let mut sleep = sleep_until(deadline);
                assert!(poll_with(&mut sleep, &waker).is_pending());
                sleep
            })
            .collect();
        // Every tenth is dropped before.
        let mut number = 0;
        sleeps.retain(|_| {
            number += 1;
            number % 10 != 0
        });
        fired(first - Duration::from_nanos(1)).await;
        assert_eq!(count.get(), 0);
        fired(last).await;
        assert_eq!(count.get(), MILLION / 10 * 9);
        let mut ready = sleeps
            .iter_mut()
            .map(|sleep| poll_with(sleep, &waker).is_ready());
        assert!(trill_cell::unbudgeted(|| ready.all(|ready| ready)));
    });
}

// Fault 38a
#[test]
fn million_timers_of_one_deadline_fire() {
    fire_a_million(|_| 0);
}

// Fault 38a
#[test]
fn million_timers_over_ten_minutes_fire() {
    fire_a_million(|number| (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) % 600_000_000_000);
}
