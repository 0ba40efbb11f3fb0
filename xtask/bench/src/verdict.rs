//! Whether trill met a figure's budget.

use std::fmt;

use crate::flavour::Flavour;
use crate::rows::{Budget, Figure, PeerName};
use crate::stats::{better, ratio};

/// What the medians of one line say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Judgement {
    /// trill divided by the better of tokio and smol, or by trill at another revision; of a rate the inverse, so that
    /// below 1 is better.
    pub(crate) ratio: Option<f64>,
    /// Whether the budget was met, where there is one and everything it needs was measured.
    pub(crate) met: Option<bool>,
}

/// Judges the medians of one figure.
pub(crate) fn judge(
    figure: &Figure,
    flavour: Flavour,
    median: impl Fn(PeerName) -> Option<f64>,
) -> Judgement {
    let trill = median(PeerName::Trill);
    // What a rate says is compared as the time of one: less is better.
    let comparable = |peer| {
        let value: f64 = median(peer)?;
        Some(if figure.is_rate { 1.0 / value } else { value })
    };
    let best = match comparable(PeerName::Before) {
        Some(before) => Some(before),
        None => better([comparable(PeerName::Tokio), comparable(PeerName::Smol)]),
    };
    let own = comparable(PeerName::Trill);
    let ratio = own.zip(best).and_then(|(own, best)| ratio(own, best));
    let within = |factor: f64, base: PeerName| Some(trill? <= factor * median(base)?);
    let met = match figure.budget {
        Budget::Open => None,
        // The better of two is known only when both are.
        Budget::Best(..) if PEERS.iter().any(|&peer| median(peer).is_none()) => None,
        Budget::Best(one, more) => {
            let limit = match flavour {
                Flavour::Workers(1) => one,
                Flavour::Workers(_) => more,
                Flavour::Local => LOCAL,
            };
            ratio.map(|ratio| ratio <= limit)
        }
        Budget::AtMost(limit) => trill.map(|trill| trill <= limit),
        Budget::TokioAndBare(tokio, bare) => within(tokio, PeerName::Tokio)
            .zip(within(bare, PeerName::Bare))
            .map(|(tokio, bare)| tokio && bare),
        Budget::Bare(limit) => within(limit, PeerName::Bare),
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
    /// On how many workers.
    pub(crate) flavour: Flavour,
    /// In which unit.
    pub(crate) unit: &'static str,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.budget {
            Budget::Open => String::new(),
            Budget::Best(..) if self.flavour == Flavour::Local => format!("× {LOCAL:.2}"),
            Budget::Best(one, _) if self.flavour == Flavour::Workers(1) => format!("× {one:.2}"),
            Budget::Best(_, more) => format!("× {more:.2}"),
            Budget::AtMost(limit) => format!("{limit} {}", self.unit),
            Budget::TokioAndBare(tokio, bare) => format!("tokio × {tokio:.2}, bare × {bare:.2}"),
            Budget::Bare(limit) => format!("bare × {limit:.2}"),
            Budget::AboveBare(limit) => format!("bare + {limit} {}", self.unit),
        };
        f.pad(&text)
    }
}

/// What single-threaded trill may need at most: the design's budgets are about workers, and here no peer may be faster.
const LOCAL: f64 = 1.0;
/// Those the budgets compare with.
const PEERS: [PeerName; 2] = [PeerName::Tokio, PeerName::Smol];

#[cfg(test)]
mod tests {
    use super::*;

    fn with(budget: Budget) -> Figure {
        Figure {
            label: "",
            unit: "ns",
            budget,
            is_rate: false,
        }
    }

    fn medians(values: [Option<f64>; 4]) -> impl Fn(PeerName) -> Option<f64> {
        move |peer| {
            let at = PeerName::ALL.iter().position(|&name| name == peer);
            values.get(at.expect("every peer is listed")).copied()?
        }
    }

    #[test]
    fn best_compares_with_the_better_of_both() {
        let judged = |workers| {
            let medians = medians([Some(100.0), Some(50.0), Some(30.0), None]);
            judge(&with(Budget::Best(0.7, 0.5)), workers, medians)
        };
        assert_eq!(judged(Flavour::Workers(1)).ratio, Some(0.6));
        assert_eq!(judged(Flavour::Workers(1)).met, Some(true));
        assert_eq!(judged(Flavour::Workers(2)).met, Some(false));
        assert_eq!(judged(Flavour::Local).met, Some(true));
    }

    #[test]
    fn a_peer_that_was_not_measured_leaves_the_budget_open() {
        let alone = medians([Some(100.0), None, Some(30.0), None]);
        assert_eq!(
            judge(&with(Budget::Best(1.0, 1.0)), Flavour::Workers(1), alone).met,
            None
        );
        let absent = medians([Some(100.0), Some(50.0), None, None]);
        let judged = judge(&with(Budget::AtMost(10.0)), Flavour::Workers(1), absent);
        assert_eq!((judged.ratio, judged.met), (None, None));
    }

    #[test]
    fn echo_needs_both_tokio_and_the_bare_loop() {
        let budget = Budget::TokioAndBare(1.0, 1.05);
        let judged = |trill| {
            let medians = medians([Some(100.0), Some(150.0), Some(trill), Some(92.0)]);
            judge(&with(budget), Flavour::Workers(2), medians).met
        };
        assert_eq!(judged(96.0), Some(true));
        assert_eq!(judged(99.0), Some(false));
        assert_eq!(judged(101.0), Some(false));
    }

    #[test]
    fn user_time_is_counted_from_the_bare_loop() {
        let judged = |trill| {
            let medians = medians([None, None, Some(trill), Some(500.0)]);
            judge(
                &with(Budget::AboveBare(200.0)),
                Flavour::Workers(1),
                medians,
            )
            .met
        };
        assert_eq!(judged(700.0), Some(true));
        assert_eq!(judged(701.0), Some(false));
    }

    #[test]
    fn more_of_a_rate_is_better() {
        let figure = Figure {
            is_rate: true,
            ..with(Budget::Best(1.0, 1.0))
        };
        let medians = medians([Some(50.0), Some(100.0), Some(200.0), None]);
        let judged = judge(&figure, Flavour::Workers(2), medians);
        assert_eq!((judged.ratio, judged.met), (Some(0.5), Some(true)));
    }

    #[test]
    fn another_revision_is_compared_with_alone() {
        let medians = |peer| match peer {
            PeerName::Tokio => Some(10.0),
            PeerName::Trill => Some(30.0),
            PeerName::Before => Some(60.0),
            _ => None,
        };
        let judged = judge(&with(Budget::Open), Flavour::Local, medians);
        assert_eq!(judged.ratio, Some(0.5));
    }
}
