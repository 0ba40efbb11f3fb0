//! The results, and the table a person reads.

use std::fmt::Write;

use crate::flavour::Flavour;
use crate::rows::{Figure, PeerName, Row};
use crate::stats::Summary;
use crate::verdict::{Judgement, Shown, judge};

/// What the rounds of one peer gave for one figure.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    /// The numbers of the rounds that worked.
    pub(crate) values: Vec<f64>,
    /// Why the others did not.
    pub(crate) failures: Vec<String>,
    /// The peer has no such row.
    pub(crate) missing: bool,
}

impl Outcome {
    /// Median and range.
    pub(crate) fn summary(&self) -> Option<Summary> {
        Summary::of(&self.values)
    }

    fn cell(&self) -> String {
        let mut text = match self.summary() {
            Some(Summary { median, min, max }) => {
                format!("{} [{}–{}]", number(median), number(min), number(max))
            }
            None if self.missing => "missing".into(),
            None => String::new(),
        };
        if !self.failures.is_empty() {
            let _ = write!(text, " {} failed", self.failures.len());
        }
        text.trim_start().to_string()
    }
}

/// One figure of one row with one number of workers.
#[derive(Debug)]
pub(crate) struct Line {
    /// The row.
    pub(crate) row: &'static Row,
    /// Which of its figures.
    pub(crate) figure: &'static Figure,
    /// On how many workers.
    pub(crate) flavour: Flavour,
    /// What each measured peer gave.
    pub(crate) outcomes: Vec<(PeerName, Outcome)>,
}

impl Line {
    /// A peer's median.
    pub(crate) fn median(&self, peer: PeerName) -> Option<f64> {
        Some(self.outcome(peer)?.summary()?.median)
    }

    /// What the medians say about trill.
    pub(crate) fn judgement(&self) -> Judgement {
        judge(self.figure, self.flavour, |peer| self.median(peer))
    }

    /// Row and figure in words.
    pub(crate) fn title(&self) -> String {
        match self.figure.label {
            "" => self.row.title.to_string(),
            label => format!("{}: {label}", self.row.title),
        }
    }

    /// One word on trill: `ok`, `over`, `missing`, `failed`, or nothing.
    pub(crate) fn verdict(&self) -> &'static str {
        let trill = self.outcome(PeerName::Trill);
        match (trill, self.judgement().met) {
            (Some(outcome), _) if !outcome.failures.is_empty() => "failed",
            (Some(outcome), _) if outcome.missing => "missing",
            (_, Some(true)) => "ok",
            (_, Some(false)) => "over",
            (_, None) => "",
        }
    }

    fn outcome(&self, peer: PeerName) -> Option<&Outcome> {
        let found = self.outcomes.iter().find(|(name, _)| *name == peer);
        found.map(|(_, outcome)| outcome)
    }
}

/// The table of `lines` with a column for each of `peers`, and below it why measurements failed.
pub(crate) fn table(lines: &[Line], peers: &[PeerName]) -> String {
    // A peer that has none of the rows has no column.
    let peers: Vec<PeerName> = peers
        .iter()
        .copied()
        .filter(|peer| lines.iter().any(|line| line.outcome(*peer).is_some()))
        .collect();
    let peers = peers.as_slice();
    let mut head: Vec<String> = vec!["row".into(), "workers".into(), "unit".into()];
    head.extend(peers.iter().map(|peer| peer.to_string()));
    head.extend(["ratio", "budget", "verdict"].map(str::to_string));
    let rows: Vec<Vec<String>> = lines.iter().map(|line| cells(line, peers)).collect();
    let mut text = align(&head, &rows);
    // What fails in a row fails in each of its figures: it is said once.
    let first_figures = lines
        .iter()
        .filter(|line| std::ptr::eq(line.figure, &line.row.figures[0]));
    for line in first_figures {
        for (peer, outcome) in &line.outcomes {
            if let Some(failure) = outcome.failures.first() {
                let (row, workers) = (line.row.name, line.flavour.words());
                let _ = writeln!(text, "failed: {row}, {workers}, {peer}: {failure}");
            }
        }
    }
    text
}

/// Lines up `rows` under `head`, the first column to the left and the others to the right.
pub(crate) fn align(head: &[String], rows: &[Vec<String>]) -> String {
    let all = || std::iter::once(head).chain(rows.iter().map(Vec::as_slice));
    let widths: Vec<usize> = (0..head.len())
        .map(|column| {
            all()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for (index, row) in all().enumerate() {
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let _ = match column {
                0 => write!(text, "{cell:<width$}"),
                _ => write!(text, "  {cell:>width$}"),
            };
        }
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
        if index == 0 {
            let width = widths.iter().sum::<usize>() + 2 * (widths.len() - 1);
            let _ = writeln!(text, "{}", "-".repeat(width));
        }
    }
    text
}

/// A number with as many digits as say something.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn cells(line: &Line, peers: &[PeerName]) -> Vec<String> {
    let mut cells = vec![
        line.title(),
        line.flavour.to_string(),
        line.figure.unit.to_string(),
    ];
    for &peer in peers {
        cells.push(line.outcome(peer).map(Outcome::cell).unwrap_or_default());
    }
    let ratio = line.judgement().ratio;
    cells.push(ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default());
    let shown = Shown {
        budget: line.figure.budget,
        flavour: line.flavour,
        unit: line.figure.unit,
    };
    cells.push(shown.to_string());
    cells.push(line.verdict().to_string());
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::find;

    fn line(trill: Outcome) -> Line {
        let row = find("spawn-await").expect("listed");
        let measured = |values: &[f64]| Outcome {
            values: values.to_vec(),
            ..Outcome::default()
        };
        Line {
            row,
            figure: &row.figures[0],
            flavour: Flavour::Workers(1),
            outcomes: vec![
                (PeerName::Tokio, measured(&[100.0, 300.0, 200.0])),
                (PeerName::Smol, measured(&[400.0])),
                (PeerName::Trill, trill),
            ],
        }
    }

    #[test]
    fn a_line_shows_medians_ranges_ratio_and_verdict() {
        let line = line(Outcome {
            values: vec![50.0],
            ..Outcome::default()
        });
        let text = table(&[line], &PeerName::ALL);
        let row = text.lines().nth(2).expect("one line below the head");
        for part in ["200 [100–300]", "400 [400–400]", "0.25", "× 0.55", "ok"] {
            assert!(row.contains(part), "{row} lacks {part}");
        }
    }

    #[test]
    fn a_failure_is_shown_with_its_reason() {
        let line = line(Outcome {
            failures: vec!["ended by signal 11".into()],
            ..Outcome::default()
        });
        assert_eq!(line.verdict(), "failed");
        let text = table(&[line], &PeerName::ALL);
        assert!(text.contains("1 failed") && text.contains("trill: ended by signal 11"));
    }

    #[test]
    fn a_row_a_peer_does_not_have_is_missing() {
        let line = line(Outcome {
            missing: true,
            ..Outcome::default()
        });
        assert_eq!(line.verdict(), "missing");
        assert_eq!(line.judgement().ratio, None);
    }

    #[test]
    fn columns_line_up_by_characters() {
        let words = |row: [&str; 2]| row.map(str::to_string).to_vec();
        let text = align(&words(["a", "µs"]), &[words(["long", "1"])]);
        assert_eq!(text, "a     µs\n--------\nlong   1\n");
    }
}
