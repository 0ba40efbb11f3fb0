//! Those who listen to what tasks do.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::header::Header;
use crate::quiet::quietly;

/// How a task ended.
///
/// # Examples
///
/// ```
/// assert_eq!(format!("{:?}", trill_cell::Ended::Finished), "Finished");
/// ```
#[non_exhaustive]
pub enum Ended<'a> {
    /// Its future returned a value.
    Finished,
    /// Its future was dropped before it returned.
    Dropped,
    /// Its future panicked in a poll with this payload.
    Panicked(&'a (dyn Any + Send)),
}

impl fmt::Debug for Ended<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Ended::Finished => "Finished",
            Ended::Dropped => "Dropped",
            Ended::Panicked(_) => "Panicked",
        })
    }
}

/// Hears what tasks do, on the thread where it happens.
///
/// Implementations must be quick, must not panic, and must not spawn or poll tasks.
///
/// # Examples
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use trill_cell::{Header, Observer, Spawned, observe};
///
/// #[derive(Debug, Default)]
/// struct Count(AtomicU64);
///
/// impl Observer for Count {
///     fn spawned(&self, _task: &Header) {
///         self.0.fetch_add(1, Ordering::Relaxed);
///     }
/// }
///
/// static COUNT: Count = Count(AtomicU64::new(0));
/// observe(&COUNT);
/// Header::new(Spawned::here());
/// assert!(COUNT.0.load(Ordering::Relaxed) >= 1);
/// ```
pub trait Observer: Send + Sync {
    /// A task was made; it was not polled yet and its header may still move.
    fn spawned(&self, task: &Header) {
        let _ = task;
    }

    /// A poll of a task ended after `ticks` of [`trill_world::ticks`].
    fn polled(&self, task: &Header, ticks: u64) {
        let _ = (task, ticks);
    }

    /// A task ended.
    fn ended(&self, task: &Header, how: Ended<'_>) {
        let _ = (task, how);
    }
}

/// Adds an observer, for the rest of the process.
///
/// # Examples
///
/// See [`Observer`].
pub fn observe(observer: &'static dyn Observer) -> Observing {
    let mut observers = OBSERVERS.lock().unwrap_or_else(PoisonError::into_inner);
    let name = NEXT.fetch_add(1, Ordering::Relaxed);
    let entry = Some((name, observer));
    match observers.iter_mut().find(|place| place.is_none()) {
        Some(place) => *place = entry,
        None => observers.push(entry),
    }
    // Relaxed: who sees it late is as one who was there before; the list has a lock of its own.
    ANY.store(true, Ordering::Relaxed);
    Observing(name)
}

/// Names what [`observe`] put in, for [`unobserve`].
///
/// # Examples
///
/// See [`unobserve`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observing(u64);

/// Takes an observer out that [`observe`] put in; without any, tasks cost what they did before.
///
/// Other threads may still tell it of what they are about to do.
///
/// # Examples
///
/// ```
/// use trill_cell::{Observer, observe, unobserve};
///
/// struct Deaf;
/// impl Observer for Deaf {}
///
/// let observing = observe(&Deaf);
/// unobserve(observing);
/// ```
pub fn unobserve(observing: Observing) {
    let mut observers = OBSERVERS.lock().unwrap_or_else(PoisonError::into_inner);
    for place in observers.iter_mut() {
        if place.is_some_and(|(name, _)| name == observing.0) {
            *place = None;
        }
    }
    // Relaxed: who sees it late finds nobody in the list.
    ANY.store(observers.iter().any(Option::is_some), Ordering::Relaxed);
}

/// Runs `tell` for each observer; for executors, which tell of a task's end.
///
/// # Examples
///
/// ```
/// trill_cell::observers(|observer| {
///     let _ = observer;
/// });
/// ```
#[inline]
pub fn observers(tell: impl Fn(&'static dyn Observer)) {
    each(tell);
}

/// Runs `tell` for each observer. With none it costs one load and a branch.
#[inline]
pub(crate) fn each(tell: impl Fn(&'static dyn Observer)) {
    if any() {
        each_by_value(tell);
    }
}

/// Says whether there is any observer.
#[inline]
pub(crate) fn any() -> bool {
    ANY.load(Ordering::Relaxed)
}

/// The part of [`each`] for processes that are observed.
///
/// By value: a reference to what `tell` has captured would keep that in memory on the way of those that are not observed.
#[cold]
#[inline(never)]
fn each_by_value(tell: impl Fn(&'static dyn Observer)) {
    each_slow(&tell);
}

fn each_slow(tell: &dyn Fn(&'static dyn Observer)) {
    // By index and not under the lock: an observer may add another one.
    for index in 0.. {
        let observer = OBSERVERS
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(index)
            .copied();
        match observer {
            Some(None) => {}
            // One that panics, though it must not, takes neither the task nor the others with it.
            Some(Some((_, observer))) => {
                quietly(|| tell(observer));
            }
            None => break,
        }
    }
}

/// The name of the next one.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Whether the list holds any observer.
static ANY: AtomicBool = AtomicBool::new(false);

/// All observers, in the order they came but for places that were left.
static OBSERVERS: Mutex<Vec<Option<Entry>>> = Mutex::new(Vec::new());

/// An observer and its name.
type Entry = (u64, &'static dyn Observer);
