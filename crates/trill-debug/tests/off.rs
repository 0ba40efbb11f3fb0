//! Off, debug mode listens to nothing. One test, because the switch is the process's.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{LIMIT, run_task};
use trill_debug::{Config, Finding, HomeThread, disable, enable, is_enabled};
use trill_park::block_on;
use trill_sync::Mutex;
use trill_timer::sleep;

/// A slow poll, a blocking call, a long hold: three findings.
fn sin() {
    run_task("sinner", |world| async move {
        world.advance(LIMIT);
        sleep(LIMIT).await;
        block_on(async {});
        let mutex = Mutex::new(());
        let _guard = mutex.lock().await;
        sleep(LIMIT).await;
    });
    HomeThread::here("nothing").check();
}

/// How many observers trill-cell has.
fn observers() -> usize {
    let count = Cell::new(0);
    trill_cell::observers(|_| count.set(count.get() + 1));
    count.get()
}

/// Whether trill-park has an inspector.
fn is_inspected() -> bool {
    let is = Cell::new(false);
    trill_park::inspected(|_| is.set(true));
    is.get()
}

#[test]
fn off_means_no_listener_call_and_no_observer() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counting = |calls: &Arc<AtomicUsize>| {
        let calls = calls.clone();
        Config::new().listener(move |_| {
            calls.fetch_add(1, Ordering::SeqCst);
        })
    };
    let config = counting(&calls);
    sin();
    assert!(!is_enabled());
    assert_eq!((observers(), is_inspected()), (0, false));
    assert_eq!(calls.load(Ordering::SeqCst), 0);

    enable(config);
    sin();
    assert_eq!((observers(), is_inspected()), (1, true));
    assert_eq!(calls.load(Ordering::SeqCst), 3);

    // Another configuration takes the place of the first.
    let others = Arc::default();
    enable(counting(&others).slow_poll(LIMIT * 2).long_hold(LIMIT * 2));
    sin();
    assert_eq!((observers(), is_inspected()), (1, true));
    assert_eq!(calls.load(Ordering::SeqCst), 3);
    assert_eq!(others.load(Ordering::SeqCst), 1);

    disable();
    sin();
    assert!(!is_enabled() && !is_inspected());
    assert_eq!(others.load(Ordering::SeqCst), 1);

    // A listener may do whatever is looked for, and may panic.
    let calls = Arc::new(AtomicUsize::new(0));
    enable(Config::new().listener({
        let calls = calls.clone();
        move |finding: &Finding| {
            calls.fetch_add(1, Ordering::SeqCst);
            block_on(async { block_on(async {}) });
            panic!("expected: {finding}");
        }
    }));
    sin();
    assert_eq!(calls.load(Ordering::SeqCst), 3);
    disable();
}
