//! A task that waits for a file says so, and where.
#![allow(clippy::disallowed_methods)] // Files that the tests make.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use support::Dir;
use trill_cell::{Header, Kind, Spawned};
use trill_fs::File;
use trill_reactor::Reactor;

/// Polls as a task would be, and compares what it says.
#[track_caller]
fn waits(line: u32, future: impl Future) {
    let header = Header::new(Spawned::here());
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    let pending = header.poll(|| future.as_mut().poll(&mut cx).is_pending());
    assert!(pending, "it is ready before it has waited there");
    let wait = header.wait().unwrap();
    let location = wait.location.unwrap();
    assert_eq!(
        (wait.kind, location.file(), location.line()),
        (Kind::File, file!(), line)
    );
}

// One line for each wait and its number.
#[rustfmt::skip]
#[test]
fn every_wait_for_a_file_is_told_with_its_line() {
    let dir = Dir::new("location");
    let path = dir.path("file");
    std::fs::write(&path, "text").unwrap();
    let reactor = Reactor::builder().rings(false).build().unwrap();
    let _entered = reactor.enter();
    trill_fs::set_try_now(false);
    let mut file = trill_reactor::block_on(File::open(&path)).unwrap();
    // A pool whose one thread is held: nothing is done before it has waited.
    let pool = trill_blocking::Pool::builder().max_threads(1).build().unwrap();
    let _pool = pool.enter();
    let (end, hold) = std::sync::mpsc::channel::<()>();
    let held = pool.unblock(move || hold.recv().is_err());
    waits(line!(), async { File::open(&path).await.unwrap() });
    waits(line!(), async { trill_fs::metadata(&path).await.unwrap() });
    waits(line!(), async { trill_fs::read(&path).await.unwrap() });
    waits(line!(), async { file.read_at([0; 4], 0).await });
    waits(line!(), async { file.write_at([0; 4], 0).await });
    waits(line!(), async { file.sync_all().await });
    let mut buffer = [0; 4];
    waits(line!(), async { file.read(&mut buffer).await });
    waits(line!(), async { file.read_exact(&mut buffer).await });
    // What the reads have left under way is in the way of all else.
    waits(line!(), async { file.write(b"x").await });
    waits(line!(), async { file.write_all(b"x").await });
    waits(line!(), async { file.flush().await });
    waits(line!(), async { file.seek(std::io::SeekFrom::Start(0)).await });
    drop(end);
    assert!(trill_park::block_on(held));
}
