//! Sources belong to the operating system; in a simulated world that is said clearly.

mod support;

use std::io::ErrorKind;
use std::os::unix::net::UnixStream;
use std::task::Waker;

use trill_reactor::{Async, block_on};
use trill_world::VirtualWorld;

use support::poll;

#[test]
fn a_source_cannot_be_made_in_a_simulated_world() {
    VirtualWorld::new(1).run(|| {
        let (a, _b) = UnixStream::pair().unwrap();
        let error = Async::new(a).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("simulated world"), "{error}");
    });
}

#[test]
fn a_source_cannot_be_awaited_in_a_simulated_world() {
    let (a, b) = UnixStream::pair().unwrap();
    let a = Async::new(a).unwrap();
    VirtualWorld::new(1).run(|| {
        let error = block_on(a.readable()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    });
    // Outside it still works.
    drop(b);
    block_on(a.readable()).unwrap();
}

#[test]
fn a_source_can_be_dropped_in_any_world() {
    let (a, _b) = UnixStream::pair().unwrap();
    let a = Async::new(a).unwrap();
    let mut wait = Box::new(a.readable());
    assert!(poll(&mut wait, Waker::noop()).is_pending());
    VirtualWorld::new(1).run(move || {
        drop(wait);
    });
    VirtualWorld::new(1).run(move || drop(a));
}

#[test]
fn block_on_runs_in_a_simulated_world() {
    VirtualWorld::new(1).run(|| assert_eq!(block_on(async { 7 }), 7));
}
