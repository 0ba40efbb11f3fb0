//! What a waiting task tells of itself: the kind, the limiter and the program's own line.

#![cfg_attr(rustfmt, rustfmt_skip)] // Each await stands on the line whose number is given.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use trill_cell::{BUDGET_POLLS, Header, Kind, Spawned, Wait, with_budget_of};
use trill_limit::{Borrower, CapacityLimiter, RateLimiter, Retry};

/// Polls a future as a task and returns what the task says it waits for.
fn wait_of(future: impl Future) -> Wait {
    let header = Header::new(Spawned::here());
    let mut future: Pin<Box<dyn Future<Output = _>>> = Box::pin(future);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(header.poll(|| future.as_mut().poll(&mut cx)).is_pending());
    header.wait().expect("a task that waits says so")
}

fn waits(kind: Kind, of: Option<u64>, line: u32, future: impl Future) {
    let wait = wait_of(future);
    let location = wait.location.expect("a leaf gives its location");
    assert_eq!((wait.kind, wait.leaves), (kind, 1));
    assert_eq!(wait.value, of.unwrap_or(wait.value));
    assert_eq!((location.file(), location.line()), (file!(), line));
}

fn address<T: ?Sized>(of: &T) -> Option<u64> {
    Some(ptr::from_ref(of).addr() as u64)
}

#[test]
fn a_capacity_limiter_tells_where_it_is_awaited() {
    let limiter = Arc::new(CapacityLimiter::new(0));
    let at = address(&*limiter);
    waits(Kind::Permit, at, line!(), async { drop(limiter.acquire().await) });
    waits(Kind::Permit, at, line!(), async { drop(limiter.acquire_arc().await) });
    let me = Borrower::new();
    waits(Kind::Permit, at, line!(), async { drop(limiter.on_behalf_of(me).acquire().await) });
    waits(Kind::Permit, at, line!(), async { drop(limiter.acquire_arc_on_behalf_of(me).await) });
}

#[test]
fn a_rate_limiter_tells_where_it_is_awaited() {
    support::in_world(async {
        let limiter = RateLimiter::new(1, Duration::from_secs(1));
        limiter.acquire(1).await.unwrap();
        waits(Kind::Timer, Some(1000), line!(), async { limiter.acquire(1).await });
        let mut first = limiter.acquire(1);
        assert!(support::poll_once(&mut first).is_pending());
        waits(Kind::Permit, address(&limiter), line!(), async { limiter.acquire(1).await });
    });
}

#[test]
fn a_retry_tells_where_it_is_awaited_while_it_waits_for_the_next_attempt() {
    support::in_world(async {
        let retry = Retry::new(Duration::from_secs(1)).jitter(trill_limit::Jitter::None);
        waits(Kind::Timer, Some(1000), line!(), async { drop(retry.run(async || Err::<(), _>(())).await) });
    });
}

#[test]
fn a_limiter_that_is_always_free_gives_others_their_turn() {
    let limiter = CapacityLimiter::new(1);
    let rate = RateLimiter::new(u32::MAX, Duration::from_nanos(1)).burst(u32::MAX);
    support::in_world(async {
        for many in [true, false] {
            let header = Header::new(Spawned::here());
            let taken = Cell::new(0);
            let mut future = std::pin::pin!(async {
                loop {
                    if many { drop(limiter.acquire().await) } else { rate.acquire(1).await.unwrap() }
                    taken.set(taken.get() + 1);
                }
            });
            let mut cx = Context::from_waker(Waker::noop());
            assert!(header.poll(|| future.as_mut().poll(&mut cx)).is_pending());
            assert_eq!(header.wait().unwrap().kind, Kind::Turn);
            assert_eq!(taken.get(), BUDGET_POLLS);
        }
    });
}

#[test]
fn a_retry_without_delays_gives_others_their_turn() {
    support::in_world(async {
        let retry = Retry::new(Duration::ZERO).attempts_max(u32::MAX);
        let mut attempts = 0;
        let mut future = retry.run(|| { attempts += 1; std::future::ready(Err::<(), _>(())) });
        with_budget_of(10, || assert!(support::poll_once(&mut future).is_pending()));
        drop(future);
        assert_eq!(attempts, 11);
    });
}
