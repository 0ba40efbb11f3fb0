//! Which pool serves those who name none.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use trill_world::{PerProcess, World};

use crate::builder::Builder;
use crate::class::Class;
use crate::job::Runnable;
use crate::pool::{Pool, Shared};

/// Makes a pool the one that [`unblock`](crate::unblock()) uses on a thread, until it is dropped.
///
/// # Examples
///
/// See [`Pool::enter`].
#[must_use = "the pool is current until this is dropped"]
pub struct Entered {
    pool: Pool,
    outer: Option<Arc<Shared>>,
    /// A guard is dropped on the thread that made it.
    _not_send: PhantomData<*const ()>,
}

impl Entered {
    pub(crate) fn new(pool: Pool) -> Entered {
        // While the thread's locals are being destroyed nothing is current any more.
        let outer = CURRENT.try_with(|current| current.replace(Some(pool.shared().clone())));
        Entered {
            pool,
            outer: outer.unwrap_or_default(),
            _not_send: PhantomData,
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let outer = self.outer.take();
        // While the thread's locals are being destroyed nothing is current any more.
        let _ = CURRENT.try_with(|current| current.replace(outer));
    }
}

impl fmt::Debug for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Entered").field(&self.pool).finish()
    }
}

/// Gives a job to the pool that serves this thread.
pub(crate) fn submit(class: &Class, job: Runnable) -> io::Result<()> {
    let world = World::current();
    match entered(&world) {
        Some(shared) => shared.submit(class, job),
        None if world.is_os() => of_os().shared().submit(class, job),
        None => of_world(&world).shared().submit(class, job),
    }
}

/// Returns the pool that serves this thread.
pub(crate) fn pool() -> Pool {
    let world = World::current();
    match entered(&world) {
        Some(shared) => shared.handle(),
        None if world.is_os() => of_os().clone(),
        None => of_world(&world),
    }
}

/// Runs `work` with `shared` as the current pool of one of its own threads.
pub(crate) fn work_for(shared: Arc<Shared>, work: impl FnOnce(&Shared)) {
    CURRENT.set(Some(shared.clone()));
    work(&shared);
    CURRENT.take();
}

/// The pool that this thread has entered or works for, if it is of this world.
fn entered(world: &World) -> Option<Arc<Shared>> {
    // While the thread's locals are being destroyed nothing is current any more.
    let shared = CURRENT
        .try_with(|current| current.borrow().clone())
        .ok()??;
    is_same(shared.world(), world).then_some(shared)
}

/// The pool of the operating system's world.
fn of_os() -> &'static Pool {
    static POOL: PerProcess<Pool> = PerProcess::new();
    POOL.get_or_init(|| Builder::from_env_or_default().build_in(World::os()))
}

/// The pool of a simulated world; it goes with its last thread, and keeps the world no longer than that.
fn of_world(world: &World) -> Pool {
    static POOLS: Mutex<Vec<Weak<Shared>>> = Mutex::new(Vec::new());
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    // Held until after the lock is released: the last owner of a world may run anything when it goes.
    let mut living = Vec::with_capacity(pools.len());
    let mut known = None;
    for index in (0..pools.len()).rev() {
        match pools[index].upgrade() {
            Some(shared) => {
                if is_same(shared.world(), world) {
                    known = Some(shared.handle());
                }
                living.push(shared);
            }
            None => drop(pools.swap_remove(index)),
        }
    }
    let pool = match known {
        Some(pool) => pool,
        None => {
            let pool = Builder::from_env_or_default().build_of_world(world.clone());
            pools.push(Arc::downgrade(pool.shared()));
            pool
        }
    };
    drop(pools);
    pool
}

/// Says whether two names mean the same world.
fn is_same(a: &World, b: &World) -> bool {
    match (a.simulation(), b.simulation()) {
        (None, None) => true,
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        _ => false,
    }
}

thread_local! {
    /// The pool this thread has entered or works for. A pool's threads do not hold it open.
    static CURRENT: RefCell<Option<Arc<Shared>>> = const { RefCell::new(None) };
}
