//! How long a tick is.

use std::sync::OnceLock;
use std::time::Duration;

use trill_world::World;

/// Ticks of the operating system's world in [`PER`].
static RATE: OnceLock<u64> = OnceLock::new();

/// Compares ticks with the operating system's clock, once.
pub(crate) fn learn() {
    RATE.get_or_init(|| {
        // Whichever world asks; a simulated one has no other ticks than nanoseconds.
        let _os = World::os().enter();
        let (began, ticks) = (trill_world::now(), trill_world::ticks());
        loop {
            let (spent, counted) = (trill_world::now() - began, trill_world::ticks() - ticks);
            if spent >= COMPARED_FOR {
                let per = u128::from(counted) * PER.as_nanos() / spent.as_nanos();
                return u64::try_from(per).unwrap_or(u64::MAX).max(1);
            }
            std::hint::spin_loop();
        }
    });
}

/// How many ticks of the operating system's world a delay takes.
pub(crate) fn ticks(delay: Duration) -> u64 {
    let ticks = delay.as_nanos().saturating_mul(u128::from(rate())) / PER.as_nanos();
    u64::try_from(ticks).unwrap_or(u64::MAX)
}

/// How long so many ticks of this thread's world are.
pub(crate) fn delay(ticks: u64) -> Duration {
    if !World::current().is_os() {
        return Duration::from_nanos(ticks);
    }
    let nanos = u128::from(ticks) * PER.as_nanos() / u128::from(rate());
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

fn rate() -> u64 {
    learn();
    // Nanoseconds, if it could be unknown.
    RATE.get().copied().unwrap_or(1_000_000)
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
            let back = super::delay(ticks(delay));
            let error = delay.abs_diff(back);
            assert!(error < Duration::from_micros(ms), "{delay:?} {back:?}");
        }
        assert_eq!(ticks(Duration::ZERO), 0);
        assert!(ticks(Duration::MAX) > u64::MAX / 2);
    }

    #[test]
    fn ticks_of_a_simulated_world_are_nanoseconds() {
        trill_world::VirtualWorld::new(1).run(|| {
            assert_eq!(delay(5), Duration::from_nanos(5));
        });
    }
}
