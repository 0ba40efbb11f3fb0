//! Chance, and the choices of a scheduler.

use std::cell::Cell;
use std::hash::{BuildHasher, Hasher, RandomState};

use crate::world::simulation;

thread_local! {
    /// State of this thread's generator for the operating system's arm; 0 means not seeded yet.
    static STATE: Cell<u64> = const { Cell::new(0) };
}

/// Returns 64 random bits from the stream called `stream`.
///
/// A simulated world gives each stream its own sequence, fixed by its seed, so that one more draw in one place
/// does not change what another place draws. Name a stream after the crate and its use: `"executor.steal"`.
/// Not for secrets.
///
/// # Examples
///
/// ```
/// let world = trill_world::VirtualWorld::new(7);
/// let first = world.run(|| trill_world::random("doc.dice"));
/// let again = trill_world::VirtualWorld::new(7).run(|| trill_world::random("doc.dice"));
/// assert_eq!(first, again);
/// ```
#[inline]
pub fn random(stream: &'static str) -> u64 {
    match simulation() {
        None => os_random(),
        Some(simulation) => simulation.random(stream),
    }
}

/// Returns which of `n` equal candidates a scheduler takes next: a number below `n`, or 0 if `n` is 0.
///
/// The operating system always takes the first, so that what was ready first runs first; a simulated world may
/// take any, which is how it searches for orders that break a program.
///
/// # Examples
///
/// ```
/// assert_eq!(trill_world::pick(3), 0);
/// trill_world::VirtualWorld::new(7).run(|| assert!(trill_world::pick(3) < 3));
/// ```
#[inline]
pub fn pick(n: usize) -> usize {
    match simulation() {
        None => 0,
        Some(simulation) => simulation.pick(n),
    }
}

/// Draws from this thread's generator, seeding it on first use.
fn os_random() -> u64 {
    let mut state = STATE.get();
    if state == 0 {
        // RandomState is seeded by the operating system once per thread and differs from call to call.
        state = RandomState::new().build_hasher().finish();
    }
    let (next, value) = split_mix(state);
    STATE.set(next);
    value
}

/// Steps a SplitMix64 generator: returns its next state and a value.
///
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
pub(crate) fn split_mix(state: u64) -> (u64, u64) {
    let next = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut value = next;
    value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (next, value ^ (value >> 31))
}
