//! A task can say what it waits for in each future of this crate.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // Only tests call the functions here.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use futures_lite::future::or;
use trill_cell::{Header, Kind, Spawned, Wait};
use trill_handover::{Handover, take_over};
use trill_park::block_on;

/// Polls once as a task would, and drops the future; returns what the task waits for.
fn wait_of<F: Future>(future: F) -> Wait {
    let header = Header::new(Spawned::here());
    let mut future = pin!(future);
    let polled = header.poll(|| {
        let mut cx = Context::from_waker(Waker::noop());
        future.as_mut().poll(&mut cx).is_ready()
    });
    assert!(!polled, "the future did not wait");
    header.wait().expect("a leaf said what it waits for")
}

/// They wait several times, in lines of their own, which is what a task shows.
#[track_caller]
fn check(wait: Wait, file: &str) {
    assert_eq!(wait.kind, Kind::Readable);
    let place = wait.location.unwrap().file();
    assert!(place.ends_with(file), "{place}");
}

#[test]
fn each_says_what_it_waits_for() {
    let path = std::env::temp_dir().join(format!("trill-where-{}", std::process::id()));
    let handover = Handover::bind(&path).unwrap();
    check(wait_of(handover.given()), "give.rs");
    check(wait_of(take_over(&path)), "wire.rs");
    block_on(async {
        let take = async { take_over(&path).await.unwrap().unwrap() };
        // The one above has left without a word, so the next one gets them. The giver goes on waiting for its answer.
        let mut given = Box::pin(handover.given());
        let successor = or(take, async {
            given.as_mut().await.unwrap();
            unreachable!("nobody is ready");
        })
        .await;
        check(wait_of(successor.ready()), "take.rs");
    });
    std::fs::remove_file(&path).unwrap();
}
