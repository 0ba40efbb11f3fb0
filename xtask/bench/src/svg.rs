//! Horizontal bars as SVG, without a plotting crate.

use std::fmt::Write;

use crate::rows::PeerName;
use crate::table::number;

/// Bars that share a scale, because they share a unit.
#[derive(Debug)]
pub(crate) struct Bars {
    /// What they measure.
    pub(crate) label: String,
    /// In which unit.
    pub(crate) unit: &'static str,
    /// Who, and how much; `None` is drawn as a dash.
    pub(crate) bars: Vec<(PeerName, Option<f64>)>,
}

/// Draws `groups` below each other, each with its longest bar over the full width.
pub(crate) fn draw(title: &str, note: &str, groups: &[Bars]) -> String {
    let heights = groups
        .iter()
        .map(|group| LABEL + BAR * group.bars.len() as f64 + GAP);
    let height = HEAD + heights.sum::<f64>() + GAP;
    let mut svg = begin(title, note, height);
    let mut y = HEAD;
    for group in groups {
        y += LABEL;
        let label = format!("{} ({})", group.label, group.unit);
        text(&mut svg, MARGIN, y - 5.0, 13, &label);
        let longest = group.bars.iter().filter_map(|(_, value)| *value);
        let longest = longest.fold(0.0, f64::max);
        for &(peer, value) in &group.bars {
            bar(&mut svg, y, peer, value, longest);
            y += BAR;
        }
        y += GAP;
    }
    svg.push_str("</svg>\n");
    svg
}

/// The head of a picture, up to below its title and note.
pub(crate) fn begin(title: &str, note: &str, height: f64) -> String {
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" font-family="sans-serif">"#
    );
    let _ = writeln!(
        svg,
        r##"<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>"##
    );
    text(&mut svg, MARGIN, 26.0, 18, title);
    text(&mut svg, MARGIN, 46.0, 11, note);
    svg
}

fn bar(svg: &mut String, y: f64, peer: PeerName, value: Option<f64>, longest: f64) {
    let baseline = y + BAR - 5.0;
    text(svg, MARGIN + 8.0, baseline, 11, peer.as_str());
    let Some(value) = value else {
        text(svg, BARS_LEFT, baseline, 11, "–");
        return;
    };
    let share = if longest > 0.0 {
        value.max(0.0) / longest
    } else {
        0.0
    };
    let width = (share * BARS_WIDTH).max(1.0);
    let (top, thickness, colour) = (y + 1.0, BAR - 3.0, colour(peer));
    let _ = writeln!(
        svg,
        r#"<rect x="{BARS_LEFT}" y="{top}" width="{width:.1}" height="{thickness}" rx="2" fill="{colour}"/>"#
    );
    text(svg, BARS_LEFT + width + 6.0, baseline, 11, &number(value));
}

/// Writes words.
pub(crate) fn text(svg: &mut String, x: f64, y: f64, size: u32, words: &str) {
    let words = escape(words);
    let _ = writeln!(
        svg,
        r##"<text x="{x:.1}" y="{y:.1}" font-size="{size}" fill="#222222">{words}</text>"##
    );
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// The colour of a peer in all pictures.
pub(crate) fn colour(peer: PeerName) -> &'static str {
    match peer {
        PeerName::Tokio => "#8d99ae",
        PeerName::Smol => "#c9b79c",
        PeerName::Trill => "#d1495b",
        PeerName::Bare => "#4a4e69",
        PeerName::Monoio => "#6a994e",
        PeerName::Compio => "#a7c957",
        PeerName::Asyncio => "#f2cc8f",
        PeerName::Uvloop => "#e0a458",
        PeerName::Before => "#e5989b",
        PeerName::TrillRing => "#9a8c98",
    }
}

/// The picture's width in pixels.
const WIDTH: f64 = 860.0;
/// Space at the left in pixels.
const MARGIN: f64 = 16.0;
/// Space for title and note in pixels.
const HEAD: f64 = 58.0;
/// Height of a group's label in pixels.
const LABEL: f64 = 22.0;
/// Height of one bar with its space in pixels.
const BAR: f64 = 17.0;
/// Space below a group in pixels.
const GAP: f64 = 8.0;
/// Where bars begin in pixels: right of the peers' names.
const BARS_LEFT: f64 = 76.0;
/// Length of the longest bar in pixels: its number still fits beside it.
const BARS_WIDTH: f64 = 700.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn group(bars: Vec<(PeerName, Option<f64>)>) -> Bars {
        Bars {
            label: "a < b & c".into(),
            unit: "ns",
            bars,
        }
    }

    fn widths(svg: &str) -> Vec<f64> {
        let bars = svg.lines().filter(|line| line.contains("rx="));
        let width = |line: &str| {
            line.split(r#" width=""#)
                .nth(1)?
                .split('"')
                .next()?
                .parse()
                .ok()
        };
        bars.map(|line| width(line).expect("a bar has a width"))
            .collect()
    }

    #[test]
    fn bars_are_as_long_as_their_values() {
        let group = group(vec![
            (PeerName::Tokio, Some(200.0)),
            (PeerName::Smol, Some(50.0)),
            (PeerName::Trill, Some(0.0)),
        ]);
        assert_eq!(widths(&draw("t", "n", &[group])), [700.0, 175.0, 1.0]);
    }

    #[test]
    fn a_value_that_is_absent_has_no_bar() {
        let group = group(vec![(PeerName::Tokio, Some(1.0)), (PeerName::Trill, None)]);
        let svg = draw("t", "n", &[group]);
        assert_eq!(widths(&svg).len(), 1);
        assert!(svg.contains(">trill</text>") && svg.contains(">–</text>"));
    }

    #[test]
    fn words_are_escaped_and_tags_are_closed() {
        let svg = draw("x \"y\"", "n", &[group(vec![])]);
        assert!(svg.contains("a &lt; b &amp; c (ns)") && svg.contains("x &quot;y&quot;"));
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
    }
}
