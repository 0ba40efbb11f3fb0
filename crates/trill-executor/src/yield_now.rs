//! Giving way to other tasks.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::{Kind, waiting};

use crate::current;

/// Lets every other task that is ready run before this one goes on.
///
/// The task goes to the back of its queue; nothing is allocated and no waker is cloned. Works under any executor.
///
/// # Cancel safety
///
/// Nothing is lost when the returned future is dropped.
///
/// # Examples
///
/// ```
/// let ex = trill_executor::LocalExecutor::new();
/// let other = ex.spawn(async { println!("in between") });
/// trill_park::block_on(ex.run(async {
///     trill_executor::yield_now().await;
///     assert!(other.is_finished());
/// }));
/// ```
#[inline]
pub fn yield_now() -> YieldNow {
    YieldNow { has_yielded: false }
}

/// The future of [`yield_now`].
///
/// # Cancel safety
///
/// See [`yield_now`].
///
/// # Examples
///
/// See [`yield_now`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled or awaited"]
pub struct YieldNow {
    has_yielded: bool,
}

impl Future for YieldNow {
    type Output = ();

    #[track_caller]
    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.has_yielded {
            return Poll::Ready(());
        }
        self.has_yielded = true;
        // An executor of this crate queues the task again without a wake.
        if !current::note_yield(cx.waker()) {
            cx.waker().wake_by_ref();
        }
        waiting(Kind::Turn, 0, Location::caller());
        Poll::Pending
    }
}
