//! The cases of trill-timer: dropping one leaves no timer behind that wakes somebody.

use std::cell::{Cell, RefCell};
use std::time::Instant;

use trill_timer::{Interval, Timer};
use trill_world::now;

use crate::case;
use crate::harness::ms;
use crate::work::Work;

/// Asserts that the clock stands `count` ms after `start`, or that nothing was returned.
fn waited(start: &Instant, output: Option<()>, count: u32) {
    if output.is_some() {
        assert!(now() >= *start + ms(count), "it was early");
    }
}

case!(sleep: "trill_timer::sleep",
    setup: now(),
    wait: |_| trill_timer::sleep(ms(3)).await,
    behind: |_| { trill_timer::sleep(ms(3)).await },
    after: |start, output| { waited(start, output, 3) },
);

case!(sleep_until: "trill_timer::sleep_until",
    setup: now(),
    wait: |start| trill_timer::sleep_until(*start + ms(3)).await,
    behind: |start| { trill_timer::sleep_until(*start + ms(3)).await },
    after: |start, output| { waited(start, output, 3) },
);

case!(interval_tick: "trill_timer::Interval::tick",
    setup: (now(), RefCell::new(trill_timer::interval_at(now() + ms(2), ms(2))), Cell::new(0)),
    wait: |(_, interval, ticks)| {
        // A tick borrows the interval, so nobody else can use it meanwhile.
        let mut interval = interval.borrow_mut();
        for _ in 0..2 {
            tick(&mut interval, ticks).await;
        }
    },
    after: |(start, interval, ticks), _| {
        // The dropped tick is not lost: the next call returns it.
        let mut interval = interval.borrow_mut();
        let before = ticks.get();
        let deadline = interval.tick().await;
        assert_eq!(deadline, *start + ms(2 * (before + 1)));
    },
    keeps: "the interval lives on, and its next tick takes the place of the waker",
);

async fn tick(interval: &mut Interval, ticks: &Cell<u32>) {
    interval.tick().await;
    ticks.set(ticks.get() + 1);
}

case!(timeout: "trill_timer::timeout",
    setup: (now(), Work::default()),
    wait: |(_, work)| trill_timer::timeout(ms(3), work.endless::<()>()).await.is_err(),
    behind: |_| { trill_timer::sleep(ms(3)).await },
    after: |(start, work), output| {
        assert_ne!(output, Some(false), "nothing else ends it");
        waited(start, output.map(drop), 3);
        work.is_gone().await;
    },
);

case!(timeout_at: "trill_timer::timeout_at",
    setup: (now(), Work::default()),
    wait: |(start, work)| trill_timer::timeout_at(*start + ms(4), work.of(2, ())).await.is_ok(),
    after: |(start, work), output| {
        assert_ne!(output, Some(false), "the inner future comes first");
        waited(start, output.map(drop), 2);
        work.is_gone().await;
    },
);

case!(timer_after: "trill_timer::Timer::after",
    setup: now(),
    wait: |_| { Timer::after(ms(3)).await; },
    behind: |_| { Timer::after(ms(3)).await; },
    after: |start, output| { waited(start, output, 3) },
);

case!(timer_at: "trill_timer::Timer::at",
    setup: now(),
    wait: |start| { Timer::at(*start + ms(3)).await; },
    behind: |start| { Timer::at(*start + ms(3)).await; },
    after: |start, output| { waited(start, output, 3) },
);

case!(timer_interval: "trill_timer::Timer::interval",
    setup: (now(), RefCell::new(Timer::interval(ms(2))), Cell::new(0)),
    wait: |(_, timer, ticks)| {
        let mut timer = timer.borrow_mut();
        for _ in 0..2 {
            (&mut *timer).await;
            ticks.set(ticks.get() + 1);
        }
    },
    after: |(start, timer, ticks), _| {
        let before = ticks.get();
        assert_eq!((&mut *timer.borrow_mut()).await, *start + ms(2 * (before + 1)));
    },
    keeps: "the timer lives on; only a wait for it was dropped",
);

case!(timer_interval_at: "trill_timer::Timer::interval_at",
    setup: (now(), RefCell::new(Timer::interval_at(now() + ms(3), ms(2))), Cell::new(0)),
    wait: |(_, timer, ticks)| {
        let mut timer = timer.borrow_mut();
        for _ in 0..2 {
            (&mut *timer).await;
            ticks.set(ticks.get() + 1);
        }
    },
    after: |(start, timer, ticks), _| {
        let before = ticks.get();
        assert_eq!((&mut *timer.borrow_mut()).await, *start + ms(3 + 2 * before));
    },
    keeps: "the timer lives on; only a wait for it was dropped",
);

case!(timer_never: "trill_timer::Timer::never",
    setup: now(),
    // It never fires, so it is set to fire once it has been polled.
    wait: |_| {
        let mut timer = Timer::never();
        assert!(futures_lite::future::poll_once(&mut timer).await.is_none());
        timer.set_after(ms(2));
        timer.await;
    },
    after: |start, output| { waited(start, output, 2) },
);
