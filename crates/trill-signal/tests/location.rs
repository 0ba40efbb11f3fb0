//! What a task that waits for a signal is said to wait for, and where: the line of the user's own await.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use trill_cell::{Header, Kind, Spawned};
use trill_signal::{Interrupt, Signal, ctrl_c, signal};

/// Polls a task once; it must wait in the line that it has set.
#[track_caller]
fn waits(line: &Cell<u32>, task: impl Future) {
    let header = Header::new(Spawned::here());
    let mut task = pin!(task);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(header.poll(|| task.as_mut().poll(&mut cx)).is_pending());
    let wait = header.wait().unwrap();
    assert_eq!((wait.kind, wait.leaves), (Kind::Readable, 1));
    let location = wait.location.unwrap();
    assert_eq!((location.file(), location.line()), (file!(), line.get()));
}

#[test]
fn signals_are_awaited_in_the_users_line() {
    let line = &Cell::new(0);
    let mut signals = signal(Signal::Usr1).unwrap();
    waits(line, async {
        line.set(line!() + 1);
        signals.next().await
    });
    waits(line, async {
        line.set(line!() + 1);
        ctrl_c().await
    });
    let interrupt = Interrupt::new([Signal::Usr2]).unwrap();
    waits(line, async {
        line.set(line!() + 1);
        interrupt.await
    });
}
