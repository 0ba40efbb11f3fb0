//! A world for tests: its clock stands while somebody runs and jumps when everybody waits.

use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant, SystemTime};

use crate::os;
use crate::random::split_mix;
use crate::simulate::{Body, Simulate, Spot};
use crate::world::World;

/// A world whose clock jumps to the next deadline as soon as all its threads wait.
///
/// Sleeping an hour takes no time, and a run with one thread repeats exactly for the same seed.
/// With several threads the clock is still exact, but they interleave as the operating system likes.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_world::{Spot, VirtualWorld, World};
///
/// let world = VirtualWorld::new(7);
/// world.run(|| {
///     let start = trill_world::now();
///     let here = World::current();
///     here.simulation().unwrap().park(Spot(0), Some(start + Duration::from_secs(3600)));
///     assert_eq!(trill_world::now() - start, Duration::from_secs(3600));
/// });
/// ```
#[derive(Clone)]
pub struct VirtualWorld(Arc<Shared>);

/// What the clones of a world share.
struct Shared {
    /// Lets a started thread find the world again.
    this: Weak<Shared>,
    origin: Instant,
    seed: u64,
    /// Whether a thread outside may still unpark one inside when all of them wait without a deadline.
    outside_wakes: bool,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Time since the origin.
    elapsed: Duration,
    /// Threads in the world that are not parked.
    running: usize,
    /// Deadlines of parked threads: few enough to be searched one by one.
    parked: Vec<(Spot, Option<Instant>)>,
    /// Spots that were unparked, each once.
    tokens: Vec<Spot>,
    /// Generator state of each random stream, of which there are a handful.
    streams: Vec<(&'static str, u64)>,
}

impl VirtualWorld {
    /// Returns a new world at its origin. `seed` fixes every random stream and every [`pick`](crate::pick).
    ///
    /// If all its threads wait and no deadline is pending, the thread that came last panics: nothing inside could
    /// ever wake them. Use [`VirtualWorld::with_outside_wakes`] if a thread outside may.
    ///
    /// # Examples
    ///
    /// ```
    /// let world = trill_world::VirtualWorld::new(7);
    /// assert_eq!(world.elapsed(), std::time::Duration::ZERO);
    /// ```
    pub fn new(seed: u64) -> VirtualWorld {
        VirtualWorld::build(seed, false)
    }

    /// As [`VirtualWorld::new`], for tests in which a thread outside the world wakes those inside.
    ///
    /// # Examples
    ///
    /// ```
    /// let world = trill_world::VirtualWorld::with_outside_wakes(7);
    /// assert_eq!(world.run(|| 5), 5);
    /// ```
    pub fn with_outside_wakes(seed: u64) -> VirtualWorld {
        VirtualWorld::build(seed, true)
    }

    fn build(seed: u64, outside_wakes: bool) -> VirtualWorld {
        VirtualWorld(Arc::new_cyclic(|this| Shared {
            this: this.clone(),
            origin: os::now(),
            seed,
            outside_wakes,
            state: Mutex::default(),
            changed: Condvar::new(),
        }))
    }

    /// Returns this world as a [`World`] that threads can enter.
    ///
    /// # Examples
    ///
    /// ```
    /// let world = trill_world::VirtualWorld::new(7).world();
    /// let _guard = world.enter();
    /// ```
    pub fn world(&self) -> World {
        World::simulated(self.0.clone())
    }

    /// Runs `body` on this thread inside the world and returns what it returns.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_world::VirtualWorld::new(7).run(|| 5), 5);
    /// ```
    pub fn run<T>(&self, body: impl FnOnce() -> T) -> T {
        let _entered = self.world().enter();
        body()
    }

    /// Moves the clock forward by `delay` and wakes the threads whose deadline that reaches.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let world = trill_world::VirtualWorld::new(7);
    /// world.advance(Duration::from_millis(5));
    /// assert_eq!(world.elapsed(), Duration::from_millis(5));
    /// ```
    pub fn advance(&self, delay: Duration) {
        self.0.lock().elapsed += delay;
        self.0.changed.notify_all();
    }

    /// Returns how far the clock has come since the world was made.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(trill_world::VirtualWorld::new(7).elapsed().is_zero());
    /// ```
    pub fn elapsed(&self) -> Duration {
        self.0.lock().elapsed
    }
}

impl fmt::Debug for VirtualWorld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the clock to the earliest deadline if nobody runs.
    ///
    /// Returns `false` if nobody runs and there is no deadline either.
    fn jump_if_all_wait(&self, state: &mut State) -> bool {
        if state.running > 0 || !state.tokens.is_empty() {
            return true;
        }
        let mut next = None;
        for &(_, until) in &state.parked {
            next = match (next, until) {
                (Some(next), Some(until)) => Some(Instant::min(next, until)),
                (one, other) => one.or(other),
            };
        }
        let Some(next) = next else {
            return state.parked.is_empty() || self.outside_wakes;
        };
        state.elapsed = state
            .elapsed
            .max(next.saturating_duration_since(self.origin));
        self.changed.notify_all();
        true
    }
}

impl State {
    /// Takes the token of `spot`; says whether there was one.
    fn take_token(&mut self, spot: Spot) -> bool {
        let place = self.tokens.iter().position(|&other| other == spot);
        if let Some(place) = place {
            self.tokens.swap_remove(place);
        }
        place.is_some()
    }

    /// Strikes `spot` off the parked.
    fn leave(&mut self, spot: Spot) {
        let place = self.parked.iter().position(|&(other, _)| other == spot);
        if let Some(place) = place {
            self.parked.swap_remove(place);
        }
    }
}

impl Simulate for Shared {
    fn origin(&self) -> Instant {
        self.origin
    }

    fn now(&self) -> Instant {
        self.origin + self.lock().elapsed
    }

    fn system_time(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + YEAR_2000 + self.lock().elapsed
    }

    fn random(&self, stream: &'static str) -> u64 {
        let mut state = self.lock();
        for (name, slot) in &mut state.streams {
            if *name == stream {
                let (next, value) = split_mix(*slot);
                *slot = next;
                return value;
            }
        }
        // FNV-1a over the name keeps streams of one seed apart.
        let mut hash = self.seed ^ 0xCBF2_9CE4_8422_2325;
        for &byte in stream.as_bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
        let (next, value) = split_mix(hash);
        state.streams.push((stream, next));
        value
    }

    fn pick(&self, n: usize) -> usize {
        match n {
            0 | 1 => 0,
            _ => (self.random("world.pick") % n as u64) as usize,
        }
    }

    fn start_thread(&self, name: String, body: Body) -> io::Result<()> {
        let Some(this) = self.this.upgrade() else {
            return Err(io::Error::other(
                "the virtual world is being dropped: start threads while it lives",
            ));
        };
        // Counted here and not in the new thread, so that the clock cannot jump before it begins.
        self.lock().running += 1;
        let world = World::simulated(this.clone());
        let started = os::start_thread(
            name,
            Box::new(move || {
                let _entered = world.enter_counted();
                body();
            }),
        );
        if started.is_err() {
            self.thread_left();
        }
        started
    }

    fn thread_entered(&self) {
        self.lock().running += 1;
    }

    fn thread_left(&self) {
        let mut state = self.lock();
        state.running -= 1;
        if !self.jump_if_all_wait(&mut state) {
            // Those that stay wait for ever: let each find that out, and panic.
            self.changed.notify_all();
        }
    }

    fn park(&self, spot: Spot, until: Option<Instant>) {
        let mut state = self.lock();
        if state.take_token(spot) {
            return;
        }
        state.parked.push((spot, until));
        state.running -= 1;
        let mut alive = self.jump_if_all_wait(&mut state);
        loop {
            let reached = until.is_some_and(|until| self.origin + state.elapsed >= until);
            if state.take_token(spot) || reached || !alive {
                state.leave(spot);
                state.running += 1;
                break;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
            // The world may have gone still while this thread was the only one that could tell.
            alive = self.jump_if_all_wait(&mut state);
        }
        drop(state);
        assert!(
            alive,
            "all threads of the virtual world wait and no deadline is pending, so nothing can wake them: \
             look for a missing wake-up, or use VirtualWorld::with_outside_wakes"
        );
    }

    fn unpark(&self, spot: Spot) {
        let mut state = self.lock();
        if !state.tokens.contains(&spot) {
            state.tokens.push(spot);
        }
        drop(state);
        self.changed.notify_all();
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("VirtualWorld")
            .field("seed", &self.seed)
            .field("elapsed", &state.elapsed)
            .field("running", &state.running)
            .field("parked", &state.parked.len())
            .finish_non_exhaustive()
    }
}

/// From 1970 to 2000: a wall clock near zero would hide subtractions that underflow.
const YEAR_2000: Duration = Duration::from_secs(946_684_800);
