//! The future in a task's cell: the user's, with its header, and with every panic caught.
#![allow(unsafe_code)] // Projecting a pin to the field that is pinned.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll, RawWaker, Waker};

use trill_cell::{Ended, Header, Spawned, TaskId, observers};

use super::Output;
use crate::current;
use crate::executor::waker;
use crate::quiet::{self, Payload};
use crate::registry::Place;

/// The user's future with what a task needs around it.
///
/// `OWNED` says that an executor of this crate made the task and counts it; else it is another crate's, see
/// [`raw`](crate::raw).
///
/// It has no padding of its own: a task's place takes four bytes, and whether the future is gone takes a value that no
/// future has.
pub(crate) struct Body<F, const OWNED: bool> {
    header: Header,
    /// Where the task is in its executor's registry, since a poll first returned `Pending`.
    place: Cell<Place>,
    /// `None` once it has returned, panicked or been dropped. Structurally pinned.
    future: Option<F>,
}

impl<F: Future, const OWNED: bool> Body<F, OWNED> {
    /// Wraps a future whose spawn was counted.
    #[inline]
    pub(crate) fn new(future: F, spawned: Spawned) -> Self {
        Body {
            header: Header::new(spawned),
            place: Cell::new(Place::NONE),
            future: Some(future),
        }
    }

    /// The task's identity.
    #[inline]
    pub(crate) fn id(&self) -> TaskId {
        self.header.id()
    }

    /// Ends the task with what its future returned or panicked with.
    #[inline]
    fn finish(
        header: &Header,
        mut future: Pin<&mut Option<F>>,
        polled: Result<F::Output, Payload>,
    ) -> Output<F::Output> {
        // A panic in the future's drop is the task's panic; a value it had returned is dropped with it.
        let dropped = quiet::catch(|| future.set(None));
        let result = match (polled, dropped) {
            (Ok(value), Err(payload)) => {
                quiet::discard(value);
                Err(payload)
            }
            (Err(payload), Err(second)) => {
                quiet::discard(second);
                Err(payload)
            }
            (polled, Ok(())) => polled,
        };
        observers(|observer| match &result {
            Ok(_) => observer.ended(header, Ended::Finished),
            Err(payload) => observer.ended(header, Ended::Panicked(&**payload)),
        });
        Output::new(result)
    }
}

impl<F: Future, const OWNED: bool> Future for Body<F, OWNED> {
    type Output = Output<F::Output>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // SAFETY: nothing is moved out of the reference below; `future` is pinned again at once. This function upholds
        // it; Miri on `tests/executor.rs` would fail.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: `future` is structurally pinned: it is only reached through this pin, `drop` below drops it in place,
        // and `Body` is not `Unpin` unless `F` is. Miri on `tests/executor.rs` would fail.
        let mut future = unsafe { Pin::new_unchecked(&mut this.future) };
        let header = &this.header;
        let polled = quiet::catch(|| match future.as_mut().as_pin_mut() {
            Some(future) if OWNED => poll_timed(header, future, cx),
            Some(future) => header.poll(|| future.poll(cx)),
            // async-task never polls again what was ready.
            None => Poll::Pending,
        });
        match polled {
            Ok(Poll::Pending) => {
                if OWNED && this.place.get() == Place::NONE {
                    this.place.set(enlist(cx));
                }
                Poll::Pending
            }
            Ok(Poll::Ready(value)) => Poll::Ready(Self::finish(header, future, Ok(value))),
            Err(payload) => Poll::Ready(Self::finish(header, future, Err(payload))),
        }
    }
}

impl<F, const OWNED: bool> Drop for Body<F, OWNED> {
    #[inline]
    fn drop(&mut self) {
        // Before the future is dropped: a reader that found the task there relies on the future.
        if OWNED && self.place.get() != Place::NONE {
            delist(self.place.get());
        }
        if self.future.is_some() {
            // Assigning drops the future where it is, as its pin demands.
            if let Err(payload) = quiet::catch(|| self.future = None) {
                quiet::discard(payload);
            }
            observers(|observer| observer.ended(&self.header, Ended::Dropped));
        }
        if OWNED {
            current::with(|current| {
                let current = current.expect("executors drop their tasks inside `Current::enter`");
                current.count_ended();
            });
        }
    }
}

/// Polls a task whose time begins where that of the one before it ended.
#[inline]
fn poll_timed<F: Future>(
    header: &Header,
    future: Pin<&mut F>,
    cx: &mut Context<'_>,
) -> Poll<F::Output> {
    current::with(|current| {
        let current = current.expect("executors poll their tasks inside `Current::enter`");
        let (polled, ended) = header.poll_since(current.ticks().get(), || future.poll(cx));
        current.ticks().set(ended);
        polled
    })
}

/// Enters the task that is being polled into its executor's registry, which from now on counts as a reference.
///
/// Without it async-task frees a detached task that returns `Pending` and that no waker refers to, and does so without
/// dropping its future.
#[cold]
fn enlist(cx: &Context<'_>) -> Place {
    // Given back in `delist`.
    std::mem::forget(cx.waker().clone());
    // The waker that async-task polls with has the cell's address as its data; `tests/drop.rs` relies on it.
    let cell = NonNull::new(cx.waker().data().cast_mut()).expect("a cell is not at null");
    current::with(|current| {
        let current = current.expect("executors poll their tasks inside `Current::enter`");
        current.enlist(cell)
    })
}

/// Takes a task out of its executor's registry and gives back the reference it counted there.
fn delist(place: Place) {
    let cell = current::with(|current| {
        let current = current.expect("executors drop their tasks inside `Current::enter`");
        current.delist(place)
    });
    let waker = waker(cell);
    // SAFETY: a waker with this pointer and table was forgotten in `enlist`, and it is given back once, here. Whoever
    // drops the future holds a reference of its own, so the cell outlives this function. `delist` is called once for
    // each place; Miri on `tests/drop.rs` would fail.
    drop(unsafe { Waker::from_raw(RawWaker::new(waker.data(), waker.vtable())) });
}
