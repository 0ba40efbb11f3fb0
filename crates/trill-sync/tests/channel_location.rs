//! The line of the await is what a task is seen to wait at.
#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![cfg(not(loom))]

use std::future::Future;
use std::panic::Location;
use std::pin::pin;
use std::task::{Context, Waker};

use futures_core::Stream;
use trill_cell::{Header, Kind, Spawned, Wait};
use trill_sync::channel::{bounded, broadcast, oneshot, unbounded, watch};

/// Polls `future` as a task until it waits; returns what it waits for.
fn wait_of<F: Future>(future: F) -> Wait {
    let header = Header::new(Spawned::here());
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    let pending = header.poll(|| future.as_mut().poll(&mut cx).is_pending());
    assert!(pending, "the future was expected to wait");
    header.wait().unwrap()
}

/// Asserts that `$future`, awaited here, is seen to wait for `$kind` on this very line.
macro_rules! assert_waits_here {
    ($kind:expr, $future:expr) => {
        // Both the await and `line!` count as standing where the macro is called.
        let wait = wait_of(async { $future.await });
        let location: &Location<'_> = wait.location.unwrap();
        assert_eq!((location.file(), location.line()), (file!(), line!()));
        assert_eq!((wait.kind, wait.leaves), ($kind, 1));
    };
}

#[test]
fn plain_await_is_seen_at_its_line() {
    let (sender, receiver) = bounded(1);
    let mut here = 0;
    let wait = wait_of(async {
        sender.send(1).await.unwrap();
        receiver.recv().await.unwrap();
        here = line!() + 1;
        receiver.recv().await.unwrap();
        sender.send(2).await.unwrap();
    });
    assert_eq!(wait.location.unwrap().line(), here);
}

#[test]
fn recv_is_seen_at_its_await() {
    let (_sender, receiver) = unbounded::<i32>();
    assert_waits_here!(Kind::Receive, receiver.recv());
    let mut batch = Vec::new();
    assert_waits_here!(Kind::Receive, receiver.recv_many(&mut batch, 3));
}

#[test]
fn send_and_reserve_are_seen_at_their_await() {
    let (sender, _receiver) = bounded(1);
    sender.try_send(1).unwrap();
    assert_waits_here!(Kind::Send, sender.send(2));
    assert_waits_here!(Kind::Send, sender.reserve());
    assert_waits_here!(Kind::Notification, sender.closed());
}

#[test]
fn stream_is_seen_where_it_is_polled() {
    let (_sender, receiver) = unbounded::<i32>();
    let mut receiver = pin!(receiver);
    let mut here = 0;
    let wait = wait_of(std::future::poll_fn(|cx| {
        here = line!() + 1;
        receiver.as_mut().poll_next(cx)
    }));
    assert_eq!(wait.kind, Kind::Receive);
    assert_eq!(wait.location.unwrap().line(), here);
}

#[test]
fn oneshot_is_seen_at_its_await() {
    let (mut sender, receiver): (_, oneshot::Receiver<i32>) = oneshot::channel();
    assert_waits_here!(Kind::Notification, sender.closed());
    assert_waits_here!(Kind::Receive, receiver);
}

#[test]
fn broadcast_is_seen_at_its_await() {
    let (sender, mut receiver) = broadcast::channel::<i32>(1);
    assert_waits_here!(Kind::Receive, receiver.recv());
    assert_waits_here!(Kind::Notification, sender.closed());
    let mut receiver = pin!(receiver);
    let mut here = 0;
    let wait = wait_of(std::future::poll_fn(|cx| {
        here = line!() + 1;
        receiver.as_mut().poll_next(cx)
    }));
    assert_eq!(wait.location.unwrap().line(), here);
}

#[test]
fn watch_is_seen_at_its_await() {
    let (sender, mut receiver) = watch::channel(1);
    assert_waits_here!(Kind::Receive, receiver.changed());
    assert_waits_here!(Kind::Receive, receiver.wait_for(|value| *value == 2));
    assert_waits_here!(Kind::Notification, sender.closed());
}

#[test]
fn value_tells_channels_apart() {
    let (_first, one) = unbounded::<i32>();
    let (_second, two) = unbounded::<i32>();
    let address = |wait: Wait| wait.value;
    assert_eq!(address(wait_of(one.recv())), address(wait_of(one.recv())));
    assert_ne!(address(wait_of(one.recv())), address(wait_of(two.recv())));
}

#[test]
fn used_up_budget_is_seen_as_a_turn() {
    let (sender, receiver) = unbounded();
    for number in 0..1000 {
        sender.try_send(number).unwrap();
    }
    let mut here = 0;
    let wait = wait_of(async {
        loop {
            here = line!() + 1;
            let _ = receiver.recv().await;
        }
    });
    assert_eq!(wait.kind, Kind::Turn);
    assert_eq!(wait.location.unwrap().line(), here);
}
