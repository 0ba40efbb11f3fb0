//! The futures that wait for the value of a [`OnceCell`] or make it.
#![allow(unsafe_code)] // Pinning the future that makes the value.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Kind;

use crate::leaf::leaf;
use crate::lock::once_cell::{Filling, OnceCell};
use crate::waiters::Ticket;

/// Waits for the value of a [`OnceCell`]; made by [`OnceCell::wait`].
///
/// # Examples
///
/// See [`OnceCell::wait`].
#[must_use = "futures do nothing unless awaited"]
pub struct OnceCellWait<'a, T> {
    place: Queued<'a, T>,
}

impl<'a, T> OnceCellWait<'a, T> {
    #[inline]
    pub(crate) fn new(cell: &'a OnceCell<T>) -> OnceCellWait<'a, T> {
        OnceCellWait {
            place: Queued::new(cell),
        }
    }
}

impl<'a, T> Future for OnceCellWait<'a, T> {
    type Output = &'a T;

    #[inline]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<&'a T> {
        let location = Location::caller();
        let place = &mut self.get_mut().place;
        let cell = place.cell;
        leaf(Kind::Lock, cell, location, cx, |cx| {
            place.poll_until(cx, || cell.get())
        })
    }
}

impl<T> fmt::Debug for OnceCellWait<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnceCellWait").finish_non_exhaustive()
    }
}

/// Sets the value of a [`OnceCell`]; made by [`OnceCell::set`].
///
/// # Examples
///
/// See [`OnceCell::set`].
#[must_use = "futures do nothing unless awaited"]
pub struct OnceCellSet<'a, T> {
    /// Gone once it is set or given back.
    value: Option<T>,
    place: Queued<'a, T>,
}

impl<'a, T> OnceCellSet<'a, T> {
    #[inline]
    pub(crate) fn new(cell: &'a OnceCell<T>, value: T) -> OnceCellSet<'a, T> {
        OnceCellSet {
            value: Some(value),
            place: Queued::new(cell),
        }
    }
}

// The value is moved, never pinned.
impl<T> Unpin for OnceCellSet<'_, T> {}

impl<'a, T> Future for OnceCellSet<'a, T> {
    type Output = Result<&'a T, T>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let location = Location::caller();
        let OnceCellSet { value, place } = self.get_mut();
        let cell = place.cell;
        leaf(Kind::Lock, cell, location, cx, |cx| {
            place.poll_until(cx, || Turn::of(cell))
        })
        .map(|turn| {
            let value = value
                .take()
                .expect("a future is not polled after it was ready");
            match turn {
                Turn::Make(filling) => Ok(filling.finish(value)),
                Turn::Read(_) => Err(value),
            }
        })
    }
}

impl<T> fmt::Debug for OnceCellSet<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnceCellSet").finish_non_exhaustive()
    }
}

/// Returns or makes the value of a [`OnceCell`]; made by [`OnceCell::get_or_try_init`].
///
/// # Examples
///
/// See [`OnceCell::get_or_try_init`].
#[must_use = "futures do nothing unless awaited"]
pub struct GetOrTryInit<'a, T, F, Fut>(Init<'a, T, F, Fut>);

impl<'a, T, F, Fut> GetOrTryInit<'a, T, F, Fut> {
    #[inline]
    pub(crate) fn new(cell: &'a OnceCell<T>, init: F) -> GetOrTryInit<'a, T, F, Fut> {
        GetOrTryInit(Init::new(cell, init))
    }
}

impl<'a, T, E, F, Fut> Future for GetOrTryInit<'a, T, F, Fut>
where
    F: FnOnce() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    type Output = Result<&'a T, E>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // SAFETY: the only field is pinned with its owner and never moved out; nothing else touches it. Miri on
        // `tests/lock_once_cell.rs` would fail.
        let init = unsafe { self.map_unchecked_mut(|this| &mut this.0) };
        init.poll_init(cx, Location::caller(), |made| made)
    }
}

impl<T, F, Fut> fmt::Debug for GetOrTryInit<'_, T, F, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GetOrTryInit").finish_non_exhaustive()
    }
}

/// Returns or makes the value of a [`OnceCell`]; made by [`OnceCell::get_or_init`].
///
/// # Examples
///
/// See [`OnceCell`].
#[must_use = "futures do nothing unless awaited"]
pub struct GetOrInit<'a, T, F, Fut>(Init<'a, T, F, Fut>);

impl<'a, T, F, Fut> GetOrInit<'a, T, F, Fut> {
    #[inline]
    pub(crate) fn new(cell: &'a OnceCell<T>, init: F) -> GetOrInit<'a, T, F, Fut> {
        GetOrInit(Init::new(cell, init))
    }
}

impl<'a, T, F, Fut> Future for GetOrInit<'a, T, F, Fut>
where
    F: FnOnce() -> Fut,
    Fut: Future<Output = T>,
{
    type Output = &'a T;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<&'a T> {
        // SAFETY: as in `GetOrTryInit::poll`.
        let init = unsafe { self.map_unchecked_mut(|this| &mut this.0) };
        let polled = init.poll_init(cx, Location::caller(), Ok::<T, Infallible>);
        polled.map(|made| match made {
            Ok(value) => value,
            Err(never) => match never {},
        })
    }
}

impl<T, F, Fut> fmt::Debug for GetOrInit<'_, T, F, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GetOrInit").finish_non_exhaustive()
    }
}

/// What [`GetOrTryInit`] and [`GetOrInit`] share.
struct Init<'a, T, F, Fut> {
    place: Queued<'a, T>,
    /// Gone once it was called.
    init: Option<F>,
    /// Pinned; dropped before the right to make the value goes to somebody else.
    making: Option<Fut>,
    filling: Option<Filling<'a, T>>,
}

impl<'a, T, F, Fut> Init<'a, T, F, Fut> {
    #[inline]
    fn new(cell: &'a OnceCell<T>, init: F) -> Init<'a, T, F, Fut> {
        Init {
            place: Queued::new(cell),
            init: Some(init),
            making: None,
            filling: None,
        }
    }

    /// Waits for the value or the right to make it, then makes it; `outcome` turns the future's output into a result.
    #[track_caller]
    fn poll_init<E>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
        outcome: impl FnOnce(Fut::Output) -> Result<T, E>,
    ) -> Poll<Result<&'a T, E>>
    where
        F: FnOnce() -> Fut,
        Fut: Future,
    {
        // SAFETY: `making` is not moved until it is dropped in place, by `None` below or with the whole. The other
        // fields are not pinned. Miri on `tests/lock_once_cell.rs` would fail.
        let this = unsafe { self.get_unchecked_mut() };
        if this.making.is_none() {
            let place = &mut this.place;
            let cell = place.cell;
            let polled = leaf(Kind::Lock, cell, location, cx, |cx| {
                place.poll_until(cx, || Turn::of(cell))
            });
            match polled {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Turn::Read(value)) => return Poll::Ready(Ok(value)),
                Poll::Ready(Turn::Make(filling)) => {
                    // If `init` panics, dropping `filling` lets somebody else try.
                    let init = this
                        .init
                        .take()
                        .expect("a future is not polled after it was ready");
                    this.making = Some(init());
                    this.filling = Some(filling);
                }
            }
        }
        let Some(making) = &mut this.making else {
            unreachable!("it was made above");
        };
        // SAFETY: as above.
        let polled = unsafe { Pin::new_unchecked(making) }.poll(cx);
        let Poll::Ready(output) = polled else {
            return Poll::Pending;
        };
        this.making = None;
        let filling = this
            .filling
            .take()
            .expect("whoever makes the value has the right to");
        Poll::Ready(outcome(output).map(|value| filling.finish(value)))
    }
}

/// What somebody who may make the value finds.
enum Turn<'a, T> {
    Read(&'a T),
    Make(Filling<'a, T>),
}

impl<'a, T> Turn<'a, T> {
    /// Looks; `None` while somebody else makes the value.
    fn of(cell: &'a OnceCell<T>) -> Option<Turn<'a, T>> {
        match cell.get() {
            Some(value) => Some(Turn::Read(value)),
            None => cell.try_fill().map(Turn::Make),
        }
    }
}

/// A place among those who wait for a cell.
struct Queued<'a, T> {
    cell: &'a OnceCell<T>,
    ticket: Ticket,
}

impl<'a, T> Queued<'a, T> {
    #[inline]
    fn new(cell: &'a OnceCell<T>) -> Queued<'a, T> {
        Queued {
            cell,
            ticket: Ticket::new(),
        }
    }

    /// Waits until `look` finds something.
    fn poll_until<R>(
        &mut self,
        cx: &mut Context<'_>,
        mut look: impl FnMut() -> Option<R>,
    ) -> Poll<R> {
        let waiters = &self.cell.waiters;
        loop {
            if let Some(found) = look() {
                waiters.remove(&mut self.ticket);
                return Poll::Ready(found);
            }
            if waiters.register(&mut self.ticket, cx.waker()) {
                continue;
            }
            return match look() {
                Some(found) => {
                    waiters.remove(&mut self.ticket);
                    Poll::Ready(found)
                }
                None => Poll::Pending,
            };
        }
    }
}

impl<T> Drop for Queued<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.cell.waiters.remove(&mut self.ticket);
    }
}
