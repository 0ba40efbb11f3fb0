//! Bodies that point to themselves stay where they are, in every future that holds one.
#![allow(unsafe_code)] // A future that is not `Unpin`, by hand.

mod common;

use std::future::Future;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context as Cx, Poll};
use std::time::Duration;

use common::in_world;
use trill_task::{CancelToken, Context, TaskLocal, TimeLimit, move_on_after};

/// Remembers its address in the first poll, and is ready after five more at the same one.
#[derive(Default)]
struct Fixed {
    address: usize,
    polls: u32,
    _pinned: PhantomPinned,
}

impl Future for Fixed {
    type Output = u32;

    fn poll(self: Pin<&mut Self>, cx: &mut Cx<'_>) -> Poll<u32> {
        let address = std::ptr::from_ref(&*self).addr();
        let (known, polls) = (self.address, self.polls);
        assert!(known == 0 || known == address);
        // SAFETY: plain numbers are written, nothing is moved.
        let this = unsafe { self.get_unchecked_mut() };
        this.address = address;
        this.polls += 1;
        cx.waker().wake_by_ref();
        if polls == 5 {
            Poll::Ready(polls)
        } else {
            Poll::Pending
        }
    }
}

impl Drop for Fixed {
    fn drop(&mut self) {
        let address = std::ptr::from_ref(self).addr();
        assert!(self.address == 0 || self.address == address);
    }
}

static LOCAL: TaskLocal<u32> = TaskLocal::new();

#[test]
fn body_that_points_to_itself_stays_in_place() {
    let token = CancelToken::new();
    let second = Duration::from_secs(1);
    in_world(async {
        assert_eq!(LOCAL.scope(1, Fixed::default()).await, 5);
        assert_eq!(Context::new().scope(Fixed::default()).await, 5);
        assert_eq!(token.run(Fixed::default()).await, Ok(5));
        assert_eq!(token.run_with_grace(second, Fixed::default()).await, Ok(5));
        let limit = TimeLimit::after(second);
        assert_eq!(limit.run(Fixed::default()).await, Ok(5));
        assert_eq!(limit.run_with_grace(second, Fixed::default()).await, Ok(5));
        assert_eq!(move_on_after(second, Fixed::default()).await, Some(5));
        // Dropped where it is.
        token.cancel("over");
        assert!(token.run(Fixed::default()).await.is_err());
        assert!(
            TimeLimit::at(trill_world::now())
                .run(Fixed::default())
                .await
                .is_err()
        );
    });
}
