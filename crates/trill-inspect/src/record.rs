//! One task, as it was when it was looked at.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use trill_cell::{Header, Kind, TaskId, Wait};

/// One task, as it was when it was looked at.
///
/// # Examples
///
/// ```
/// use trill_executor::Executor;
/// use trill_inspect::Snapshot;
///
/// let ex = Executor::new();
/// let task = ex.builder().name("reader").spawn(std::future::pending::<()>());
/// ex.try_tick();
/// let snapshot = Snapshot::of(&ex);
/// let record = snapshot.task(task.id()).unwrap();
/// assert!(record.is_waiting);
/// # if cfg!(feature = "insight") {
/// assert_eq!((record.name.as_deref(), record.polls), (Some("reader"), 1));
/// assert_eq!(record.site.unwrap().file(), file!());
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Record {
    /// Its identity, unique in the process.
    pub id: TaskId,
    /// Its name, if it was given one.
    pub name: Option<Box<str>>,
    /// Where it was spawned.
    pub site: Option<&'static Location<'static>>,
    /// The task that spawned it, if a task did.
    pub parent: Option<TaskId>,
    /// How often it was polled.
    pub polls: u64,
    /// How long its polls took together; an estimate, see [`Header::ticks`].
    pub busy: Duration,
    /// Whether it only waits: it is neither being polled nor ready to be. A child of a scope is polled within another task,
    /// and always counts as waiting.
    pub is_waiting: bool,
    /// What it waited for when its last poll ended, as far as a leaf said so.
    pub wait: Option<Wait>,
    /// The tasks that await it, ascending: its handle's, and the one that runs its scope or group.
    pub awaited_by: Vec<TaskId>,
}

impl Record {
    pub(crate) fn new(header: &Header, is_waiting: bool, awaiters: &[Option<TaskId>]) -> Record {
        let mut awaited_by: Vec<TaskId> = awaiters.iter().copied().flatten().collect();
        awaited_by.sort_unstable();
        awaited_by.dedup();
        Record {
            id: header.id(),
            name: header.name().map(Box::from),
            site: header.site(),
            parent: header.parent(),
            polls: header.polls(),
            busy: trill_world::ticks_to_delay(header.ticks()),
            is_waiting,
            wait: settled_wait(header),
            awaited_by,
        }
    }

    /// Returns the task that it waits for, if that is what the last leaf said.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_executor::Executor;
    /// use trill_inspect::Snapshot;
    ///
    /// let ex = Executor::new();
    /// let child = ex.spawn(std::future::pending::<()>());
    /// let child_id = child.id();
    /// let parent = ex.spawn(child);
    /// while ex.try_tick() {}
    /// let snapshot = Snapshot::of(&ex);
    /// # if cfg!(feature = "insight") {
    /// assert_eq!(snapshot.task(parent.id()).unwrap().awaits(), Some(child_id));
    /// # }
    /// ```
    pub fn awaits(&self) -> Option<TaskId> {
        let wait = self.wait.as_ref()?;
        match wait.kind {
            Kind::Task => TaskId::from_u64(wait.value),
            _ => None,
        }
    }
}

/// The wait and its place, which are two words that the polling thread writes one after the other.
fn settled_wait(header: &Header) -> Option<Wait> {
    let mut wait = header.wait();
    for _ in 0..SETTLE_TRIES {
        let again = header.wait();
        if again == wait {
            break;
        }
        wait = again;
    }
    wait
}

/// How often a task that is being polled right now is read again; its next poll tells something else anyway.
const SETTLE_TRIES: u32 = 3;

/// A task's identity and name.
pub(crate) struct Named<'a>(pub(crate) &'a Record);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}", self.0.id)?;
        match &self.0.name {
            Some(name) => write!(f, " {name:?}"),
            None => Ok(()),
        }
    }
}

/// What a task waits for, in words.
pub(crate) struct Waits<'a>(pub(crate) &'a Record);

impl fmt::Display for Waits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(wait) = &self.0.wait else {
            return f.write_str("-");
        };
        match wait.kind {
            Kind::Task => write!(f, "task {}", wait.value)?,
            Kind::Timer => write!(f, "timer {:?}", Duration::from_millis(wait.value))?,
            Kind::Readable | Kind::Writable => write!(f, "{} fd {}", wait.kind, wait.value)?,
            Kind::Lock | Kind::Permit | Kind::Notification | Kind::Receive | Kind::Send => {
                write!(f, "{} {:#x}", wait.kind, wait.value)?
            }
            Kind::Turn | Kind::Blocking => write!(f, "{}", wait.kind)?,
            kind => write!(f, "{kind} {}", wait.value)?,
        }
        match wait.leaves {
            0 | 1 => Ok(()),
            // The count stops there.
            u8::MAX => f.write_str(" and many more"),
            leaves => write!(f, " and {} more", leaves - 1),
        }
    }
}

/// A place in the program, or a dash.
pub(crate) struct Place(pub(crate) Option<&'static Location<'static>>);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(at) => write!(f, "{}:{}", at.file(), at.line()),
            None => f.write_str("-"),
        }
    }
}
