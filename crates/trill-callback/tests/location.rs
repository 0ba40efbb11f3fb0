//! What a waiting loop tells of itself, and where.

#![cfg_attr(rustfmt, rustfmt_skip)] // Each await stands on the line whose number is given.

mod support;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};

use support::ms;
use trill_callback::Callbacks;
use trill_cell::{Header, Kind, Spawned};

#[test]
fn a_loop_that_waits_tells_where_it_is_awaited() {
    support::in_world(|_| {
        for delay in [None, Some(ms(1000))] {
            let callbacks = Callbacks::new();
            if let Some(delay) = delay {
                callbacks.call_later(delay, || {});
            }
            let header = Header::new(Spawned::here());
            let line = line!() + 1;
            let mut future: Pin<Box<dyn Future<Output = ()>>> = Box::pin(async { callbacks.run().await });
            let mut cx = Context::from_waker(Waker::noop());
            trill_park::block_on(async {
                assert!(header.poll(|| future.as_mut().poll(&mut cx)).is_pending());
            });
            let wait = header.wait().expect("a task that waits says so");
            let location = wait.location.expect("a leaf gives its location");
            assert_eq!(wait.kind, Kind::Notification);
            assert_eq!((location.file(), location.line()), (file!(), line));
        }
    });
}

#[test]
fn the_one_who_runs_a_loop_twice_is_named() {
    let callbacks = Callbacks::new();
    let mut first = callbacks.run();
    assert!(support::poll_once(&mut first).is_pending());
    let at = std::sync::Arc::new(std::sync::Mutex::new(None));
    let noted = at.clone();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let line = info
            .location()
            .map(|location| (location.file().to_string(), location.line()));
        *noted.lock().expect("nobody panics here") = line;
    }));
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut second = callbacks.run();
        let mut cx = Context::from_waker(Waker::noop());
        Pin::new(&mut second).poll(&mut cx).is_ready()
    }));
    let line = line!() - 2;
    std::panic::set_hook(before);
    assert!(caught.is_err());
    assert_eq!(
        *at.lock().expect("nobody panics there"),
        Some((file!().to_string(), line))
    );
}
