//! The handle of a reactor, and the ways to get one.

use std::cell::Cell;
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use trill_world::{PerProcess, World};

use crate::choice::{Backend, Choice, Reason, choose, explain};
use crate::core::Core;
use crate::op::Operation;
use crate::pending::Pending;
use crate::ring::{self, Ring};
use crate::rings::{self, Rings};

/// A place where sources are registered and threads wait for their events.
///
/// The handle is cheap to clone. A program that makes none uses the [global](Reactor::global) one.
/// The descriptors of a reactor whose last handle is dropped are kept and used again by the next one that is built;
/// sources that are still registered go on working.
///
/// # Fork
///
/// A child made by `fork` shares its parent's epoll and leaves it alone: there sources of the parent return errors when
/// they would wait, dropping them changes nothing in the parent, and a reactor that was made before registers nothing.
/// [`Reactor::global`] is another one in the child. That other threads of the parent were inside this crate at the fork
/// is not provided for; a child that executes another program is always safe, as all descriptors are closed then.
///
/// # Examples
///
/// ```
/// use trill_reactor::{Async, Reactor, block_on};
///
/// let reactor = Reactor::builder().build()?;
/// let (a, b) = std::os::unix::net::UnixStream::pair()?;
/// let a = Async::new_in(&reactor, a)?;
/// drop(b); // the end of the stream can be read
/// block_on(a.readable())?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Reactor {
    core: &'static Core,
}

impl Reactor {
    /// Returns the reactor that all share who have no other; made at first use.
    ///
    /// # Errors
    ///
    /// If the environment variable `TRILL_REACTOR` names no back end, if `TRILL_URING` is neither `auto` nor `off`, or
    /// what the operating system says when it refuses the descriptors. The next call tries again.
    /// [`Unsupported`](io::ErrorKind::Unsupported) if the back end is not there: epoll outside Linux, `polling` on Linux
    /// without the feature `polling`.
    ///
    /// # Examples
    ///
    /// ```
    /// let reactor = trill_reactor::Reactor::global()?;
    /// println!("{}", reactor.backend());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn global() -> io::Result<Reactor> {
        global().cloned()
    }

    /// Returns the reactor this thread has [entered](Reactor::enter), else the [global](Reactor::global) one.
    ///
    /// # Errors
    ///
    /// As [`Reactor::global`].
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_reactor::Reactor;
    ///
    /// let reactor = Reactor::builder().build()?;
    /// let guard = reactor.enter();
    /// assert_eq!(Reactor::current()?, reactor);
    /// drop(guard);
    /// assert_eq!(Reactor::current()?, Reactor::global()?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn current() -> io::Result<Reactor> {
        match entered() {
            Some(core) => Ok(Reactor::of(core)),
            None => Reactor::global(),
        }
    }

    /// Starts to describe a reactor.
    ///
    /// # Examples
    ///
    /// See [`Builder`].
    pub fn builder() -> Builder {
        Builder {
            backend: None,
            oneshot: false,
            rings: true,
        }
    }

    /// Makes this the thread's [current](Reactor::current) reactor until the guard is dropped.
    ///
    /// Guards nest; drop them in the reverse order of their making.
    ///
    /// # Examples
    ///
    /// See [`Reactor::current`].
    pub fn enter(&self) -> EnteredReactor {
        EnteredReactor {
            outer: ENTERED.replace(Some(self.core)),
            reactor: self.clone(),
            _not_send: PhantomData,
        }
    }

    /// Tells which back end is used, and why.
    ///
    /// # Examples
    ///
    /// See [`Choice`].
    pub fn backend(&self) -> Choice {
        self.core.choice()
    }

    /// Tells whether this reactor runs operations by itself, and why not.
    ///
    /// The first call in a process finds out by a test, which takes some 100 µs.
    ///
    /// # Examples
    ///
    /// See [`Rings`].
    pub fn rings(&self) -> Rings {
        self.core.rings()
    }

    /// Gives a whole operation to the system, to this thread's ring in this reactor; hands it back if that cannot be.
    ///
    /// It begins at once. The ring is made at the first call on a thread and ends with that: the thread's end
    /// waits until the system is done with all that was submitted there. Whoever awaits may do so anywhere.
    ///
    /// # Errors
    ///
    /// The operation, untouched, if there are no rings here (see [`Reactor::rings`]), the system does not know this
    /// one, the thread was refused a ring or has 4,096 operations under way, or the world is a simulated one. Do it
    /// in another way then, as on a blocking pool.
    ///
    /// # Cancel safety
    ///
    /// See [`Pending`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    /// use std::sync::Arc;
    /// use trill_reactor::{Reactor, block_on, op};
    ///
    /// # let path = std::env::temp_dir().join(format!("trill-submit-{}", std::process::id()));
    /// # std::fs::write(&path, "some text")?;
    /// let file = Arc::new(std::fs::File::open(&path)?.into());
    /// # std::fs::remove_file(&path)?;
    /// let read = op::Read::new(file, vec![0; 4], Some(5));
    /// match Reactor::current()?.submit(read) {
    ///     Ok(reading) => {
    ///         let (count, buffer) = block_on(reading).map_err(|_| io::ErrorKind::Interrupted)?;
    ///         assert_eq!(&buffer[..count?], b"text");
    ///     }
    ///     Err(read) => println!("no rings: read {:?} on a thread", read.range),
    /// }
    /// # Ok::<(), io::Error>(())
    /// ```
    pub fn submit<O: Operation>(&self, operation: O) -> Result<Pending<O>, O> {
        match self.ring(operation.code()) {
            Some(ring) => ring.submit(operation),
            None => Err(operation),
        }
    }

    /// Where an operation of this code goes.
    fn ring(&self, code: u8) -> Option<Arc<Ring>> {
        let no_rings = self.core.no_rings.is_some() || self.core.is_foreign();
        if no_rings || !World::current().is_os() {
            return None;
        }
        ring::ring(self.core, code)
    }

    /// Returns how many operations are under way on the rings of this reactor.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_reactor::Reactor::builder().rings(false).build()?.operations(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn operations(&self) -> usize {
        self.core.operations()
    }

    /// Returns the steps in which a wait counts time: a nanosecond, or a millisecond on Linux before 5.11.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(!trill_reactor::Reactor::global()?.precision().is_zero());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn precision(&self) -> Duration {
        self.core.precision()
    }

    /// Returns how many sources are registered.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_reactor::{Async, Reactor};
    ///
    /// let reactor = Reactor::builder().build()?;
    /// let before = reactor.sources();
    /// let (a, _b) = std::os::unix::net::UnixStream::pair()?;
    /// let a = Async::new_in(&reactor, a)?;
    /// assert_eq!(reactor.sources(), before + 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn sources(&self) -> usize {
        self.core.sources()
    }

    /// Returns how often a thread has asked the system for events. It never shrinks.
    ///
    /// # Examples
    ///
    /// ```
    /// let turns = trill_reactor::Reactor::global()?.turns();
    /// assert!(trill_reactor::Reactor::global()?.turns() >= turns);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn turns(&self) -> u64 {
        self.core.turns()
    }

    /// Returns how many events of sources the system has reported. It never shrinks.
    ///
    /// # Examples
    ///
    /// ```
    /// let events = trill_reactor::Reactor::global()?.events();
    /// assert!(trill_reactor::Reactor::global()?.events() >= events);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn events(&self) -> u64 {
        self.core.events()
    }

    /// Returns how often a thread that waited here was roused by another thread. It never shrinks.
    ///
    /// # Examples
    ///
    /// ```
    /// let interrupts = trill_reactor::Reactor::global()?.interrupts();
    /// assert!(trill_reactor::Reactor::global()?.interrupts() >= interrupts);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn interrupts(&self) -> u64 {
        self.core.interrupts()
    }

    /// Makes the calling thread park in this reactor, if it is inside `block_on`; else the attendant is asked to.
    ///
    /// Sources do this whenever they wait. A runtime calls it at the start of a worker, so that the worker parks here
    /// and not in another reactor whose source it happens to poll first.
    ///
    /// # Errors
    ///
    /// See [`trill_park::Thread::drive`].
    ///
    /// # Examples
    ///
    /// ```
    /// let reactor = trill_reactor::Reactor::builder().build()?;
    /// trill_reactor::block_on(async { reactor.drive() })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn drive(&self) -> io::Result<()> {
        trill_park::thread().drive(self.core)
    }

    /// The core behind the handle.
    pub(crate) fn core(&self) -> &'static Core {
        self.core
    }

    /// Makes a handle.
    fn of(core: &'static Core) -> Reactor {
        // Relaxed: whoever makes a handle has one, or has just taken the core out of the pool.
        core.handles.fetch_add(1, Ordering::Relaxed);
        Reactor { core }
    }
}

impl Clone for Reactor {
    fn clone(&self) -> Reactor {
        Reactor::of(self.core)
    }
}

impl Drop for Reactor {
    fn drop(&mut self) {
        // AcqRel: pairs with itself in the other handles, so that all their uses come before the pool's.
        if self.core.handles.fetch_sub(1, Ordering::AcqRel) == 1 {
            pool().push(self.core);
        }
    }
}

impl PartialEq for Reactor {
    fn eq(&self, other: &Reactor) -> bool {
        std::ptr::eq(self.core, other.core)
    }
}

impl Eq for Reactor {}

impl fmt::Debug for Reactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.core.fmt(f)
    }
}

/// Describes a reactor to be made; from [`Reactor::builder`].
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "polling")] {
/// use trill_reactor::{Backend, Reactor, Reason};
///
/// let reactor = Reactor::builder().backend(Backend::Polling).build()?;
/// assert_eq!(reactor.backend().reason, Reason::Builder);
/// # }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Builder {
    backend: Option<Backend>,
    oneshot: bool,
    rings: bool,
}

impl Builder {
    /// Chooses the back end, instead of the environment variable `TRILL_REACTOR` or the system's default.
    ///
    /// # Examples
    ///
    /// See [`Builder`].
    pub fn backend(mut self, backend: Backend) -> Builder {
        self.backend = Some(backend);
        self
    }

    /// Lets the reactor run operations on io_uring where the system has it, or forbids it; the default is `true`.
    ///
    /// The environment variable `TRILL_URING=off` forbids it to all reactors of a process.
    ///
    /// # Examples
    ///
    /// See [`Rings`].
    pub fn rings(mut self, rings: bool) -> Builder {
        self.rings = rings;
        self
    }

    /// Makes `polling` work as on systems without edges, so that this way can be tested everywhere.
    #[doc(hidden)]
    pub fn oneshot(mut self) -> Builder {
        self.oneshot = true;
        self
    }

    /// Makes the reactor.
    ///
    /// # Errors
    ///
    /// As [`Reactor::global`].
    ///
    /// # Examples
    ///
    /// See [`Builder`].
    pub fn build(&self) -> io::Result<Reactor> {
        let choice = choose(self.backend)?;
        let made = self.take_or_make(choice.clone());
        let core = match made {
            // The default is a wish; what a person asked for is not replaced by something else.
            Err(error) if choice.reason == Reason::Default && choice.backend == Backend::Epoll => {
                let fallback = Choice {
                    backend: Backend::Polling,
                    reason: Reason::Fallback(error.to_string()),
                };
                self.take_or_make(fallback).map_err(|_| error)?
            }
            made => made.map_err(|error| explain(&choice, error))?,
        };
        Ok(Reactor::of(core))
    }

    /// Takes a core of this kind out of the pool, or makes one.
    fn take_or_make(&self, choice: Choice) -> io::Result<&'static Core> {
        let oneshot = self.oneshot && choice.backend == Backend::Polling;
        let no_rings = rings::forbidden(self.rings, choice.backend)?;
        let mut pool = pool();
        let fits = |core: &&Core| {
            core.choice().backend == choice.backend
                && core.asked_oneshot == oneshot
                && core.no_rings == no_rings
                && !core.is_foreign()
        };
        // The one returned last: threads that parked in it may be about to park in the next one.
        match pool.iter().rposition(fits) {
            Some(index) => {
                let core = pool.remove(index);
                core.set_reason(choice.reason);
                Ok(core)
            }
            None => Core::leak(choice, oneshot, no_rings),
        }
    }
}

/// Keeps a reactor the thread's current one until it is dropped; from [`Reactor::enter`].
///
/// # Examples
///
/// See [`Reactor::current`].
#[must_use = "the thread leaves the reactor when this is dropped"]
pub struct EnteredReactor {
    outer: Option<&'static Core>,
    reactor: Reactor,
    /// A guard is dropped on the thread that made it.
    _not_send: PhantomData<*const ()>,
}

impl Drop for EnteredReactor {
    fn drop(&mut self) {
        ENTERED.set(self.outer);
    }
}

impl fmt::Debug for EnteredReactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EnteredReactor")
            .field(&self.reactor)
            .finish()
    }
}

thread_local! {
    /// The reactor this thread has entered; the guard holds a handle.
    static ENTERED: Cell<Option<&'static Core>> = const { Cell::new(None) };
}

/// The core of the reactor this thread has entered.
#[inline]
pub(crate) fn entered() -> Option<&'static Core> {
    ENTERED.get()
}

/// The core of the current reactor.
#[inline]
pub(crate) fn current_core() -> io::Result<&'static Core> {
    match entered() {
        Some(core) => Ok(core),
        None => Ok(global()?.core),
    }
}

/// The global reactor; a child made by `fork` has one of its own.
fn global() -> io::Result<&'static Reactor> {
    static GLOBAL: PerProcess<Reactor> = PerProcess::new();
    GLOBAL.get_or_try_init(|| Reactor::builder().build())
}

/// Cores without a handle.
fn pool() -> std::sync::MutexGuard<'static, Vec<&'static Core>> {
    static POOL: Mutex<Vec<&'static Core>> = Mutex::new(Vec::new());
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}
