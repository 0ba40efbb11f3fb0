//! Findings as lines on standard error, which a storm of them must not flood.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use trill_world::World;

use crate::finding::Finding;

/// Prints a finding, unless too many came before it.
pub(crate) fn print(finding: &Finding) {
    static LIMIT: Mutex<Limit> = Mutex::new(Limit::new());
    // A flood is a flood on the wall, whatever a simulated clock says.
    let os = World::os().enter();
    let now = trill_world::now();
    drop(os);
    let admitted = LIMIT
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .admit(now);
    if let Some(left_out) = admitted {
        let mut line = format!("trill: {finding}");
        if left_out > 0 {
            // Writing to a string cannot fail.
            let _ = write!(line, " ({left_out} findings before it are not shown)");
        }
        line.push('\n');
        // One write, so that lines of several threads do not mix. A closed standard error is no reason to stop.
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}

/// Lets so many lines through at once and so many per second.
#[derive(Debug)]
struct Limit {
    /// Lines that may still come at once.
    left: u32,
    /// When `left` was last raised.
    since: Option<Instant>,
    left_out: u64,
}

impl Limit {
    const fn new() -> Limit {
        Limit {
            left: BURST_LINES,
            since: None,
            left_out: 0,
        }
    }

    /// Says whether a line may come now, and how many did not since the last one.
    fn admit(&mut self, now: Instant) -> Option<u64> {
        let since = *self.since.get_or_insert(now);
        let earned = now.saturating_duration_since(since).as_nanos() / LINE_EVERY.as_nanos();
        let earned = u32::try_from(earned).unwrap_or(u32::MAX);
        if earned > 0 {
            self.left = self.left.saturating_add(earned).min(BURST_LINES);
            // What is not a whole line yet stays to its credit, unless the credit is full.
            let spent = LINE_EVERY.checked_mul(earned);
            let credited = spent.and_then(|spent| since.checked_add(spent));
            self.since = credited.filter(|_| self.left < BURST_LINES).or(Some(now));
        }
        if self.left == 0 {
            self.left_out += 1;
            return None;
        }
        self.left -= 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

/// Lines at once: a screen.
const BURST_LINES: u32 = 20;

/// Afterwards one line in so long: as fast as somebody can see that lines come.
const LINE_EVERY: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storm_is_cut_and_counted() {
        let start = trill_world::now();
        let mut limit = Limit::new();
        let first = (0..1000).filter(|_| limit.admit(start).is_some()).count();
        assert_eq!(first, 20);
        assert_eq!(limit.admit(start + Duration::from_millis(99)), None);
        // 980 of the thousand, and the one just now.
        assert_eq!(limit.admit(start + Duration::from_millis(100)), Some(981));
        assert_eq!(limit.admit(start + Duration::from_millis(150)), None);
        assert_eq!(limit.admit(start + Duration::from_millis(200)), Some(1));
    }

    #[test]
    fn ten_lines_a_second_in_the_long_run() {
        let start = trill_world::now();
        let mut limit = Limit::new();
        let storm = (0..100_000_u64).map(|ms| start + Duration::from_millis(ms));
        let shown = storm.filter(|now| limit.admit(*now).is_some()).count();
        assert_eq!(shown, 20 + 999);
    }

    #[test]
    fn quiet_hour_earns_one_screen() {
        let start = trill_world::now();
        let mut limit = Limit::new();
        while limit.admit(start).is_some() {}
        let later = start + Duration::from_secs(3600);
        let shown = (0..100).filter(|_| limit.admit(later).is_some()).count();
        assert_eq!(shown, 20);
    }
}
