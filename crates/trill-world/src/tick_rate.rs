//! How long a tick is.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::clock::{now, ticks};
use crate::world::World;

/// Ticks of the operating system's world in [`PER`], once it is known.
static RATE: OnceLock<u64> = OnceLock::new();

/// When somebody first wanted to know.
static START: OnceLock<Reading> = OnceLock::new();

/// Returns how many [`ticks`] of the operating system's world a delay takes.
///
/// The rate is known 2 ms after the first call of any function here; a call before that waits.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_world::{delay_to_ticks, ticks_to_delay};
///
/// let back = ticks_to_delay(delay_to_ticks(Duration::from_secs(1)));
/// assert!(back.abs_diff(Duration::from_secs(1)) < Duration::from_millis(1));
/// ```
pub fn delay_to_ticks(delay: Duration) -> u64 {
    let ticks = delay.as_nanos().saturating_mul(u128::from(rate())) / PER.as_nanos();
    u64::try_from(ticks).unwrap_or(u64::MAX)
}

/// Returns how long so many [`ticks`] of this thread's world are.
///
/// # Examples
///
/// See [`delay_to_ticks`].
pub fn ticks_to_delay(ticks: u64) -> Duration {
    if !World::current().is_os() {
        return Duration::from_nanos(ticks);
    }
    let nanos = u128::from(ticks) * PER.as_nanos() / u128::from(rate());
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// As [`ticks_to_delay`], but does not wait: `None` as long as the rate is unknown, which is for 2 ms after the first call.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_world::{delay_to_ticks, ticks_to_delay_if_known};
///
/// let second = delay_to_ticks(Duration::from_secs(1)); // waits
/// assert!(ticks_to_delay_if_known(second).is_some());
/// ```
pub fn ticks_to_delay_if_known(ticks: u64) -> Option<Duration> {
    if World::current().is_os() {
        known_rate()?;
    }
    Some(ticks_to_delay(ticks))
}

fn rate() -> u64 {
    loop {
        if let Some(rate) = known_rate() {
            return rate;
        }
        std::hint::spin_loop();
    }
}

/// The rate, if it is known or can be told from the time since it was first wanted.
fn known_rate() -> Option<u64> {
    match RATE.get() {
        Some(rate) => Some(*rate),
        None => find_rate(),
    }
}

#[cold]
fn find_rate() -> Option<u64> {
    // Whichever world asks; a simulated one has no other ticks than nanoseconds.
    let _os = World::os().enter();
    let start = START.get_or_init(Reading::take);
    if now() - start.now < COMPARED_FOR {
        return None;
    }
    let end = Reading::take();
    let counted = u128::from(end.ticks.wrapping_sub(start.ticks));
    let per = counted * PER.as_nanos() / (end.now - start.now).as_nanos();
    let rate = u64::try_from(per).unwrap_or(u64::MAX).max(1);
    Some(*RATE.get_or_init(|| rate))
}

/// Both clocks at one moment.
#[derive(Clone, Copy, Debug)]
struct Reading {
    now: Instant,
    ticks: u64,
}

impl Reading {
    /// Reads both; several times, as a thread that has to wait for its processor in between reads them apart.
    fn take() -> Reading {
        let (mut closest, mut best) = Reading::once();
        for _ in 1..READ_TIMES {
            let (apart, reading) = Reading::once();
            if apart < closest {
                (closest, best) = (apart, reading);
            }
        }
        best
    }

    /// Reads both; also returns by how much the two may be apart.
    fn once() -> (Duration, Reading) {
        let before = now();
        let ticks = ticks();
        let now = now();
        (now - before, Reading { now, ticks })
    }
}

/// The stretch for which ticks are counted.
const PER: Duration = Duration::from_millis(1);

/// For how long the clocks are compared at least: reading both takes about 50 ns, an error of 1 in 40,000.
const COMPARED_FOR: Duration = Duration::from_millis(2);

/// How often they are read for one reading.
const READ_TIMES: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_and_delays_convert_both_ways() {
        for ms in [1, 100, 60_000] {
            let delay = Duration::from_millis(ms);
            let back = ticks_to_delay(delay_to_ticks(delay));
            let error = delay.abs_diff(back);
            assert!(error < Duration::from_micros(ms), "{delay:?} {back:?}");
        }
        assert_eq!(delay_to_ticks(Duration::ZERO), 0);
        assert!(delay_to_ticks(Duration::MAX) > u64::MAX / 2);
    }

    #[test]
    fn ticks_of_a_simulated_world_are_nanoseconds() {
        crate::VirtualWorld::new(1).run(|| {
            assert_eq!(ticks_to_delay(5), Duration::from_nanos(5));
        });
    }
}
