//! How a cost grows: a table with a word on whether it does, and a picture of lines.

use std::fmt::Write;

use crate::rows::{Group, PeerName, SIZES};
use crate::svg;
use crate::table::{Line, align, number};

/// The costs of one row for one peer, by size.
#[derive(Debug)]
pub(crate) struct Curve {
    title: String,
    peer: PeerName,
    unit: &'static str,
    /// Absent where a machine does not allow so many.
    costs: Vec<Option<f64>>,
}

impl Curve {
    /// The largest cost over the smallest, of the sizes that were measured.
    fn spread(&self) -> Option<f64> {
        let costs = || self.costs.iter().copied().flatten();
        let smallest = costs().min_by(f64::total_cmp)?;
        let largest = costs().max_by(f64::total_cmp)?;
        (smallest > 0.0).then(|| largest / smallest)
    }
}

/// The curves in the lines of the group `growth`: costs, and then weights.
pub(crate) fn curves(lines: &[Line]) -> Vec<Curve> {
    let mut curves = Vec::new();
    let growing = lines.iter().filter(|line| line.row.group == Group::Growth);
    let growing: Vec<&Line> = growing.collect();
    // The lines of one row stand together, one for each figure.
    for lines in growing.chunks(2 * SIZES.len()) {
        for (what, part) in ["", ", memory"].iter().zip(lines.chunks(SIZES.len())) {
            for (peer, _) in &part[0].outcomes {
                curves.push(Curve {
                    title: format!("{}{what}", part[0].row.title),
                    peer: *peer,
                    unit: part[0].figure.unit,
                    costs: part.iter().map(|line| line.median(*peer)).collect(),
                });
            }
        }
    }
    curves
}

/// A table with a row for each curve.
pub(crate) fn table(curves: &[Curve]) -> String {
    let mut head: Vec<String> = ["row", "peer", "unit"].map(str::to_string).to_vec();
    head.extend(SIZES.iter().map(usize::to_string));
    head.extend(["largest / smallest", ""].map(str::to_string));
    let rows: Vec<Vec<String>> = curves
        .iter()
        .map(|curve| {
            let mut cells = vec![
                curve.title.clone(),
                curve.peer.to_string(),
                curve.unit.to_string(),
            ];
            let cell = |cost: &Option<f64>| cost.map_or_else(|| "–".into(), number);
            cells.extend(curve.costs.iter().map(cell));
            let spread = curve.spread();
            cells.push(
                spread
                    .map(|spread| format!("{spread:.2}"))
                    .unwrap_or_default(),
            );
            let word = match spread {
                Some(spread) if spread <= FLAT => "flat",
                Some(_) => "NOT FLAT",
                None => "",
            };
            cells.push(word.into());
            cells
        })
        .collect();
    align(&head, &rows)
}

/// A picture: one field for each row, the size from left to right in powers of ten, the cost upwards from zero.
pub(crate) fn picture(note: &str, curves: &[Curve]) -> String {
    let mut titles: Vec<&str> = curves.iter().map(|curve| curve.title.as_str()).collect();
    titles.dedup();
    let height = HEAD + FIELD * titles.len() as f64;
    let mut out = svg::begin("growth", note, height);
    for (index, title) in titles.iter().enumerate() {
        let top = HEAD + FIELD * index as f64;
        let of_title = curves.iter().filter(|curve| curve.title == *title);
        field(&mut out, top, title, &of_title.collect::<Vec<_>>());
    }
    out.push_str("</svg>\n");
    out
}

fn field(out: &mut String, top: f64, title: &str, curves: &[&Curve]) {
    let costs = curves.iter().flat_map(|curve| curve.costs.iter().flatten());
    let largest = costs.copied().fold(0.0, f64::max);
    let unit = curves.first().map_or("", |curve| curve.unit);
    let label = format!("{title} ({unit}; top line {})", number(largest));
    svg::text(out, 16.0, top + 14.0, 13, &label);
    let (left, right) = (60.0, 700.0);
    let (floor, ceiling) = (top + FIELD - 40.0, top + 26.0);
    for y in [floor, ceiling] {
        let _ = writeln!(
            out,
            r##"<line x1="{left}" y1="{y:.1}" x2="{right}" y2="{y:.1}" stroke="#dddddd"/>"##
        );
    }
    let x = |index: usize| left + (right - left) * index as f64 / (SIZES.len() - 1) as f64;
    for (index, size) in SIZES.iter().enumerate() {
        svg::text(out, x(index) - 10.0, floor + 16.0, 11, &size.to_string());
    }
    if largest <= 0.0 {
        return;
    }
    for (place, curve) in curves.iter().enumerate() {
        let points = curve.costs.iter().enumerate();
        let points: Vec<String> = points
            .filter_map(|(index, cost)| {
                let y = floor - (floor - ceiling) * (*cost)? / largest;
                Some(format!("{:.1},{y:.1}", x(index)))
            })
            .collect();
        let colour = svg::colour(curve.peer);
        let _ = writeln!(
            out,
            r#"<polyline points="{}" fill="none" stroke="{colour}" stroke-width="2"/>"#,
            points.join(" ")
        );
        let y = ceiling + 16.0 * place as f64;
        let _ = writeln!(
            out,
            r#"<rect x="720" y="{:.1}" width="12" height="4" fill="{colour}"/>"#,
            y - 4.0
        );
        svg::text(out, 738.0, y, 11, curve.peer.as_str());
    }
}

/// A cost that differs by no more than this between sizes counts as flat.
const FLAT: f64 = 1.5;
/// Space for title and note in pixels.
const HEAD: f64 = 58.0;
/// Height of the field of one row in pixels.
const FIELD: f64 = 190.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flavour::Flavour;
    use crate::rows::find;
    use crate::table::Outcome;

    fn lines(costs: [f64; 6]) -> Vec<Line> {
        let row = find("grow-spawn").expect("listed");
        let line = |(index, figure)| Line {
            row,
            figure,
            flavour: Flavour::Workers(2),
            outcomes: vec![(
                PeerName::Trill,
                Outcome {
                    // The last size was not measured.
                    values: costs
                        .get(index)
                        .copied()
                        .filter(|_| index != 5)
                        .into_iter()
                        .collect(),
                    ..Outcome::default()
                },
            )],
        };
        row.figures.iter().enumerate().map(line).collect()
    }

    #[test]
    fn a_cost_that_grows_is_flagged() {
        let flat = table(&curves(&lines([100.0, 90.0, 95.0, 120.0, 130.0, 0.0])));
        assert!(
            flat.contains("1.44") && !flat.contains("NOT FLAT"),
            "{flat}"
        );
        let steep = table(&curves(&lines([100.0, 90.0, 95.0, 120.0, 180.0, 0.0])));
        assert!(
            steep.contains("2.00") && steep.contains("NOT FLAT"),
            "{steep}"
        );
    }

    #[test]
    fn a_size_that_was_not_measured_is_no_point() {
        let svg = picture("here", &curves(&lines([1.0, 2.0, 3.0, 4.0, 5.0, 0.0])));
        let line = svg
            .lines()
            .find(|line| line.contains("polyline"))
            .expect("one line");
        assert_eq!(line.matches(',').count(), 5, "{line}");
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
    }
}
