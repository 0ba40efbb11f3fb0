//! A thread that parks: what it serves and what it drives.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use trill_world::{Spot, World};

use crate::attendant;
use crate::driver::{Driver, Due};
use crate::parker::{Parker, Place};
use crate::records;
use crate::registry::{self, DriverId, lock};
use crate::seat::Seats;
use crate::sys::Slack;

/// A thread that parks: the one that is inside [`block_on`](crate::block_on), or the attendant.
///
/// # Examples
///
/// ```
/// trill_park::block_on(async {
///     let here = trill_park::thread();
///     assert!(!here.is_attendant());
///     here.unpark(); // the future is polled once more
/// });
/// assert!(trill_park::thread().is_attendant());
/// ```
pub struct Thread {
    index: usize,
    home: Home,
    pub(crate) seats: Seats,
    /// Grows with each poll in `block_on`; a running thread whose count stands still is stuck.
    turns: AtomicU64,
    /// When its current poll began, in ticks; 0 while it parks, and where nobody needs to know.
    began: AtomicU64,
    /// Whether a `block_on` is running on it.
    entered: AtomicBool,
    dues: Mutex<Vec<&'static dyn Due>>,
    /// How many `dues` there are, to skip the lock when there are none.
    dues_len: AtomicUsize,
    /// How many of them have deadlines, to skip the clock when none has.
    timed_len: AtomicUsize,
    /// Number of the driver plus one, or 0.
    driver: AtomicUsize,
    /// Address of the driver, for the comparison in [`Thread::drive`].
    driver_address: AtomicUsize,
}

/// Which world a thread parks in.
pub(crate) enum Home {
    /// The helper thread of the operating system's world.
    Attendant,
    /// The operating system.
    Os,
    /// A simulation, until the thread has left it for good.
    Simulated(Mutex<Option<World>>),
}

/// Returns the thread that parks for the caller: this one inside [`block_on`](crate::block_on), else the attendant.
///
/// # Examples
///
/// See [`Thread`].
#[inline]
pub fn thread() -> &'static Thread {
    records::entered().unwrap_or_else(attendant::thread)
}

impl Thread {
    pub(crate) fn new(index: usize, home: Home) -> Thread {
        Thread {
            index,
            home,
            seats: Seats::default(),
            turns: AtomicU64::new(0),
            began: AtomicU64::new(0),
            entered: AtomicBool::new(false),
            dues: Mutex::default(),
            dues_len: AtomicUsize::new(0),
            timed_len: AtomicUsize::new(0),
            driver: AtomicUsize::new(0),
            driver_address: AtomicUsize::new(0),
        }
    }

    /// Returns a small number that no other thread has, for tables with an entry per thread.
    ///
    /// # Examples
    ///
    /// ```
    /// let index = trill_park::block_on(async { trill_park::thread().index() });
    /// assert_ne!(index, trill_park::thread().index());
    /// ```
    #[inline]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Says whether this is the attendant.
    ///
    /// # Examples
    ///
    /// See [`Thread`].
    #[inline]
    pub fn is_attendant(&self) -> bool {
        matches!(self.home, Home::Attendant)
    }

    /// Makes the thread poll its future once more, rousing it if it is parked. Any thread may call it.
    ///
    /// # Examples
    ///
    /// See [`Thread`].
    #[inline]
    pub fn unpark(&self) {
        self.seats.unpark_all();
    }

    /// Rouses the thread from where it is parked, after its state was changed.
    pub(crate) fn rouse(&self, place: Place) {
        match place {
            Place::Running => {}
            Place::Asleep => {
                if let Some(simulation) = self.world().as_ref().and_then(World::simulation) {
                    simulation.unpark(self.spot());
                }
            }
            Place::Driving => {
                if let Some(driver) = self.driver() {
                    driver.interrupt();
                }
            }
        }
    }

    /// The state of the innermost call of `block_on`.
    #[inline]
    pub(crate) fn parker(&self) -> &Parker {
        &self.seats.current().parker
    }

    /// Says whether this thread was unparked since its last poll and must not wait now; see [`Driver::wait`].
    ///
    /// # Examples
    ///
    /// ```
    /// trill_park::block_on(async {
    ///     let here = trill_park::thread();
    ///     assert!(!here.is_notified());
    ///     here.unpark();
    ///     assert!(here.is_notified());
    /// });
    /// ```
    #[inline]
    pub fn is_notified(&self) -> bool {
        self.parker().is_notified()
    }

    /// Notes that this thread's wait in its driver is over; see [`Driver::wait`].
    ///
    /// # Examples
    ///
    /// See [`Driver`].
    #[inline]
    pub fn awake(&self) {
        self.parker().awake();
    }

    /// Serves `due` from now on: fires it before each park, and every now and then while busy.
    ///
    /// Serving it already is not an error. In the operating system's world the attendant serves it, too, whenever
    /// this thread is stuck in a poll or no longer inside `block_on`.
    ///
    /// # Errors
    ///
    /// If the thread is the attendant and the operating system refuses to start it, or in a simulated world outside
    /// `block_on`. The caller's deadline would never be served then.
    ///
    /// # Examples
    ///
    /// See [`Due`].
    pub fn serve(&self, due: &'static dyn Due) -> io::Result<()> {
        let mut dues = lock(&self.dues);
        if !dues.iter().any(|known| std::ptr::addr_eq(*known, due)) {
            dues.push(due);
            self.count_dues(&dues);
        }
        drop(dues);
        self.note_begin();
        self.need_attendant()
    }

    /// Stops serving `due`.
    ///
    /// # Examples
    ///
    /// See [`Due`].
    pub fn dismiss(&self, due: &'static dyn Due) {
        let mut dues = lock(&self.dues);
        let place = dues.iter().position(|known| std::ptr::addr_eq(*known, due));
        if let Some(place) = place {
            dues.remove(place);
        }
        self.count_dues(&dues);
    }

    /// Notes how many there are; the lock is held.
    fn count_dues(&self, dues: &[&'static dyn Due]) {
        let timed = dues.iter().filter(|due| due.has_deadlines());
        self.timed_len.store(timed.count(), Ordering::Relaxed);
        self.dues_len.store(dues.len(), Ordering::Relaxed);
    }

    /// Parks in `driver` from now on.
    ///
    /// A thread parks in the first driver it is told of, also in later calls of `block_on`, until that one is idle when
    /// it is told of another. For a second one at the same time it asks the attendant. Reactors call this in each poll that waits; when nothing changes it costs two loads.
    ///
    /// # Errors
    ///
    /// If the attendant is needed and the operating system refuses to start it, in a simulated world outside
    /// `block_on`, or if the process has more than 1,024 drivers.
    ///
    /// # Examples
    ///
    /// See [`Driver`].
    #[inline]
    pub fn drive(&self, driver: &'static dyn Driver) -> io::Result<()> {
        let address = std::ptr::from_ref(driver).cast::<()>().addr();
        // Relaxed: only this thread sets it, except for the attendant's, where a stale value costs the slow path.
        if self.driver_address.load(Ordering::Relaxed) == address && !self.is_attendant() {
            return Ok(());
        }
        self.drive_slow(driver, address)
    }

    #[cold]
    fn drive_slow(&self, driver: &'static dyn Driver, address: usize) -> io::Result<()> {
        let id = registry::driver_id(driver)?;
        let elsewhere = self
            .driver()
            .is_some_and(|mine| !std::ptr::addr_eq(mine, driver) && !mine.is_idle());
        if self.is_attendant() || elsewhere {
            self.need_attendant()?;
            return attendant::attend(id);
        }
        // Release: pairs with the Acquire in `driver_id`.
        self.driver.store(id.0 + 1, Ordering::Release);
        self.driver_address.store(address, Ordering::Relaxed);
        self.note_begin();
        self.need_attendant()
    }

    /// Forgets the driver; whoever needs it asks for it again. Only for the owner of the record, at its end.
    pub(crate) fn forget_driver(&self) {
        self.driver_address.store(0, Ordering::Relaxed);
        // Release: as in `drive_slow`.
        self.driver.store(0, Ordering::Release);
    }

    /// Starts the attendant if this thread's world has one.
    fn need_attendant(&self) -> io::Result<()> {
        match self.home {
            Home::Simulated(_) => Ok(()),
            Home::Attendant if !World::current().is_os() => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "in a simulated world, timers and sockets must be polled inside trill_park::block_on",
            )),
            Home::Attendant => attendant::ensure(),
            // Only a watchman for this thread: without it the thread works, but is not helped when stuck.
            Home::Os => {
                let _ = attendant::ensure();
                Ok(())
            }
        }
    }

    /// Fires everything with deadlines that this thread serves; returns the earliest next one.
    pub(crate) fn fire(&self, now: Instant) -> Option<Instant> {
        if !self.has_deadlines() {
            return None;
        }
        let mut next: Option<Instant> = None;
        self.each_due(|due| {
            if !due.has_deadlines() {
                return;
            }
            if let Some(deadline) = due.fire(now) {
                next = match next {
                    Some(next) if next < deadline => Some(next),
                    _ => Some(deadline),
                };
            }
        });
        next
    }

    /// Tells everything this thread serves that it is stuck.
    pub(crate) fn tell_stalled(&self) {
        self.tell_each(&|due| due.stalled());
    }

    /// As [`Thread::each_due`] for what happens rarely.
    #[cold]
    fn tell_each(&self, each: &dyn Fn(&'static dyn Due)) {
        self.each_due(each);
    }

    /// Runs `each` on what this thread serves, without holding the lock: it may call wakers, and they may serve.
    ///
    /// One that panics keeps no other from being served; the first panic goes on afterwards.
    fn each_due(&self, mut each: impl FnMut(&'static dyn Due)) {
        if self.dues_len.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut panicked = None;
        for index in 0.. {
            // One may end its service meanwhile, or begin it.
            if index >= self.dues_len.load(Ordering::Relaxed) {
                break;
            }
            let due = lock(&self.dues).get(index).copied();
            let Some(due) = due else {
                break;
            };
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| each(due))) {
                if panicked.is_none() {
                    panicked = Some(payload);
                }
            }
        }
        if let Some(payload) = panicked {
            resume_unwind(payload);
        }
    }

    /// Says whether this thread serves or drives anything.
    #[inline]
    pub(crate) fn has_outside(&self) -> bool {
        self.dues_len.load(Ordering::Relaxed) > 0 || self.driver.load(Ordering::Relaxed) > 0
    }

    /// Says whether this thread serves anything that has deadlines.
    #[inline]
    pub(crate) fn has_deadlines(&self) -> bool {
        self.timed_len.load(Ordering::Relaxed) > 0
    }

    /// Waits until unparked, until an event of the driver, or until the clock, which was read `now`, reaches `until`.
    pub(crate) fn park(&self, now: Instant, until: Option<Instant>, slack: &mut Slack) {
        if let Some(world) = self.world() {
            self.park_in(&world, until);
            return;
        }
        if until.is_some() {
            slack.tighten();
        }
        // Relaxed: this thread alone writes it, and who reads an old one takes a turn for longer than it is.
        self.began.store(0, Ordering::Relaxed);
        self.park_here(now, until);
    }

    /// As [`Thread::park`], on the operating system and as punctual as the thread's slack is.
    pub(crate) fn park_here(&self, now: Instant, until: Option<Instant>) {
        match self.driver() {
            Some(driver) if self.parker().begin(Place::Driving) => {
                if driver.wait(self, now, until) {
                    self.parker().awake();
                } else if self.parker().fall_asleep() {
                    attendant::give_way(self.driver_id());
                    self.parker()
                        .sleep(until.map(|until| until.saturating_duration_since(now)));
                }
            }
            None if self.parker().begin(Place::Asleep) => {
                self.parker()
                    .sleep(until.map(|until| until.saturating_duration_since(now)));
            }
            // Notified in between.
            _ => {}
        }
    }

    /// The simulated world of this thread.
    #[inline]
    fn world(&self) -> Option<World> {
        match &self.home {
            Home::Simulated(world) => lock(world).clone(),
            Home::Attendant | Home::Os => None,
        }
    }

    /// Lets go of what a record keeps that is not used again: of a simulated world that its thread has left.
    ///
    /// The record itself stays, since a waker may point to it.
    pub(crate) fn retire(&self) {
        let Home::Simulated(world) = &self.home else {
            return;
        };
        if self.is_entered() {
            return;
        }
        self.tell_each(&|due| due.retired());
        let world = lock(world).take();
        drop(world);
    }

    /// Waits in a simulated world.
    fn park_in(&self, world: &World, until: Option<Instant>) {
        if let Some(simulation) = world.simulation() {
            if self.parker().begin(Place::Asleep) {
                simulation.park(self.spot(), until);
                self.parker().awake();
            }
        }
    }

    /// Where this thread waits in a simulated world.
    fn spot(&self) -> Spot {
        Spot(self.index as u64)
    }

    /// The driver this thread parks in.
    #[inline]
    pub(crate) fn driver(&self) -> Option<&'static dyn Driver> {
        self.driver_id().and_then(registry::driver)
    }

    /// The number of the driver this thread parks in.
    #[inline]
    pub(crate) fn driver_id(&self) -> Option<DriverId> {
        // Acquire: pairs with the Release in `drive_slow` and `set_driver`.
        self.driver
            .load(Ordering::Acquire)
            .checked_sub(1)
            .map(DriverId)
    }

    /// Sets the driver for the attendant's next park.
    pub(crate) fn set_driver(&self, id: Option<DriverId>) {
        // Release: pairs with the Acquire in `driver_id`.
        self.driver
            .store(id.map_or(0, |id| id.0 + 1), Ordering::Release);
    }

    /// Counts a turn, in which a poll begins.
    #[inline]
    pub(crate) fn begin_turn(&self) {
        self.count_turn();
        // Nobody could do anything for one that has nothing outside; see `note_begin`.
        if self.is_attended() && self.has_outside() {
            self.begin_now();
        }
    }

    /// Takes the current poll for one that begins now, unless it is known when it began: the thread has something outside
    /// from now on.
    fn note_begin(&self) {
        if self.is_attended() && self.began().is_none() {
            self.begin_now();
        }
    }

    #[inline]
    fn begin_now(&self) {
        // Where ticks are counted from the first reading on, that one is 0.
        self.began
            .store(trill_world::ticks().max(1), Ordering::Relaxed);
    }

    /// Returns how long the current poll has lasted when a reading of the ticks is `ticks`, if that is known.
    pub(crate) fn polls_for(&self, ticks: u64) -> Option<Duration> {
        let spent = ticks.saturating_sub(self.began()?);
        trill_world::ticks_to_delay_if_known(spent)
    }

    /// Returns when the current poll began, in ticks, if that is known.
    pub(crate) fn began(&self) -> Option<u64> {
        let began = self.began.load(Ordering::Relaxed);
        (began != 0).then_some(began)
    }

    /// Counts a turn.
    #[inline]
    pub(crate) fn count_turn(&self) {
        // Only this thread writes.
        self.turns.store(
            self.turns.load(Ordering::Relaxed).wrapping_add(1),
            Ordering::Relaxed,
        );
    }

    /// Returns how many turns this thread took in `block_on`: one for each poll of its future and each park, wrapping around.
    ///
    /// A thread that sleeps takes none, so the number tells one that spins.
    ///
    /// # Examples
    ///
    /// ```
    /// let before = trill_park::block_on(async { trill_park::thread().turns() });
    /// assert_ne!(trill_park::block_on(async { trill_park::thread().turns() }), before);
    /// ```
    pub fn turns(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }

    /// Whether a `block_on` is running on this thread.
    pub(crate) fn is_entered(&self) -> bool {
        // SeqCst: pairs with the store in `set_entered`, see `block_on::Entry`.
        self.entered.load(Ordering::SeqCst)
    }

    pub(crate) fn set_entered(&self, entered: bool) {
        // SeqCst: pairs with the load in `is_entered`, see `block_on::Entry`.
        self.entered.store(entered, Ordering::SeqCst);
    }

    /// Has the attendant look at this thread every few milliseconds while it runs; says whether it does.
    ///
    /// It does not in a simulated world, for the attendant itself, and if the operating system refuses a thread.
    ///
    /// # Examples
    ///
    /// ```
    /// trill_park::block_on(async { assert!(trill_park::thread().watch()) });
    /// ```
    #[inline]
    pub fn watch(&self) -> bool {
        self.is_attended() && attendant::ensure().is_ok()
    }

    /// Whether it parks in a simulated world.
    pub(crate) fn is_simulated(&self) -> bool {
        matches!(self.home, Home::Simulated(_))
    }

    /// Whether the attendant looks after this thread.
    pub(crate) fn is_attended(&self) -> bool {
        matches!(self.home, Home::Os)
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Thread")
            .field("index", &self.index)
            .field("is_attendant", &self.is_attendant())
            .field("is_parked", &self.parker().is_parked())
            .field("turns", &self.turns())
            .finish_non_exhaustive()
    }
}
