//! What a task that waits for a child is said to wait for, and where: the line of the user's own await.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Waker};

use futures_lite::AsyncRead;
use support::both;
use trill_cell::{Header, Kind, Spawned};
use trill_process::{Command, Stdio, Watch};

both! {
    a_child_is_awaited_in_the_users_line
}

/// Polls a task once; it must wait in the line that it has set, for one of `kinds`.
#[track_caller]
fn waits(kinds: &[Kind], line: &Cell<u32>, task: impl Future) {
    let header = Header::new(Spawned::here());
    let mut task = pin!(task);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(header.poll(|| task.as_mut().poll(&mut cx)).is_pending());
    let wait = header.wait().unwrap();
    assert!(kinds.contains(&wait.kind), "{wait:?}");
    let location = wait.location.unwrap();
    assert_eq!((location.file(), location.line()), (file!(), line.get()));
}

fn a_child_is_awaited_in_the_users_line(watch: Watch) {
    let line = &Cell::new(0);
    let kind = match watch {
        Watch::Thread => Kind::Blocking,
        _ => Kind::Readable,
    };
    let mut cat = Command::new("cat");
    cat.stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .watch_by(watch);
    let mut child = cat.spawn().unwrap();
    waits(&[kind], line, async {
        line.set(line!() + 1);
        child.wait().await
    });
    waits(&[Kind::Readable], line, async {
        let stdout = child.stdout.as_mut().unwrap();
        line.set(line!() + 1);
        poll_fn(|cx| Pin::new(&mut *stdout).poll_read(cx, &mut [0])).await
    });
    waits(&[kind, Kind::Readable], line, async {
        let input = vec![0; 1 << 20];
        line.set(line!() + 1);
        child.communicate(input).await
    });
    let mut sleep = Command::new("sleep");
    sleep.arg("1000").kill_on_drop(true).watch_by(watch);
    waits(&[kind], line, async {
        line.set(line!() + 1);
        sleep.status().await
    });
    waits(&[kind, Kind::Readable], line, async {
        line.set(line!() + 1);
        sleep.output().await
    });
}
