//! The futures that collect the tasks of a set.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::{Kind, TaskId, waiting};

use super::child_error::ChildError;
use super::set::{Collected, TaskSet};

/// Waits for the next task to end; made by [`TaskSet::join_next`].
///
/// # Cancel safety
///
/// See [`TaskSet::join_next`].
///
/// # Examples
///
/// See [`TaskSet::join_next`].
#[must_use = "futures do nothing unless awaited"]
pub struct JoinNext<'a, T> {
    set: &'a mut TaskSet<T>,
}

impl<'a, T> JoinNext<'a, T> {
    pub(super) fn new(set: &'a mut TaskSet<T>) -> JoinNext<'a, T> {
        JoinNext { set }
    }
}

impl<T> Future for JoinNext<'_, T> {
    type Output = Option<Result<T, ChildError>>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = poll_next(self.get_mut().set, cx);
        polled.map(|end| end.map(|(_, end)| end))
    }
}

/// Waits for the next task to end; made by [`TaskSet::join_next_with_id`].
///
/// # Cancel safety
///
/// See [`TaskSet::join_next_with_id`].
///
/// # Examples
///
/// See [`TaskSet::join_next_with_id`].
#[must_use = "futures do nothing unless awaited"]
pub struct JoinNextWithId<'a, T> {
    set: &'a mut TaskSet<T>,
}

impl<'a, T> JoinNextWithId<'a, T> {
    pub(super) fn new(set: &'a mut TaskSet<T>) -> JoinNextWithId<'a, T> {
        JoinNextWithId { set }
    }
}

impl<T> Future for JoinNextWithId<'_, T> {
    type Output = Option<(TaskId, Result<T, ChildError>)>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        poll_next(self.get_mut().set, cx)
    }
}

/// Waits until all tasks of a set have ended; made by [`TaskSet::shutdown`].
///
/// # Cancel safety
///
/// See [`TaskSet::shutdown`].
///
/// # Examples
///
/// See [`TaskSet::shutdown`].
#[must_use = "futures do nothing unless awaited"]
pub struct Shutdown<'a, T> {
    set: &'a mut TaskSet<T>,
}

impl<'a, T> Shutdown<'a, T> {
    pub(super) fn new(set: &'a mut TaskSet<T>) -> Shutdown<'a, T> {
        Shutdown { set }
    }
}

impl<T> Future for Shutdown<'_, T> {
    type Output = ();

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let set = &mut *self.get_mut().set;
        loop {
            match poll_next(set, cx) {
                Poll::Ready(Some(end)) => drop(end),
                Poll::Ready(None) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl<T> fmt::Debug for JoinNext<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JoinNext").field(&self.set).finish()
    }
}

impl<T> fmt::Debug for JoinNextWithId<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JoinNextWithId").field(&self.set).finish()
    }
}

impl<T> fmt::Debug for Shutdown<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shutdown").field(&self.set).finish()
    }
}

/// Polls for the next end, and says what the task waits for if there is none.
#[track_caller]
fn poll_next<T>(set: &mut TaskSet<T>, cx: &mut Context<'_>) -> Poll<Option<Collected<T>>> {
    let polled = set.poll_next_end(cx);
    if polled.is_pending() {
        waiting(Kind::Other, set.len() as u64, Location::caller());
    }
    polled
}
