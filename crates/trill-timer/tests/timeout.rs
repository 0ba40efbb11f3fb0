//! Timeouts: who wins, what is dropped, and bodies that may not move.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::future::{Future, pending, poll_fn, ready};
use std::io;
use std::marker::PhantomPinned;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use common::{Count, in_world, ms, poll_once, poll_with};
use trill_timer::{Elapsed, Timeout, sleep, timeout, timeout_at};
use trill_world::VirtualWorld;

#[test]
fn body_that_is_ready_wins() {
    in_world(async {
        let start = trill_world::now();
        assert_eq!(timeout(ms(10), ready(5)).await, Ok(5));
        assert_eq!(timeout(ms(10), sleep(ms(3))).await, Ok(()));
        assert_eq!(trill_world::now(), start + ms(3));
        assert_eq!(timeout_at(start + ms(10), sleep(ms(3))).await, Ok(()));
    });
}

#[test]
fn time_is_over_at_the_deadline_exactly() {
    in_world(async {
        let start = trill_world::now();
        assert!(timeout(ms(10), pending::<()>()).await.is_err());
        assert_eq!(trill_world::now(), start + ms(10));
        let deadline = start + Duration::from_nanos(20_000_001);
        assert!(timeout_at(deadline, pending::<()>()).await.is_err());
        assert_eq!(trill_world::now(), deadline);
    });
}

#[test]
fn body_wins_when_both_are_due() {
    in_world(async {
        for delay in [Duration::ZERO, Duration::from_nanos(1), ms(10)] {
            assert_eq!(timeout(delay, sleep(delay)).await, Ok(()));
        }
    });
}

#[test]
fn delay_of_zero_lets_the_body_run_to_where_it_waits() {
    in_world(async {
        let mut polls = 0;
        let body = poll_fn(|_| {
            polls += 1;
            Poll::<()>::Pending
        });
        assert!(poll_once(&mut timeout(Duration::ZERO, body)).is_ready());
        assert_eq!(polls, 1);
        let past = trill_world::now();
        sleep(ms(1)).await;
        assert!(poll_once(&mut timeout_at(past, pending::<()>())).is_ready());
    });
}

// Fault 36a
#[test]
fn longest_delay_is_no_limit() {
    let world = VirtualWorld::new(1);
    world.run(|| {
        trill_park::block_on(async {
            let mut limited = timeout(Duration::MAX, sleep(Duration::from_secs(1 << 32)));
            assert_eq!(limited.deadline(), None);
            assert!(poll_once(&mut limited).is_pending());
            assert_eq!(limited.await, Ok(()));
        });
    });
    assert_eq!(world.elapsed(), Duration::from_secs(1 << 32));
}

#[test]
fn finished_timeout_leaves_no_deadline_behind() {
    let world = VirtualWorld::new(1);
    let stuck = catch_unwind(|| {
        world.run(|| {
            trill_park::block_on(async {
                // Kept alive: its timer must be gone all the same.
                let mut limited = timeout(ms(50), sleep(ms(1)));
                assert_eq!((&mut limited).await, Ok(()));
                assert_eq!(timeout(ms(100), sleep(ms(1))).await, Ok(()));
                pending::<()>().await;
            });
        });
    });
    // The world says that nothing is left to wait for, and its clock did not go on to a deadline.
    assert!(stuck.is_err());
    assert_eq!(world.elapsed(), ms(2));
}

#[test]
fn polled_late_for_the_first_time_it_is_over_in_the_next_turn() {
    in_world(async {
        let limited = timeout(ms(10), pending::<()>());
        sleep(ms(20)).await;
        let late = trill_world::now();
        assert!(limited.await.is_err());
        assert_eq!(trill_world::now(), late);
    });
}

#[test]
fn timeouts_nest() {
    in_world(async {
        let inner = timeout(ms(10), timeout(ms(5), pending::<()>())).await;
        assert!(matches!(inner, Ok(Err(_))));
        let outer = timeout(ms(5), timeout(ms(10), pending::<()>())).await;
        assert!(outer.is_err());
        // Both at once: the inner one answers.
        let both = timeout(ms(5), timeout(ms(5), pending::<()>())).await;
        assert!(matches!(both, Ok(Err(_))));
    });
}

#[test]
fn body_that_always_uses_up_its_budget_is_stopped() {
    in_world(async {
        let busy = poll_fn(|cx| {
            while trill_cell::proceed(cx).is_ready() {}
            Poll::<()>::Pending
        });
        let start = trill_world::now();
        let limited = timeout_at(start, busy);
        assert!(limited.await.is_err());
    });
}

#[test]
fn dropped_timeout_drops_body_and_waker() {
    in_world(async {
        let (count, waker) = Count::new();
        let body = Arc::new(());
        let held = body.clone();
        let mut limited = Box::pin(timeout(ms(5), async move {
            let _held = held;
            pending::<()>().await;
        }));
        assert!(poll_with(&mut limited, &waker).is_pending());
        assert_eq!(Arc::strong_count(&body), 2);
        drop(limited);
        assert_eq!(Arc::strong_count(&body), 1);
        sleep(ms(10)).await;
        assert_eq!((count.get(), Arc::strong_count(&count)), (0, 2));
    });
}

#[test]
fn panicking_body_leaves_no_timer_behind() {
    in_world(async {
        let (count, waker) = Count::new();
        let mut first = true;
        let mut limited = timeout(
            ms(5),
            poll_fn(move |_| {
                assert!(std::mem::take(&mut first), "expected");
                Poll::<()>::Pending
            }),
        );
        assert!(poll_with(&mut limited, &waker).is_pending());
        let caught = catch_unwind(AssertUnwindSafe(|| poll_with(&mut limited, &waker)));
        assert!(caught.is_err());
        drop(limited);
        sleep(ms(10)).await;
        assert_eq!((count.get(), Arc::strong_count(&count)), (0, 2));
    });
}

#[test]
fn body_can_be_looked_at_and_taken_back() {
    in_world(async {
        let start = trill_world::now();
        let mut limited = timeout(ms(1), sleep(ms(30)));
        assert_eq!(limited.get_ref().deadline(), Some(start + ms(30)));
        limited.get_mut().reset(start + ms(20));
        assert!((&mut limited).await.is_err());
        limited.into_inner().await;
        assert_eq!(trill_world::now(), start + ms(20));
    });
}

#[test]
fn elapsed_becomes_an_io_error() {
    in_world(async {
        let elapsed: Elapsed = timeout(ms(1), pending::<()>()).await.unwrap_err();
        assert_eq!(
            elapsed.to_string(),
            "the time was over before the operation was ready"
        );
        let error = io::Error::from(elapsed);
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(error.get_ref().unwrap().is::<Elapsed>());
    });
}

/// A future that notes its own address and checks that it never moves.
#[derive(Default)]
struct Fixed {
    address: Option<usize>,
    polls: usize,
    _pinned: PhantomPinned,
}

impl Fixed {
    fn check(self: Pin<&mut Self>) -> usize {
        let address = std::ptr::from_ref(&*self).addr();
        #[allow(unsafe_code)]
        // SAFETY: nothing is moved out; only two plain fields are written. This test upholds it.
        let this = unsafe { self.get_unchecked_mut() };
        assert_eq!(*this.address.get_or_insert(address), address);
        this.polls += 1;
        this.polls
    }
}

impl Future for Fixed {
    type Output = usize;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<usize> {
        match self.check() {
            3 => Poll::Ready(3),
            _ => Poll::Pending,
        }
    }
}

#[test]
fn body_that_points_to_itself_stays_in_place() {
    in_world(async {
        let mut limited = pin!(timeout(ms(5), Fixed::default()));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(limited.as_mut().poll(&mut cx).is_pending());
        assert!(limited.as_mut().poll(&mut cx).is_pending());
        assert_eq!(limited.as_mut().poll(&mut cx), Poll::Ready(Ok(3)));

        // One that the compiler made: a reference into itself across an await.
        let value = timeout(ms(5), async {
            let local = [1, 2, 3];
            let inside = &local[1..];
            sleep(ms(1)).await;
            inside.iter().sum::<i32>()
        });
        assert_eq!(value.await, Ok(5));
    });
}

#[test]
fn timeout_is_what_its_body_is() {
    fn send<T: Send + Sync + Unpin>(_: &T) {}
    send(&timeout(ms(1), sleep(ms(1))));
    assert!(size_of::<Timeout<()>>() <= 40);
    let debug = format!("{:?}", timeout(ms(1), sleep(ms(1))));
    assert!(debug.contains("Timeout") && debug.contains("Sleep"));
    // Takes anything that becomes a future.
    struct Five;
    impl IntoFuture for Five {
        type Output = i32;
        type IntoFuture = std::future::Ready<i32>;
        fn into_future(self) -> Self::IntoFuture {
            ready(5)
        }
    }
    assert_eq!(in_world(timeout(ms(1), Five)), Ok(5));
}
