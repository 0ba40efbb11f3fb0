//! The futures of [`Unblock`]'s own methods.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::{Done, Unblock, tell};

/// Waits for a reference to the object; made by [`Unblock::get_mut`].
#[must_use = "futures do nothing unless awaited"]
pub struct RefMut<'a, T>(Option<&'a mut Unblock<T>>);

impl<'a, T> RefMut<'a, T> {
    pub(super) fn new(unblock: &'a mut Unblock<T>) -> RefMut<'a, T> {
        RefMut(Some(unblock))
    }
}

impl<'a, T> Future for RefMut<'a, T> {
    type Output = &'a mut T;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<&'a mut T> {
        let unblock = self.0.as_mut().expect(POLLED_AGAIN);
        ready!(tell(unblock.poll_idle(cx), Location::caller()));
        let unblock = self.0.take().expect(POLLED_AGAIN);
        // The caller may change the object in any way.
        unblock.pipe.mark_changed();
        unblock.sought = None;
        match unblock.object() {
            Some(object) => Poll::Ready(object),
            None => panic!("{CLOSED}"),
        }
    }
}

impl<T> fmt::Debug for RefMut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefMut").finish_non_exhaustive()
    }
}

/// Waits for a closure that is called on the object; made by [`Unblock::with_mut`].
#[must_use = "futures do nothing unless awaited"]
pub struct WithMut<'a, T, F, R> {
    unblock: &'a mut Unblock<T>,
    /// The closure, until it is submitted.
    with: Option<F>,
    result: PhantomData<fn() -> R>,
}

impl<'a, T, F, R> WithMut<'a, T, F, R> {
    pub(super) fn new(unblock: &'a mut Unblock<T>, with: F) -> WithMut<'a, T, F, R> {
        WithMut {
            unblock,
            with: Some(with),
            result: PhantomData,
        }
    }
}

/// The closure is moved out before it is called, so it is never pinned.
impl<T, F, R> Unpin for WithMut<'_, T, F, R> {}

impl<T, F, R> Future for WithMut<'_, T, F, R>
where
    F: FnOnce(&mut T) -> R + Send + 'static,
    R: Send + 'static,
    T: Send + 'static,
{
    type Output = R;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        if self.with.is_some() {
            ready!(tell(self.unblock.poll_idle(cx), Location::caller()));
        }
        if let Some(with) = self.with.take() {
            // What a dropped call has left.
            drop(self.unblock.value.take());
            self.unblock.pipe.mark_changed();
            let work = move |object: &mut T| Done::Value(Box::new(with(object)));
            if self.unblock.object().is_none() {
                panic!("{CLOSED}");
            }
            if let Err(refused) = self.unblock.start(work) {
                panic!("{refused}");
            }
        }
        ready!(tell(self.unblock.poll_idle(cx), Location::caller()));
        let value = self.unblock.value.take().expect(POLLED_AGAIN);
        let value = value.downcast().expect("the job returns what `with` does");
        Poll::Ready(*value)
    }
}

impl<T, F, R> fmt::Debug for WithMut<'_, T, F, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithMut")
            .field("is_submitted", &self.with.is_none())
            .finish_non_exhaustive()
    }
}

/// Waits for the object; made by [`Unblock::into_inner`].
#[must_use = "futures do nothing unless awaited"]
pub struct IntoInner<T>(Unblock<T>);

impl<T> IntoInner<T> {
    pub(super) fn new(unblock: Unblock<T>) -> IntoInner<T> {
        IntoInner(unblock)
    }
}

impl<T> Future for IntoInner<T> {
    type Output = T;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        ready!(tell(self.0.poll_idle(cx), Location::caller()));
        self.0.object();
        match self.0.object.take() {
            Some(object) => Poll::Ready(*object),
            None => panic!("{CLOSED}"),
        }
    }
}

impl<T> fmt::Debug for IntoInner<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoInner").finish_non_exhaustive()
    }
}

const POLLED_AGAIN: &str = "the future was polled after it had returned";
const CLOSED: &str = "the object behind this Unblock was closed or taken: wrap a new one";
