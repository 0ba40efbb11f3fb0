//! The helper thread that stands in where no thread parks.
//!
//! It serves timers and drivers that were polled outside `block_on`, those of threads that have left `block_on`, and
//! those of threads that are stuck in a poll. While threads run it looks for stuck ones ([`pace`]); when none has run since
//! the last look it goes into *deep sleep*, without a deadline of its own, and is woken by the next thread that starts to
//! run.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, OnceLock};
use std::time::Instant;

use trill_world::{ForkGate, World};

use crate::deep_sleep::DeepSleep;
use crate::fence;
use crate::pace::{self, LOOK_SLACK};
use crate::records;
use crate::registry::{self, DriverId, lock};
use crate::sys::Slack;
use crate::thread::{Home, Thread};
use crate::watch::{self, STUCK_AFTER, Watch};

/// In which process the helper thread runs, by its number of [`trill_world::forks`]; 0 before it was started.
static STARTED: AtomicU32 = AtomicU32::new(0);

/// Whether it sleeps until somebody wakes it.
static DEEP_SLEEP: LazyLock<DeepSleep> = LazyLock::new(DeepSleep::new);

/// Where it is whenever it may hold a lock.
static GATE: ForkGate = ForkGate::new();

/// Returns the attendant's record; its thread may not have been started.
pub(crate) fn thread() -> &'static Thread {
    static THREAD: OnceLock<&'static Thread> = OnceLock::new();
    THREAD.get_or_init(|| registry::add(Home::Attendant))
}

/// Starts the helper thread if it does not run.
pub(crate) fn ensure() -> io::Result<()> {
    let here = trill_world::forks();
    // Acquire: pairs with the Release at the end of this function.
    if STARTED.load(Ordering::Acquire) == here {
        return Ok(());
    }
    static STARTING: Mutex<()> = Mutex::new(());
    let _starting = lock(&STARTING);
    match STARTED.load(Ordering::Relaxed) {
        started if started == here => return Ok(()),
        0 if here == 1 => {}
        // It may have run in the process this one was forked from. None of that one's other threads is here.
        _ => {
            let mine = records::own();
            for gone in registry::threads() {
                let is_mine = mine.is_some_and(|mine| std::ptr::eq(mine, gone));
                if gone.is_attended() && !is_mine {
                    gone.set_entered(false);
                }
            }
            DEEP_SLEEP.leave();
        }
    }
    // The attendant belongs to the operating system, whichever world asks.
    let _os = World::os().enter();
    // Made here: the helper is not behind its gate yet when it begins, and a child that was forked while it made its record
    // would wait for ever for that to be done.
    let me = thread();
    trill_world::start_thread("trill-attendant", move || run(me))?;
    // Release: pairs with the Acquire at the top.
    STARTED.store(here, Ordering::Release);
    Ok(())
}

/// Says whether the attendant was started, so that a thread which is stuck is found.
#[inline]
pub(crate) fn is_started() -> bool {
    // Relaxed: nothing is read that the start has written.
    STARTED.load(Ordering::Relaxed) != 0
}

/// Wakes the attendant if it is in deep sleep; threads call it when they start to run.
#[inline]
pub(crate) fn wake_if_in_deep_sleep() {
    match STARTED.load(Ordering::Relaxed) {
        0 => {}
        started if started != trill_world::forks() => restart(),
        _ if DEEP_SLEEP.is_deep() => thread().unpark(),
        _ => {}
    }
}

/// Starts the attendant in a child that was made by `fork`: what it served in the parent, this process has, too.
#[cold]
fn restart() {
    // If the system refuses, the next turn tries again.
    let _ = ensure();
}

/// Asks the attendant to look after a driver, unless it does or a thread does that is inside `block_on`.
pub(crate) fn attend(id: DriverId) -> io::Result<()> {
    let me = thread();
    let attended = me.parker().is_driving() && me.driver_id() == Some(id);
    if !attended && !has_owner(id) {
        me.unpark();
    }
    Ok(())
}

/// Asks the attendant to leave the driver if it is inside; the calling thread wants to be there.
pub(crate) fn give_way(id: Option<DriverId>) {
    let me = thread();
    if me.parker().is_driving() && me.driver_id() == id {
        me.unpark();
    }
}

/// Finds somebody else for what `left` served and drove, because it leaves `block_on`.
pub(crate) fn hand_over(left: &'static Thread) {
    if left.has_deadlines() && left.fire(trill_world::now()).is_some() {
        thread().unpark();
    }
    if let (Some(id), Some(driver)) = (left.driver_id(), left.driver()) {
        if !driver.is_idle() && !rouse_owner(id, None) {
            // An attendant that looks soon needs no word; the next `block_on` may be sooner.
            wake_if_in_deep_sleep();
        }
    }
}

/// The helper thread's loop.
fn run(me: &'static Thread) {
    let mut watch = Watch::default();
    let mut slack = Slack::default();
    fence::prepare();
    loop {
        GATE.enter();
        me.seats.claim(me).parker.take();
        let now = trill_world::now();
        let mut pause = pace::after(watch.look(now));
        trill_cell::pulse();
        let until = serve(me, &watch, now);
        let mut mine = None;
        for id in (0..).map(DriverId) {
            let Some(driver) = registry::driver(id) else {
                break;
            };
            let mut is_wanted = false;
            let is_spared = spared(&mut || {
                is_wanted = !driver.is_idle() && needs_attendant(id, &watch, now);
            });
            if !is_spared || !is_wanted {
                continue;
            }
            if mine.is_none() {
                mine = Some(id);
            } else {
                // A thread can wait in one driver only. Further ones without any owner are looked at every 2 ms.
                spared(&mut || {
                    driver.wait(me, now, Some(now));
                });
                pause = Some(STUCK_AFTER);
            }
        }
        me.set_driver(mine);
        let look = pause.map(|pause| now + pause);
        if look.is_some() {
            park(me, now, until, look, &mut slack);
        } else {
            if DEEP_SLEEP.enter(watch::any_running) {
                park(me, now, until, None, &mut slack);
            } else {
                GATE.leave();
            }
            DEEP_SLEEP.leave();
        }
        if let Some(id) = mine {
            // Somebody may have come for the driver meanwhile and found it taken.
            rouse_owner(id, None);
        }
    }
}

/// Parks the helper thread until a deadline or the next look; after a driver that panics without it, for a while.
fn park(
    me: &'static Thread,
    now: Instant,
    deadline: Option<Instant>,
    look: Option<Instant>,
    slack: &mut Slack,
) {
    GATE.leave();
    let until = match (deadline, look) {
        (deadline, Some(look)) => Some(earlier(deadline, look)),
        (deadline, None) => deadline,
    };
    // A look has time, a deadline has none.
    match look {
        Some(look) if deadline.is_none_or(|deadline| look + LOOK_SLACK <= deadline) => {
            slack.loosen(LOOK_SLACK);
        }
        _ if until.is_some() => slack.tighten(),
        _ => {}
    }
    if !spared(&mut || me.park_here(now, until)) {
        me.set_driver(None);
        me.parker().awake();
        me.park_here(now, Some(earlier(until, now + STUCK_AFTER)));
    }
}

/// Fires what nobody else fires; returns the next deadline among it.
fn serve(me: &'static Thread, watch: &Watch, now: Instant) -> Option<Instant> {
    let mut until = fire(me, now);
    for thread in registry::threads() {
        if !thread.is_attended() {
            continue;
        }
        let stuck = watch.is_stuck(thread, now);
        if stuck {
            spared(&mut || thread.tell_stalled());
        }
        if stuck || !thread.is_entered() {
            if let Some(next) = fire(thread, now) {
                until = Some(earlier(until, next));
            }
        }
    }
    until
}

/// Fires what a thread serves; what panics is tried again after a while.
fn fire(thread: &'static Thread, now: Instant) -> Option<Instant> {
    let mut next = None;
    match spared(&mut || next = thread.fire(now)) {
        true => next,
        false => Some(now + STUCK_AFTER),
    }
}

/// Runs what others wrote, and says whether it ended without a panic. That has been told by the panic hook; it must not
/// end the thread that serves all others.
fn spared(run: &mut dyn FnMut()) -> bool {
    catch_unwind(AssertUnwindSafe(run)).is_ok()
}

/// Says whether no thread looks after a driver: none is inside `block_on` with it, or those that are, are stuck.
///
/// If one is stuck and a healthy one sleeps, the latter is roused, so that it goes inside.
fn needs_attendant(id: DriverId, watch: &Watch, now: Instant) -> bool {
    let (mut any_stuck, mut any_healthy) = (false, false);
    for owner in registry::threads() {
        if !is_owner(owner, id) {
            continue;
        }
        if owner.parker().is_driving() {
            return false;
        }
        match watch.is_stuck(owner, now) {
            true => any_stuck = true,
            false => any_healthy = true,
        }
    }
    if any_stuck {
        !rouse_owner(id, Some((watch, now)))
    } else {
        !any_healthy
    }
}

/// Makes a thread that parks in the driver try it, preferring one that sleeps; says whether there is any.
///
/// A thread that was about to sleep because it found the driver taken is notified, so it tries again.
///
/// With a watch, those that are stuck are left out.
fn rouse_owner(id: DriverId, watch: Option<(&Watch, Instant)>) -> bool {
    let mut chosen: Option<&Thread> = None;
    let mut is_parked = false;
    for owner in registry::threads() {
        if !is_owner(owner, id) || watch.is_some_and(|(watch, now)| watch.is_stuck(owner, now)) {
            continue;
        }
        let parks = owner.parker().is_parked();
        if parks || !is_parked {
            chosen = Some(owner);
            is_parked = parks;
        }
    }
    if let Some(owner) = chosen {
        owner.unpark();
    }
    chosen.is_some()
}

/// Says whether a thread inside `block_on` parks in the driver.
fn has_owner(id: DriverId) -> bool {
    for thread in registry::threads() {
        if is_owner(thread, id) {
            return true;
        }
    }
    false
}

/// Says whether a thread is inside `block_on` and parks in the driver.
fn is_owner(thread: &Thread, id: DriverId) -> bool {
    thread.is_attended() && thread.is_entered() && thread.driver_id() == Some(id)
}

fn earlier(a: Option<Instant>, b: Instant) -> Instant {
    a.map_or(b, |a| a.min(b))
}
