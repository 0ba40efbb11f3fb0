//! Whether trill met a figure's budget.

use std::fmt;

use crate::rows::{Budget, PeerName};
use crate::stats::{better, ratio};

/// What the medians of one line say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Judgement {
    /// trill divided by the better of tokio and smol.
    pub(crate) ratio: Option<f64>,
    /// Whether the budget was met, where there is one and everything it needs was measured.
    pub(crate) met: Option<bool>,
}

/// Judges the medians of one figure.
pub(crate) fn judge(
    budget: Budget,
    workers: usize,
    median: impl Fn(PeerName) -> Option<f64>,
) -> Judgement {
    let trill = median(PeerName::Trill);
    let best = better([median(PeerName::Tokio), median(PeerName::Smol)]);
    let ratio = trill.zip(best).and_then(|(trill, best)| ratio(trill, best));
    let within = |factor: f64, base: PeerName| Some(trill? <= factor * median(base)?);
    let met = match budget {
        Budget::Open => None,
        // The better of two is known only when both are.
        Budget::Best(..) if PEERS.iter().any(|&peer| median(peer).is_none()) => None,
        Budget::Best(one, more) => {
            ratio.map(|ratio| ratio <= if workers == 1 { one } else { more })
        }
        Budget::AtMost(limit) => trill.map(|trill| trill <= limit),
        Budget::TokioAndBare(tokio, bare) => within(tokio, PeerName::Tokio)
            .zip(within(bare, PeerName::Bare))
            .map(|(tokio, bare)| tokio && bare),
        Budget::AboveBare(limit) => trill
            .zip(median(PeerName::Bare))
            .map(|(trill, bare)| trill - bare <= limit),
    };
    Judgement { ratio, met }
}

/// The budget for so many workers, as the table shows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown {
    /// What is allowed.
    pub(crate) budget: Budget,
    /// With how many workers.
    pub(crate) workers: usize,
    /// In which unit.
    pub(crate) unit: &'static str,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.budget {
            Budget::Open => String::new(),
            Budget::Best(one, _) if self.workers == 1 => format!("× {one:.2}"),
            Budget::Best(_, more) => format!("× {more:.2}"),
            Budget::AtMost(limit) => format!("{limit} {}", self.unit),
            Budget::TokioAndBare(tokio, bare) => format!("tokio × {tokio:.2}, bare × {bare:.2}"),
            Budget::AboveBare(limit) => format!("bare + {limit} {}", self.unit),
        };
        f.pad(&text)
    }
}

/// Those the budgets compare with.
const PEERS: [PeerName; 2] = [PeerName::Tokio, PeerName::Smol];

#[cfg(test)]
mod tests {
    use super::*;

    fn medians(values: [Option<f64>; 4]) -> impl Fn(PeerName) -> Option<f64> {
        move |peer| {
            let at = PeerName::ALL.iter().position(|&name| name == peer);
            values[at.expect("every peer is listed")]
        }
    }

    #[test]
    fn best_compares_with_the_better_of_both() {
        let judged = |workers| {
            let medians = medians([Some(100.0), Some(50.0), Some(30.0), None]);
            judge(Budget::Best(0.7, 0.5), workers, medians)
        };
        assert_eq!(judged(1).ratio, Some(0.6));
        assert_eq!(judged(1).met, Some(true));
        assert_eq!(judged(2).met, Some(false));
    }

    #[test]
    fn a_peer_that_was_not_measured_leaves_the_budget_open() {
        let alone = medians([Some(100.0), None, Some(30.0), None]);
        assert_eq!(judge(Budget::Best(1.0, 1.0), 1, alone).met, None);
        let absent = medians([Some(100.0), Some(50.0), None, None]);
        let judged = judge(Budget::AtMost(10.0), 1, absent);
        assert_eq!((judged.ratio, judged.met), (None, None));
    }

    #[test]
    fn echo_needs_both_tokio_and_the_bare_loop() {
        let budget = Budget::TokioAndBare(1.0, 1.05);
        let judged = |trill| {
            let medians = medians([Some(100.0), Some(150.0), Some(trill), Some(92.0)]);
            judge(budget, 2, medians).met
        };
        assert_eq!(judged(96.0), Some(true));
        assert_eq!(judged(99.0), Some(false));
        assert_eq!(judged(101.0), Some(false));
    }

    #[test]
    fn user_time_is_counted_from_the_bare_loop() {
        let judged = |trill| {
            let medians = medians([None, None, Some(trill), Some(500.0)]);
            judge(Budget::AboveBare(200.0), 1, medians).met
        };
        assert_eq!(judged(700.0), Some(true));
        assert_eq!(judged(701.0), Some(false));
    }
}
