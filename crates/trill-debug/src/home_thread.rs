//! A mark for what belongs to one thread.

use std::panic::Location;
use std::thread::{self, ThreadId};

use crate::enable::is_enabled;
use crate::finding::Finding;
use crate::tell;

/// Remembers on which thread something was made, and finds its use on another one.
///
/// For types that the compiler lets cross threads and that mean one thread all the same: a handle of a loop whose
/// functions must not be called from elsewhere, a context of a graphics library. Such a type calls
/// [`check`](HomeThread::check) where it is used; when debug mode is off that is one relaxed load.
///
/// # Examples
///
/// ```
/// use std::sync::mpsc;
/// use trill_debug::{Config, HomeThread};
///
/// let (found, findings) = mpsc::channel();
/// trill_debug::enable(Config::new().listener(move |finding| {
///     found.send(finding.to_string()).ok();
/// }));
/// let home = HomeThread::here("the canvas");
/// home.check();
/// std::thread::spawn(move || home.check()).join().unwrap();
/// assert!(findings.recv().unwrap().starts_with("the canvas"));
/// assert!(findings.try_recv().is_err());
/// ```
#[derive(Clone, Debug)]
pub struct HomeThread {
    what: &'static str,
    thread: ThreadId,
    made_at: &'static Location<'static>,
}

impl HomeThread {
    /// Makes this thread the home of something, which is called `what`.
    ///
    /// # Examples
    ///
    /// See [`HomeThread`].
    #[track_caller]
    pub fn here(what: &'static str) -> HomeThread {
        HomeThread {
            what,
            thread: thread::current().id(),
            made_at: Location::caller(),
        }
    }

    /// Finds it if this is another thread and debug mode is on.
    ///
    /// # Examples
    ///
    /// See [`HomeThread`].
    #[track_caller]
    #[inline]
    pub fn check(&self) {
        if is_enabled() {
            self.check_slow(Location::caller());
        }
    }

    #[cold]
    fn check_slow(&self, at: &'static Location<'static>) {
        if thread::current().id() != self.thread {
            tell::tell(|| Finding::WrongThread {
                what: self.what,
                made_at: self.made_at,
                at,
            });
        }
    }
}
