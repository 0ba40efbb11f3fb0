//! What a world must offer to stand in for the operating system.

use std::fmt;
use std::io;
use std::time::{Instant, SystemTime};

/// What a started thread runs.
///
/// # Examples
///
/// ```
/// let body: trill_world::Body = Box::new(|| println!("in a thread"));
/// body();
/// ```
pub type Body = Box<dyn FnOnce() + Send>;

/// Names a place where a thread waits; each thread that waits has one of its own.
///
/// # Examples
///
/// ```
/// let spot = trill_world::Spot(3);
/// assert_eq!(spot.0, 3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spot(pub u64);

/// A world other than the operating system.
///
/// Threads in the world call these from [`now`](crate::now), [`random`](crate::random) and so on;
/// any thread may call [`unpark`](Simulate::unpark).
///
/// # Examples
///
/// A world whose clock moves by a second each time somebody waits:
///
/// ```
/// use std::io;
/// use std::sync::{Arc, Mutex};
/// use std::time::{Duration, Instant, SystemTime};
/// use trill_world::{Body, Simulate, Spot, World};
///
/// #[derive(Debug)]
/// struct Stepping(Instant, Mutex<Duration>);
///
/// impl Simulate for Stepping {
///     fn origin(&self) -> Instant { self.0 }
///     fn now(&self) -> Instant { self.0 + *self.1.lock().unwrap() }
///     fn system_time(&self) -> SystemTime { SystemTime::UNIX_EPOCH + *self.1.lock().unwrap() }
///     fn random(&self, _stream: &'static str) -> u64 { 4 }
///     fn pick(&self, _n: usize) -> usize { 0 }
///     fn start_thread(&self, _name: String, _body: Body) -> io::Result<()> {
///         Err(io::Error::new(io::ErrorKind::Unsupported, "this world has one thread"))
///     }
///     fn thread_entered(&self) {}
///     fn thread_left(&self) {}
///     fn park(&self, _spot: Spot, _until: Option<Instant>) {
///         *self.1.lock().unwrap() += Duration::from_secs(1);
///     }
///     fn unpark(&self, _spot: Spot) {}
/// }
///
/// let world = World::simulated(Arc::new(Stepping(trill_world::now(), Mutex::default())));
/// let _guard = world.enter();
/// let start = trill_world::now();
/// world.simulation().unwrap().park(Spot(0), None);
/// assert_eq!(trill_world::now() - start, Duration::from_secs(1));
/// ```
pub trait Simulate: Send + Sync + fmt::Debug + 'static {
    /// Returns the instant at which the world began.
    fn origin(&self) -> Instant;

    /// Returns the current instant, never earlier than one returned before.
    fn now(&self) -> Instant;

    /// Returns the time of day.
    fn system_time(&self) -> SystemTime;

    /// Returns 64 random bits from the named stream.
    fn random(&self, stream: &'static str) -> u64;

    /// Returns which of `n` candidates comes next: below `n`, or 0 if `n` is 0.
    fn pick(&self, n: usize) -> usize;

    /// Starts a thread of this world that runs `body`.
    ///
    /// # Errors
    ///
    /// If the world cannot have another thread; `body` is dropped then.
    fn start_thread(&self, name: String, body: Body) -> io::Result<()>;

    /// Learns that the calling thread entered the world by [`World::enter`](crate::World::enter).
    fn thread_entered(&self);

    /// Learns that the calling thread left the world.
    fn thread_left(&self);

    /// Waits until [`unpark`](Simulate::unpark) is called for `spot` or the clock reaches `until`.
    ///
    /// An `unpark` since the last return counts: it makes this return at once.
    /// May return early for no reason.
    fn park(&self, spot: Spot, until: Option<Instant>);

    /// Makes the current or the next [`park`](Simulate::park) at `spot` return. Any thread may call it.
    fn unpark(&self, spot: Spot);
}
