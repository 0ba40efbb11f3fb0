//! How long a tick is.

use std::sync::OnceLock;
use std::time::Duration;

use crate::clock::{now, ticks};
use crate::world::World;

/// Ticks of the operating system's world in [`PER`].
static RATE: OnceLock<u64> = OnceLock::new();

/// Returns how many [`ticks`] of the operating system's world a delay takes.
///
/// The first call of this or of [`ticks_to_delay`] compares ticks with the clock, which takes 2 ms.
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

fn rate() -> u64 {
    *RATE.get_or_init(|| {
        // Whichever world asks; a simulated one has no other ticks than nanoseconds.
        let _os = World::os().enter();
        let (began, counted_from) = (now(), ticks());
        loop {
            let (spent, counted) = (now() - began, ticks() - counted_from);
            if spent >= COMPARED_FOR {
                let per = u128::from(counted) * PER.as_nanos() / spent.as_nanos();
                return u64::try_from(per).unwrap_or(u64::MAX).max(1);
            }
            std::hint::spin_loop();
        }
    })
}

/// The stretch for which ticks are counted.
const PER: Duration = Duration::from_millis(1);

/// How long the clocks are compared: reading both takes about 50 ns, an error of 1 in 40,000.
const COMPARED_FOR: Duration = Duration::from_millis(2);

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
