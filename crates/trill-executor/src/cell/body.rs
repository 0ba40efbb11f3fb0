//! The part of a cell that depends on the future's type: making it, polling the future, dropping what is in it.
#![allow(unsafe_code)] // The future and its output share a place, and the state word says which is there.

use std::any::Any;
use std::cell::UnsafeCell;
use std::future::Future;
use std::mem::{ManuallyDrop, needs_drop};
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll};

use trill_cell::{Ended, Header, Spawned, Unhandled, What, observers, report};

use super::handle::{Handle, Output};
use super::prefix::{Prefix, Table};
use super::runnable::Runnable;
use crate::current;
use crate::home::Home;
use crate::join_error;
use crate::quiet::{self, Payload};
use crate::registry::Place;

/// A cell. The prefix comes first, so a pointer to it is one to the cell.
#[repr(C)]
struct Body<F: Future, S, const LISTED: bool> {
    prefix: Prefix,
    schedule: S,
    stage: UnsafeCell<Stage<F>>,
}

/// The future, then its output. The state word says which: the future until `DONE`, and for the holder of the runnable
/// until it is dropped; then the output, if `OUTPUT` is set.
#[repr(C)]
union Stage<F: Future> {
    future: ManuallyDrop<F>,
    output: ManuallyDrop<Output<F::Output>>,
}

/// What a new task is made of.
pub(crate) struct Parts<F, S> {
    pub(crate) future: F,
    /// Queues the runnable. The flag says that its holder does so itself at the end of a poll.
    pub(crate) schedule: S,
    pub(crate) home: Home,
    pub(crate) spawned: Spawned,
}

/// Makes a task that is not scheduled yet. `LISTED` says that an executor of this crate keeps and counts it.
///
/// # Safety
///
/// Future and output stay valid until the task has ended. If the future is not `Send`, its runnable stays on the thread
/// that calls this; if `schedule` is not `Sync`, so do its wakers and its handle.
#[inline]
pub(crate) unsafe fn allocate<F, S, const LISTED: bool>(
    parts: Parts<F, S>,
) -> (Runnable, Handle<F::Output>)
where
    F: Future,
    S: Fn(Runnable, bool),
{
    // A constant, so that only one kind of cell is compiled.
    if const { size_of::<F>() >= LARGE } {
        // A large future would be moved about and make the cells of all its siblings large.
        let Parts {
            future,
            schedule,
            home,
            spawned,
        } = parts;
        let parts = Parts {
            future: Box::pin(future),
            schedule,
            home,
            spawned,
        };
        // SAFETY: as this function's.
        return unsafe { allocate_here::<Pin<Box<F>>, S, LISTED>(parts) };
    }
    // SAFETY: as this function's.
    unsafe { allocate_here::<F, S, LISTED>(parts) }
}

/// As [`allocate`], with the future in the cell whatever its size.
#[inline]
unsafe fn allocate_here<F, S, const LISTED: bool>(
    parts: Parts<F, S>,
) -> (Runnable, Handle<F::Output>)
where
    F: Future,
    S: Fn(Runnable, bool),
{
    let body = Box::new(Body::<F, S, LISTED> {
        prefix: Prefix::new(
            Body::<F, S, LISTED>::TABLE,
            parts.home,
            Header::new(parts.spawned),
        ),
        schedule: parts.schedule,
        stage: UnsafeCell::new(Stage {
            future: ManuallyDrop::new(parts.future),
        }),
    });
    let cell = NonNull::from(Box::leak(body)).cast::<Prefix>();
    // SAFETY: the cell is new, so these are its only runnable and its only handle, of the right type.
    let runnable = unsafe { Runnable::from_raw(cell.cast()) };
    // SAFETY: as above.
    (runnable, unsafe { Handle::new(cell) })
}

impl<F: Future, S: Fn(Runnable, bool), const LISTED: bool> Body<F, S, LISTED> {
    const TABLE: &'static Table = &Table {
        poll: Self::poll,
        drop_future: Self::drop_future,
        drop_output: Self::drop_output,
        output: Self::output,
        schedule: Self::schedule,
        free: Self::free,
        is_listed: LISTED,
    };

    /// The cell behind the prefix.
    ///
    /// # Safety
    ///
    /// It is alive and of this type, for as long as the result is used.
    #[inline]
    unsafe fn of<'a>(cell: NonNull<Prefix>) -> &'a Self {
        // SAFETY: as this function's; the pointer was made from a whole `Body`, whose first field is the prefix. The
        // callers have it from a `Table` of this type. Miri on `tests/task.rs` would fail.
        unsafe { cell.cast::<Self>().as_ref() }
    }

    /// See [`Table::poll`].
    unsafe fn poll(cell: NonNull<Prefix>, cx: &mut Context<'_>) -> bool {
        // SAFETY: as `Table` demands.
        let body = unsafe { Self::of(cell) };
        let header = &body.prefix.header;
        let stage = body.stage.get();
        // SAFETY: the holder of the runnable alone touches the stage, and the future is there. A union's fields all lie
        // at its begin.
        let future = unsafe { &mut *stage.cast::<F>() };
        // SAFETY: the cell is never moved, and the future is dropped where it is.
        let mut future = unsafe { Pin::new_unchecked(future) };
        let polled = quiet::catch(|| poll_as_task::<F, LISTED>(header, future.as_mut(), cx));
        let polled = match polled {
            Ok(Poll::Pending) => {
                if LISTED && header.mark() == Place::NONE.to_bits() {
                    header.set_mark(enlist(cell).to_bits());
                }
                return false;
            }
            Ok(Poll::Ready(value)) => Ok(value),
            Err(payload) => Err(payload),
        };
        leave_registry(header);
        // A panic in the future's drop is the task's panic; a value it had returned is dropped with it.
        // SAFETY: it is there, and from here on it counts as gone.
        let dropped =
            quiet::catch(|| within(header, || unsafe { stage.cast::<F>().drop_in_place() }));
        count_ended(LISTED);
        let output = join_panics(polled, dropped);
        let place = stage.cast::<Output<F::Output>>();
        // SAFETY: the place is free, and still the holder's of the runnable.
        unsafe { place.write(output) };
        // In its place: a local one that observers may look at would lie in memory before.
        // SAFETY: it was written just now, and nobody else touches it before the state word says that it is there. Miri on
        // `tests/task.rs` would fail.
        let output = unsafe { &*place };
        let panic = match output {
            Ok(_) => None,
            Err(payload) => Some(&**payload),
        };
        tell_end(header, panic);
        true
    }

    /// See [`Table::drop_future`].
    unsafe fn drop_future(cell: NonNull<Prefix>) {
        // SAFETY: as `Table` demands.
        let body = unsafe { Self::of(cell) };
        leave_registry(&body.prefix.header);
        let dropped = quiet::catch(|| {
            within(&body.prefix.header, || {
                // SAFETY: the holder of the runnable alone touches the stage; the future is there and counts as gone now.
                unsafe { body.stage.get().cast::<F>().drop_in_place() };
            });
        });
        if let Err(payload) = dropped {
            quiet::discard(payload);
        }
        count_ended(LISTED);
        tell_dropped(&body.prefix.header);
    }

    /// See [`Table::drop_output`].
    unsafe fn drop_output(cell: NonNull<Prefix>) {
        // SAFETY: as `Table` demands.
        let body = unsafe { Self::of(cell) };
        // SAFETY: the output is there, the caller alone may touch it, and it counts as gone now.
        let output = unsafe { body.stage.get().cast::<Output<F::Output>>().read() };
        if let Err(payload) = &output {
            report_panic(&body.prefix.header, &**payload);
        }
        quiet::discard(output);
    }

    /// See [`Table::output`].
    unsafe fn output(cell: NonNull<Prefix>) -> *mut () {
        // SAFETY: as `Table` demands.
        unsafe { Self::of(cell) }.stage.get().cast()
    }

    /// See [`Table::schedule`].
    #[inline]
    unsafe fn schedule(cell: NonNull<Prefix>, is_end_of_poll: bool) {
        // SAFETY: the caller holds the runnable and gives it up.
        let runnable = unsafe { Runnable::from_raw(cell.cast()) };
        // SAFETY: as `Table` demands; the runnable keeps the cell alive until it is handed over.
        let body = unsafe { Self::of(cell) };
        if const { size_of::<S>() == 0 && !needs_drop::<S>() } {
            (body.schedule)(runnable, is_end_of_poll);
        } else {
            // The task may end while the function, which lies in its cell and is dropped with it, is still running.
            let guard = runnable.waker();
            (body.schedule)(runnable, is_end_of_poll);
            drop(guard);
        }
    }

    /// See [`Table::free`].
    unsafe fn free(cell: NonNull<Prefix>) {
        // SAFETY: `allocate_here` made it from such a box, and nobody can reach it any more.
        let body = unsafe { Box::from_raw(cell.cast::<Self>().as_ptr()) };
        // What a schedule function captured may panic when it is dropped.
        quiet::discard(body);
    }
}

/// Polls the future as the task with this header.
#[cfg(not(loom))]
#[inline]
fn poll_as_task<F: Future, const LISTED: bool>(
    header: &Header,
    future: Pin<&mut F>,
    cx: &mut Context<'_>,
) -> Poll<F::Output> {
    if !LISTED {
        return header.poll(|| future.poll(cx));
    }
    current::with(|current| {
        let current = current.expect("executors poll their tasks inside `Current::enter`");
        match current.stopwatch() {
            Some(stopwatch) => header.poll_with(stopwatch, || future.poll(cx)),
            None => header.poll(|| future.poll(cx)),
        }
    })
}

/// Drops the future as the task with this header: its destructors find its locals.
#[cfg(not(loom))]
#[inline]
fn within(header: &Header, body: impl FnOnce()) {
    header.within(body);
}

/// As below.
#[cfg(loom)]
fn within(_header: &Header, body: impl FnOnce()) {
    body();
}

/// In a model all threads share one, so the thread-local words of `trill-cell` would tell of strangers.
#[cfg(loom)]
fn poll_as_task<F: Future, const LISTED: bool>(
    _header: &Header,
    future: Pin<&mut F>,
    cx: &mut Context<'_>,
) -> Poll<F::Output> {
    future.poll(cx)
}

/// Tells of a panic that nobody can learn of by awaiting the task.
#[cold]
fn report_panic(header: &Header, payload: &(dyn Any + Send)) {
    let message = join_error::message(payload).unwrap_or("a value that is no text");
    let mut failure = Unhandled::new(What::Panic, &message).task(header.id());
    if let Some(name) = header.name() {
        failure = failure.named(name);
    }
    if let Some(site) = header.site() {
        failure = failure.at(site);
    }
    report(&failure);
}

/// What a task's end is if its future was polled to one end and dropped with another.
#[inline]
fn join_panics<T>(polled: Result<T, Payload>, dropped: Result<(), Payload>) -> Output<T> {
    match (polled, dropped) {
        (polled, Ok(())) => polled,
        (Ok(value), Err(payload)) => {
            quiet::discard(value);
            Err(payload)
        }
        (Err(payload), Err(second)) => {
            quiet::discard(second);
            Err(payload)
        }
    }
}

/// Enters the task that is being polled into its executor's registry.
#[cold]
fn enlist(cell: NonNull<Prefix>) -> Place {
    current::with(|current| {
        let current = current.expect("executors poll their tasks inside `Current::enter`");
        current.enlist(cell.cast())
    })
}

/// Takes the task out of its executor's registry, if it is there.
///
/// Before the task ends: a reader that found it there relies on the reference of its life.
#[inline]
fn leave_registry(header: &Header) {
    let place = Place::from_bits(header.mark());
    if place != Place::NONE {
        current::with(|current| {
            let current = current.expect("executors drop their tasks inside `Current::enter`");
            current.delist(place);
        });
    }
}

/// Tells observers that the future is gone, and with which panic if it ended in one.
#[inline]
fn tell_end(header: &Header, panic: Option<&(dyn Any + Send)>) {
    observers(move |observer| match panic {
        None => observer.ended(header, Ended::Finished),
        Some(payload) => observer.ended(header, Ended::Panicked(payload)),
    });
}

/// Tells observers that the future was dropped before its end.
#[inline]
fn tell_dropped(header: &Header) {
    observers(move |observer| observer.ended(header, Ended::Dropped));
}

/// Counts a task of an executor as ended, once its future is gone.
#[inline]
fn count_ended(is_listed: bool) {
    if is_listed {
        current::with(|current| {
            let current = current.expect("executors drop their tasks inside `Current::enter`");
            current.count_ended();
        });
    }
}

/// Futures of so many bytes get an allocation of their own.
const LARGE: usize = 2048;
