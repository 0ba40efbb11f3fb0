//! Failures that nobody can receive any more.

use std::fmt;
use std::panic::Location;
use std::sync::{Mutex, PoisonError};

use crate::id::TaskId;
use crate::quiet::quietly;

/// What went wrong unseen.
///
/// # Examples
///
/// ```
/// assert_eq!(trill_cell::What::Failure.to_string(), "an error that nobody awaited");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum What {
    /// Work ended with an error, and whoever could have awaited it is gone.
    Failure,
    /// Work panicked, and whoever could have awaited it is gone.
    Panic,
    /// A task or a promise was dropped before it ended.
    Unfinished,
    /// A callback, a hook or a listener failed.
    Callback,
    /// Something is used in a way that can only be a mistake, as the wrong thread or a lock held for long.
    Misuse,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            What::Failure => "an error that nobody awaited",
            What::Panic => "a panic that nobody awaited",
            What::Unfinished => "dropped unfinished",
            What::Callback => "a callback failed",
            What::Misuse => "misuse",
        })
    }
}

/// Tells of a failure that nobody can receive any more.
///
/// # Examples
///
/// ```
/// use trill_cell::{Unhandled, What};
///
/// let failure = Unhandled::new(What::Failure, &"the disk is full").named("saver");
/// assert_eq!(
///     failure.to_string(),
///     "an error that nobody awaited: the disk is full (named \"saver\")"
/// );
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Unhandled<'a> {
    /// What kind of failure it is.
    pub what: What,
    /// The task that failed, if it was one.
    pub task: Option<TaskId>,
    /// The task's name, or another word for what failed.
    pub name: Option<&'a str>,
    /// Where in the program what failed was begun: a task's spawn, a promise's making.
    pub site: Option<&'static Location<'static>>,
    /// The error, or the panic's message.
    pub message: &'a dyn fmt::Display,
}

impl<'a> Unhandled<'a> {
    /// Starts with a kind and a message.
    ///
    /// # Examples
    ///
    /// See [`Unhandled`].
    pub fn new(what: What, message: &'a dyn fmt::Display) -> Unhandled<'a> {
        Unhandled {
            what,
            task: None,
            name: None,
            site: None,
            message,
        }
    }

    /// Says which task it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_cell::{TaskId, Unhandled, What};
    ///
    /// let id = TaskId::next();
    /// assert_eq!(Unhandled::new(What::Panic, &"no luck").task(id).task, Some(id));
    /// ```
    pub fn task(mut self, task: TaskId) -> Self {
        self.task = Some(task);
        self
    }

    /// Says what it is called.
    ///
    /// # Examples
    ///
    /// See [`Unhandled`].
    pub fn named(mut self, name: &'a str) -> Self {
        self.name = Some(name);
        self
    }

    /// Says where it was begun.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::panic::Location;
    /// use trill_cell::{Unhandled, What};
    ///
    /// let here = Location::caller();
    /// assert_eq!(Unhandled::new(What::Panic, &"no luck").at(here).site, Some(here));
    /// ```
    pub fn at(mut self, site: &'static Location<'static>) -> Self {
        self.site = Some(site);
        self
    }
}

impl fmt::Display for Unhandled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.message)?;
        let mut parts = Parts { f, is_open: false };
        if let Some(task) = self.task {
            parts.add(format_args!("task {task}"))?;
        }
        if let Some(name) = self.name {
            parts.add(format_args!("named {name:?}"))?;
        }
        if let Some(site) = self.site {
            parts.add(format_args!("from {site}"))?;
        }
        parts.close()
    }
}

impl fmt::Debug for Unhandled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unhandled({self})")
    }
}

/// Tells every listener of a failure; without one, prints a line to standard error.
///
/// Call it without holding a lock. A listener that panics is passed over, and the line is printed instead.
///
/// # Examples
///
/// See [`on_unhandled`].
pub fn report(unhandled: &Unhandled<'_>) {
    let mut is_heard = false;
    // By index and not under the lock: a listener may add another one.
    for index in 0.. {
        let listener = LISTENERS
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(index)
            .copied();
        let Some(listener) = listener else {
            break;
        };
        is_heard |= quietly(|| listener(unhandled));
    }
    if !is_heard {
        print_unhandled(unhandled);
    }
}

/// Adds a listener to failures that nobody can receive, for the rest of the process.
///
/// It runs where the failure is noticed: in a task, in a drop, on any thread. From the first listener on nothing is
/// printed; a listener that only looks calls [`print_unhandled`].
///
/// # Examples
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use trill_cell::{Unhandled, What, on_unhandled, report};
///
/// static SEEN: AtomicU64 = AtomicU64::new(0);
/// on_unhandled(&|_failure| {
///     SEEN.fetch_add(1, Ordering::Relaxed);
/// });
/// report(&Unhandled::new(What::Failure, &"the disk is full"));
/// assert_eq!(SEEN.load(Ordering::Relaxed), 1);
/// ```
pub fn on_unhandled(listener: &'static (dyn Fn(&Unhandled<'_>) + Send + Sync)) {
    LISTENERS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(listener);
}

/// Prints a failure as [`report`] does without listeners: one line to standard error.
///
/// # Examples
///
/// ```
/// use trill_cell::{Unhandled, What, print_unhandled};
///
/// print_unhandled(&Unhandled::new(What::Failure, &"the disk is full"));
/// ```
pub fn print_unhandled(unhandled: &Unhandled<'_>) {
    // The error's own text may panic, and a closed standard error makes `eprintln` do so.
    quietly(|| eprintln!("trill: {unhandled}"));
}

/// Writes what is known in brackets.
struct Parts<'a, 'f> {
    f: &'a mut fmt::Formatter<'f>,
    is_open: bool,
}

impl Parts<'_, '_> {
    fn add(&mut self, part: fmt::Arguments<'_>) -> fmt::Result {
        let before = if self.is_open { ", " } else { " (" };
        self.is_open = true;
        write!(self.f, "{before}{part}")
    }

    fn close(self) -> fmt::Result {
        self.f.write_str(if self.is_open { ")" } else { "" })
    }
}

/// Hears of failures.
type Listener = dyn Fn(&Unhandled<'_>) + Send + Sync;

/// All listeners, in the order they came.
static LISTENERS: Mutex<Vec<&'static Listener>> = Mutex::new(Vec::new());
