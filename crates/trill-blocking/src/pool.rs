//! The pool that users hold.

use std::fmt;
use std::io;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use trill_world::World;

use crate::builder::Builder;
use crate::class::Class;
use crate::crew::Crew;
use crate::current::{self, Entered};
use crate::job::{self, Runnable, Task};
use crate::refused::Refused;
use crate::seat::Seat;
use crate::stats::Stats;

/// Threads for work that blocks, with a limit in all and one per [`Class`].
///
/// Threads are started when there is work and no idle thread, up to the limits; beyond them work waits, first in first
/// out in each class, and among classes the oldest work that its class's limit allows comes first. The thread that
/// became idle last is used first. A thread that finds no work for 10 s ends.
///
/// Clones share the pool. When the last one is dropped nothing new can come: what was submitted is still run to its
/// end, then the threads end; the drop does not wait for that.
///
/// A child made by `fork` has no threads of its parent's pools: they refuse work there, and [`Pool::current`] is another
/// one, unless the thread has entered one before.
///
/// # Examples
///
/// ```
/// let pool = trill_blocking::Pool::new();
/// let sum = pool.unblock(|| (1..=10).sum::<u32>());
/// assert_eq!(trill_park::block_on(sum), 55);
/// ```
#[derive(Clone)]
pub struct Pool(Arc<Handle>);

/// Shared by the clones of a pool, and not by its threads.
struct Handle {
    shared: Arc<Shared>,
    /// Whether threads need not wait for more work when this is dropped.
    closes: bool,
}

/// Shared by a pool and its threads.
pub(crate) struct Shared {
    crew: Crew<Runnable>,
    /// The handle that was made with this.
    handle: Weak<Handle>,
    thread_name: String,
    /// The number in the name of the last thread.
    threads_named: AtomicU64,
    /// The process in which the threads are.
    made_in: u32,
}

impl Pool {
    /// Makes a pool with the defaults of [`Builder::new`], in the current world.
    ///
    /// # Examples
    ///
    /// See [`Pool`].
    pub fn new() -> Pool {
        Builder::new().build_in(World::current())
    }

    /// Starts to make a pool with limits of its own.
    ///
    /// # Examples
    ///
    /// See [`Builder`].
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Makes a pool; its handle `closes` it unless others find it without one.
    pub(crate) fn assemble(crew: Crew<Runnable>, thread_name: String, closes: bool) -> Pool {
        Pool(Arc::new_cyclic(|handle| Handle {
            shared: Arc::new(Shared {
                crew,
                handle: handle.clone(),
                thread_name,
                threads_named: AtomicU64::new(0),
                made_in: trill_world::forks(),
            }),
            closes,
        }))
    }

    /// Runs `work` on a thread of this pool; see [`unblock`](crate::unblock()) for what the task promises.
    ///
    /// # Cancel safety
    ///
    /// Dropping the task cancels work that has not begun; work that has begun runs to its end, and its result is
    /// dropped.
    ///
    /// # Panics
    ///
    /// The task panics if no thread of the pool lives and none can be started.
    ///
    /// # Examples
    ///
    /// See [`Pool`].
    #[track_caller]
    pub fn unblock<T, F>(&self, work: F) -> Task<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.unblock_in(&Class::DEFAULT, work)
    }

    /// As [`Pool::unblock`], within the limit of a class.
    ///
    /// # Cancel safety
    ///
    /// As [`Pool::unblock`].
    ///
    /// # Panics
    ///
    /// As [`Pool::unblock`].
    ///
    /// # Examples
    ///
    /// See [`Class`].
    #[track_caller]
    pub fn unblock_in<T, F>(&self, class: &Class, work: F) -> Task<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        job::unblock(work, Location::caller(), &|job| {
            self.shared().submit(class, job)
        })
    }

    /// As [`Pool::unblock`], but returns an error if the work would have no thread.
    ///
    /// # Errors
    ///
    /// [`Refused`], wrapped, if no thread of the pool lives and none can be started. `work` is dropped then, and was
    /// not called.
    ///
    /// # Cancel safety
    ///
    /// As [`Pool::unblock`].
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = trill_blocking::Pool::new();
    /// let task = pool.try_unblock(|| 5)?;
    /// assert_eq!(trill_park::block_on(task), 5);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn try_unblock<T, F>(&self, work: F) -> io::Result<Task<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.try_unblock_in(&Class::DEFAULT, work)
    }

    /// As [`Pool::try_unblock`], within the limit of a class.
    ///
    /// # Errors
    ///
    /// As [`Pool::try_unblock`].
    ///
    /// # Cancel safety
    ///
    /// As [`Pool::unblock`].
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_blocking::{Class, Pool};
    ///
    /// let pool = Pool::new();
    /// let task = pool.try_unblock_in(&Class::new("files", 8), || 5)?;
    /// assert_eq!(trill_park::block_on(task), 5);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn try_unblock_in<T, F>(&self, class: &Class, work: F) -> io::Result<Task<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        job::try_unblock(work, Location::caller(), &|job| {
            self.shared().submit(class, job)
        })
    }

    /// Returns the pool that [`unblock`](crate::unblock()) uses here: the one this thread has [entered](Pool::enter) or
    /// works for, else the one of the current world.
    ///
    /// The operating system has one such pool, made on first use by [`Builder::from_env`]; each simulated world has
    /// its own.
    ///
    /// # Examples
    ///
    /// ```
    /// let task = trill_blocking::unblock(|| 5);
    /// assert_eq!(trill_park::block_on(task), 5);
    /// assert!(trill_blocking::Pool::current().stats().threads >= 1);
    /// ```
    pub fn current() -> Pool {
        current::pool()
    }

    /// Makes [`unblock`](crate::unblock()) on this thread use this pool until the guard is dropped.
    ///
    /// It counts only while the thread is in the world in which the pool was made. Guards nest; drop them in the
    /// reverse order of their making.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_blocking::{Pool, unblock};
    ///
    /// let pool = Pool::new();
    /// let _guard = pool.enter();
    /// assert_eq!(trill_park::block_on(unblock(|| 5)), 5);
    /// assert_eq!(pool.stats().started, 1);
    /// ```
    pub fn enter(&self) -> Entered {
        Entered::new(self.clone())
    }

    /// Changes how many threads may live at once; 0 counts as 1.
    ///
    /// Threads above a lower limit end when they have finished what they do. A higher limit starts threads for work
    /// that waits.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = trill_blocking::Pool::new();
    /// pool.set_max_threads(20);
    /// assert_eq!(pool.stats().max_threads, 20);
    /// ```
    pub fn set_max_threads(&self, threads_max: usize) {
        let shared = self.shared();
        shared
            .crew
            .set_threads_max(threads_max.max(1), &|seat| shared.start_thread(seat));
    }

    /// Returns what the pool is doing.
    ///
    /// # Examples
    ///
    /// See [`Stats`].
    pub fn stats(&self) -> Stats {
        self.shared().crew.stats()
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }
}

impl Default for Pool {
    fn default() -> Pool {
        Pool::new()
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared().fmt(f)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // A thread of the parent may have held the lock when this process was forked.
        if self.closes && !self.shared.is_foreign() {
            self.shared.crew.close();
        }
    }
}

impl Shared {
    /// The world in which the threads live.
    pub(crate) fn world(&self) -> &World {
        self.crew.world()
    }

    /// Returns a handle on this pool.
    pub(crate) fn handle(self: &Arc<Self>) -> Pool {
        // A job of a pool that nobody else holds any more asks, or one in a simulated world.
        Pool(self.handle.upgrade().unwrap_or_else(|| {
            Arc::new(Handle {
                shared: self.clone(),
                closes: false,
            })
        }))
    }

    /// Says whether the threads are in a process from which this one was forked.
    pub(crate) fn is_foreign(&self) -> bool {
        self.made_in != trill_world::forks()
    }

    /// Finds a thread for a task or queues it.
    pub(crate) fn submit(self: &Arc<Self>, class: &Class, job: Runnable) -> io::Result<()> {
        if self.is_foreign() {
            return Err(Refused::wrap(io::Error::new(
                io::ErrorKind::Unsupported,
                "the pool's threads are in the process from which this one was forked: make a pool here",
            )));
        }
        self.crew
            .submit(class, job, &|seat| self.start_thread(seat))
            .map_err(|(_, refused)| Refused::wrap(refused))
    }

    /// Starts a thread that works from this seat.
    fn start_thread(self: &Arc<Self>, seat: Arc<Seat>) -> io::Result<()> {
        // Relaxed: only that each gets another one.
        let number = self.threads_named.fetch_add(1, Ordering::Relaxed) + 1;
        let name = format!("{}-{number}", self.thread_name);
        let shared = self.clone();
        let work = move || {
            current::work_for(shared, |shared| shared.crew.work(&seat, job::run));
        };
        // The thread belongs to the pool's world, whoever asks.
        let _world = self.world().enter();
        trill_world::start_thread(&name, work)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stats = self.crew.stats();
        f.debug_struct("Pool")
            .field("world", self.world())
            .field("keep_alive", &self.crew.keep_alive())
            .field("thread_name", &self.thread_name)
            .field("stats", &stats)
            .finish_non_exhaustive()
    }
}
