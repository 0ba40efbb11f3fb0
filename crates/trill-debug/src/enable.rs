//! Turning debug mode on and off.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

use trill_cell::{Observing, Unhandled, on_unhandled, print_unhandled};

use crate::config::Config;
use crate::finding::Finding;
use crate::holds;
use crate::inspector::INSPECTOR;
use crate::observer::OBSERVER;
use crate::tell;

/// Turns debug mode on for the process, or gives it another configuration.
///
/// The first call takes 2 ms, in which it compares clocks. What was spawned or locked before is looked at as far as is
/// known.
///
/// # Examples
///
/// See the [crate's page](crate).
pub fn enable(config: Config) {
    // Ticks are compared with the clock now, and not within the first finding.
    trill_world::delay_to_ticks(Duration::ZERO);
    tell::configure(config);
    // Before the listeners are there, so that the first thing they hear finds it on.
    ON.store(true, Ordering::Relaxed);
    static LISTEN: Once = Once::new();
    LISTEN.call_once(|| on_unhandled(&unhandled));
    observe(true);
    trill_park::set_inspector(Some(&INSPECTOR));
}

/// Turns debug mode off.
///
/// Tasks and locks cost then what they did before. Failures that nobody can receive are printed again.
///
/// # Examples
///
/// ```
/// use trill_debug::Config;
///
/// trill_debug::enable(Config::new());
/// trill_debug::disable();
/// assert!(!trill_debug::is_enabled());
/// ```
pub fn disable() {
    trill_park::set_inspector(None);
    ON.store(false, Ordering::Relaxed);
    observe(false);
    holds::forget_all();
}

/// Makes the observer of trill-cell hear of tasks, once, or not.
fn observe(yes: bool) {
    static OBSERVES: Mutex<Option<Observing>> = Mutex::new(None);
    let mut observes = OBSERVES.lock().unwrap_or_else(PoisonError::into_inner);
    if yes {
        observes.get_or_insert_with(|| trill_cell::observe(&OBSERVER));
    } else if let Some(observing) = observes.take() {
        trill_cell::unobserve(observing);
    }
}

/// Says whether debug mode is on; one relaxed load.
///
/// # Examples
///
/// See [`disable`].
#[inline]
pub fn is_enabled() -> bool {
    // Relaxed: a switch that is seen a little late. What it guards has locks of its own.
    ON.load(Ordering::Relaxed)
}

/// Hears of failures that nobody can receive.
fn unhandled(failure: &Unhandled<'_>) {
    if is_enabled() {
        tell::tell(|| Finding::Unhandled {
            what: failure.what,
            message: failure.to_string(),
        });
    } else {
        print_unhandled(failure);
    }
}

static ON: AtomicBool = AtomicBool::new(false);
