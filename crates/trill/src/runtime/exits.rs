//! Async work that a runtime does at its end.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::current;
use super::shared::Shared;

/// Runs `work` when the thread's runtime ends, after its tasks have ended: an async drop.
///
/// What was registered last runs first. All of it together has [some time](crate::Builder::exits_max); what has not
/// ended then is dropped and named in a report.
/// It may spawn, wait for timers and sockets, and use the blocking pool.
///
/// Outside a runtime this is about the process-wide one, which never ends, so the work is never run there.
///
/// # Examples
///
/// ```
/// use std::sync::{Arc, Mutex};
///
/// let log = Arc::new(Mutex::new(Vec::new()));
/// let (first, last) = (log.clone(), log.clone());
/// trill::run(async move {
///     trill::at_exit(move || async move { last.lock().unwrap().push("connection closed") });
///     first.lock().unwrap().push("main is done");
/// });
/// assert_eq!(*log.lock().unwrap(), ["main is done", "connection closed"]);
/// ```
#[track_caller]
pub fn at_exit<F>(work: impl FnOnce() -> F + Send + 'static) -> AtExit
where
    F: Future<Output = ()> + 'static,
{
    let site = Location::caller();
    current::with(|inner| AtExit::new(&inner.shared, Exit::new(work, site)))
}

/// Work that was registered by [`at_exit`]. Dropping this changes nothing: the work is done at the end.
///
/// # Examples
///
/// ```
/// trill::run(async {
///     let at_exit = trill::at_exit(|| async { unreachable!("it was taken back") });
///     assert!(at_exit.remove());
/// });
/// ```
#[derive(Clone)]
pub struct AtExit {
    shared: Weak<Shared>,
    number: u64,
}

impl AtExit {
    pub(super) fn new(shared: &Arc<Shared>, exit: Exit) -> AtExit {
        AtExit {
            shared: Arc::downgrade(shared),
            number: shared.exits.add(exit),
        }
    }

    /// Takes the work back and drops it; says whether it was still to be done.
    ///
    /// # Examples
    ///
    /// See [`AtExit`].
    pub fn remove(self) -> bool {
        let removed = self
            .shared
            .upgrade()
            .and_then(|shared| shared.exits.remove(self.number));
        // The work is dropped here, where no lock is held.
        removed.is_some()
    }
}

impl fmt::Debug for AtExit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AtExit").field(&self.number).finish()
    }
}

/// One piece of work.
pub(super) struct Exit {
    pub(super) work: Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()>>> + Send>,
    pub(super) site: &'static Location<'static>,
}

impl Exit {
    pub(super) fn new<F>(
        work: impl FnOnce() -> F + Send + 'static,
        site: &'static Location<'static>,
    ) -> Exit
    where
        F: Future<Output = ()> + 'static,
    {
        Exit {
            work: Box::new(move || Box::pin(work())),
            site,
        }
    }
}

/// All that is to be done at the end of one runtime.
#[derive(Default)]
pub(super) struct Exits(Mutex<List>);

#[derive(Default)]
struct List {
    next: u64,
    /// By the order of registration, so rising by number. Work that was taken back leaves an empty place.
    exits: Vec<(u64, Option<Exit>)>,
    /// How many places are not empty.
    held: usize,
}

impl Exits {
    fn add(&self, exit: Exit) -> u64 {
        let mut list = self.lock();
        let number = list.next;
        list.next += 1;
        // Before it grows, so that a program that registers and takes back for ever does not.
        if list.exits.len() == list.exits.capacity() && list.held < list.exits.len() / 2 {
            list.exits.retain(|place| place.1.is_some());
        }
        list.exits.push((number, Some(exit)));
        list.held += 1;
        number
    }

    fn remove(&self, number: u64) -> Option<Exit> {
        let mut list = self.lock();
        let found = list.exits.binary_search_by(|place| place.0.cmp(&number));
        let exit = list.exits[found.ok()?].1.take()?;
        list.held -= 1;
        Some(exit)
    }

    /// Takes what was registered last.
    pub(super) fn pop(&self) -> Option<Exit> {
        let mut list = self.lock();
        while let Some((_, exit)) = list.exits.pop() {
            if exit.is_some() {
                list.held -= 1;
                return exit;
            }
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, List> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::panic::Location;

    use super::{Exit, Exits};

    fn exit() -> Exit {
        Exit::new(|| async {}, Location::caller())
    }

    #[test]
    fn work_taken_back_is_not_popped_and_the_rest_comes_last_first() {
        let exits = Exits::default();
        let numbers: Vec<u64> = (0..4)
            .map(|nth| {
                let mut exit = exit();
                exit.site = SITES[nth];
                exits.add(exit)
            })
            .collect();
        assert!(exits.remove(numbers[1]).is_some());
        assert!(exits.remove(numbers[1]).is_none());
        assert!(exits.remove(numbers[3]).is_some());
        let left = std::iter::from_fn(|| exits.pop());
        assert!(left.map(|exit| exit.site).eq([SITES[2], SITES[0]]));
        assert!(exits.remove(numbers[0]).is_none());
    }

    #[test]
    fn work_registered_and_taken_back_for_ever_takes_no_memory() {
        let exits = Exits::default();
        let first = exits.add(exit());
        for _ in 0..100_000 {
            let number = exits.add(exit());
            assert!(exits.remove(number).is_some());
        }
        assert!(exits.lock().exits.capacity() <= 16);
        assert!(exits.remove(first).is_some());
        assert!(exits.pop().is_none());
    }

    const SITES: [&Location<'static>; 4] = [here(), here(), here(), here()];

    #[track_caller]
    const fn here() -> &'static Location<'static> {
        Location::caller()
    }
}
