//! Which world a thread is in, and how it gets there.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::os;
use crate::simulate::Simulate;

thread_local! {
    /// Whether this thread is in a simulated world; asked on every call, so it is apart from the pointer.
    static IS_SIMULATED: Cell<bool> = const { Cell::new(false) };
    /// The simulated world of this thread.
    static SIMULATED: RefCell<Option<Arc<dyn Simulate>>> = const { RefCell::new(None) };
}

/// Names a world: the operating system, or a simulation.
///
/// Cheap to clone. Objects that reach the outside keep the world they were made in.
///
/// # Examples
///
/// ```
/// use trill_world::{VirtualWorld, World};
///
/// assert!(World::current().is_os());
/// VirtualWorld::new(1).run(|| assert!(!World::current().is_os()));
/// ```
#[derive(Clone, Default)]
pub struct World(Option<Arc<dyn Simulate>>);

impl World {
    /// Returns the operating system.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(trill_world::World::os().is_os());
    /// ```
    pub const fn os() -> World {
        World(None)
    }

    /// Returns the world that `simulation` implements.
    ///
    /// # Examples
    ///
    /// See [`Simulate`].
    pub fn simulated(simulation: Arc<dyn Simulate>) -> World {
        World(Some(simulation))
    }

    /// Returns the world this thread is in.
    ///
    /// # Examples
    ///
    /// ```
    /// let world = trill_world::World::current();
    /// assert!(world.is_os());
    /// ```
    pub fn current() -> World {
        World(simulation())
    }

    /// Says whether this is the operating system.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(trill_world::World::default().is_os());
    /// ```
    pub const fn is_os(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the simulation behind this world, or `None` for the operating system.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(trill_world::World::os().simulation().is_none());
    /// ```
    pub fn simulation(&self) -> Option<&Arc<dyn Simulate>> {
        self.0.as_ref()
    }

    /// Puts this thread into the world until the returned guard is dropped.
    ///
    /// Guards nest; drop them in the reverse order of their making.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_world::World;
    ///
    /// let guard = World::os().enter();
    /// assert!(World::current().is_os());
    /// drop(guard);
    /// ```
    pub fn enter(&self) -> Entered {
        if let Some(simulation) = &self.0 {
            simulation.thread_entered();
        }
        self.enter_counted()
    }

    /// As [`World::enter`], for a thread that the simulation has counted already.
    pub(crate) fn enter_counted(&self) -> Entered {
        // While the thread's locals are being destroyed it is in the operating system's world.
        let outer = SIMULATED.try_with(|current| current.replace(self.0.clone()));
        IS_SIMULATED.set(self.0.is_some() && outer.is_ok());
        let outer = outer.unwrap_or_default();
        Entered {
            outer,
            _not_send: PhantomData,
        }
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => f.write_str("World(os)"),
            Some(simulation) => write!(f, "World({simulation:?})"),
        }
    }
}

/// Keeps a thread in a [`World`] until it is dropped.
///
/// # Examples
///
/// ```
/// let _in_world: trill_world::Entered = trill_world::World::os().enter();
/// ```
#[must_use = "the thread leaves the world when this is dropped"]
pub struct Entered {
    outer: Option<Arc<dyn Simulate>>,
    /// A guard is dropped on the thread that made it.
    _not_send: PhantomData<*const ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let outer = self.outer.take();
        IS_SIMULATED.set(outer.is_some());
        let left = SIMULATED.try_with(|current| current.replace(outer));
        if let Some(simulation) = left.unwrap_or_default() {
            simulation.thread_left();
        }
    }
}

impl fmt::Debug for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entered").finish_non_exhaustive()
    }
}

/// Starts a thread in the current world.
///
/// `name` is what the operating system and panic messages call it; a null byte in it is replaced.
/// A panic in `body` ends that thread alone.
///
/// # Errors
///
/// What the operating system says when it refuses a thread. `body` is dropped then, and was never run.
///
/// # Examples
///
/// ```
/// let (done, wait) = std::sync::mpsc::channel();
/// trill_world::start_thread("helper", move || done.send(1).unwrap())?;
/// assert_eq!(wait.recv(), Ok(1));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn start_thread(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
    start_boxed(name, Box::new(body))
}

/// Not generic, so that it is compiled once.
fn start_boxed(name: &str, body: Box<dyn FnOnce() + Send>) -> io::Result<()> {
    let name = name.replace('\0', "?");
    match simulation() {
        None => os::start_thread(name, body),
        Some(simulation) => simulation.start_thread(name, body),
    }
}

/// Returns the simulation this thread is in.
#[inline]
pub(crate) fn simulation() -> Option<Arc<dyn Simulate>> {
    if !IS_SIMULATED.get() {
        return None;
    }
    SIMULATED
        .try_with(|current| current.borrow().clone())
        .ok()
        .flatten()
}
