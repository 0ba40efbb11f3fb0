//! Writes results as CSV, JSON and SVG.

use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::{fs, iter};

use crate::flavour::Flavour;
use crate::rows::PeerName;
use crate::svg::{Bars, draw};
use crate::table::Line;

/// The folder for results: `bench` in the target directory this program was built in.
///
/// # Errors
///
/// When the folder cannot be made.
pub(crate) fn folder() -> io::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2);
    let target =
        target.ok_or_else(|| io::Error::other("this program lies in no target directory"))?;
    let folder = target.join("bench");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Writes `<name>.csv`, `<name>.json` and, for each number of workers, `<name>-<workers>.svg`.
/// Returns their paths.
///
/// # Errors
///
/// When a file cannot be written.
pub(crate) fn save(
    folder: &Path,
    name: &str,
    environment: &[String],
    lines: &[Line],
) -> io::Result<Vec<PathBuf>> {
    let mut files = vec![
        (format!("{name}.csv"), csv(lines)),
        (format!("{name}.json"), json(environment, lines)),
    ];
    let mut counts: Vec<Flavour> = lines.iter().map(|line| line.flavour).collect();
    counts.sort_unstable();
    counts.dedup();
    for flavour in counts {
        let title = format!("{name}, {}", flavour.words());
        let note = format!(
            "Medians; shorter is better, but for rates. {}",
            environment.join(". ")
        );
        let of_count = lines.iter().filter(|line| line.flavour == flavour);
        let groups: Vec<Bars> = of_count.map(bars).collect();
        let svg = draw(&title, &note, &groups);
        files.push((format!("{name}-{flavour}.svg"), svg));
    }
    let mut paths = Vec::with_capacity(files.len());
    for (file, text) in files {
        let path = folder.join(file);
        fs::write(&path, text)?;
        paths.push(path);
    }
    Ok(paths)
}

fn bars(line: &Line) -> Bars {
    let median = |&(peer, _): &(PeerName, _)| (peer, line.median(peer));
    Bars {
        label: line.title(),
        unit: line.figure.unit,
        bars: line.outcomes.iter().map(median).collect(),
    }
}

fn csv(lines: &[Line]) -> String {
    let mut text =
        "row,figure,unit,workers,peer,median,min,max,failed,missing,values\n".to_string();
    for line in lines {
        for (peer, outcome) in &line.outcomes {
            let (row, label, unit) = (line.row.name, line.figure.label, line.figure.unit);
            let summary = outcome.summary();
            let [median, min, max] = match summary {
                Some(summary) => [summary.median, summary.min, summary.max].map(|v| v.to_string()),
                None => Default::default(),
            };
            let values: Vec<String> = outcome.values.iter().map(f64::to_string).collect();
            let _ = writeln!(
                text,
                "{row},{},{unit},{},{peer},{median},{min},{max},{},{},{}",
                field(label),
                line.flavour,
                outcome.failures.len(),
                outcome.missing,
                values.join(" ")
            );
        }
    }
    text
}

/// Quotes what has a comma in it, as a figure named by a number from a thousand on; RFC 4180.
fn field(text: &str) -> String {
    match text.contains(',') {
        true => format!("\"{text}\""),
        false => text.to_string(),
    }
}

fn json(environment: &[String], lines: &[Line]) -> String {
    let environment = environment.iter().map(|line| quoted(line));
    let results = lines.iter().flat_map(|line| {
        let outcomes = line.outcomes.iter();
        outcomes.map(move |(peer, outcome)| {
            let fields = [
                ("row", quoted(line.row.name)),
                ("figure", quoted(line.figure.label)),
                ("unit", quoted(line.figure.unit)),
                ("workers", quoted(&line.flavour.to_string())),
                ("peer", quoted(peer.as_str())),
                ("values", array(outcome.values.iter().map(f64::to_string))),
                (
                    "failures",
                    array(outcome.failures.iter().map(|text| quoted(text))),
                ),
                ("missing", outcome.missing.to_string()),
            ];
            let fields = fields.map(|(name, value)| format!("{}: {value}", quoted(name)));
            format!("\n    {{{}}}", fields.join(", "))
        })
    });
    format!(
        "{{\n  \"environment\": {},\n  \"results\": {}\n}}\n",
        array(environment),
        array(results)
    )
}

fn array(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    format!("[{}]", items.join(", "))
}

fn quoted(text: &str) -> String {
    let escaped = text
        .chars()
        .flat_map(|letter| -> Box<dyn Iterator<Item = char>> {
            match letter {
                '"' | '\\' => Box::new(['\\', letter].into_iter()),
                letter if letter < ' ' => Box::new(
                    format!("\\u{:04x}", letter as u32)
                        .chars()
                        .collect::<Vec<_>>()
                        .into_iter(),
                ),
                letter => Box::new(iter::once(letter)),
            }
        });
    format!("\"{}\"", escaped.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::find;
    use crate::table::Outcome;

    fn lines() -> Vec<Line> {
        let row = find("unblock").expect("listed");
        let outcome = Outcome {
            values: vec![2.0, 1.0, 4.5],
            failures: vec!["said \"no\"\n".into()],
            missing: false,
        };
        let line = |workers| Line {
            row,
            figure: &row.figures[0],
            flavour: Flavour::Workers(workers),
            outcomes: vec![(PeerName::Smol, outcome.clone())],
        };
        vec![line(1), line(2)]
    }

    #[test]
    fn csv_has_a_line_for_each_outcome() {
        let text = csv(&lines());
        assert_eq!(text.lines().count(), 3);
        assert_eq!(
            text.lines().nth(1),
            Some("unblock,wall,µs,1,smol,2,1,4.5,1,false,2 1 4.5")
        );
    }

    #[test]
    fn csv_quotes_what_has_a_comma() {
        assert_eq!(field("memory of 1,000"), "\"memory of 1,000\"");
        assert_eq!(field("wall"), "wall");
    }

    #[test]
    fn json_escapes_what_a_failure_said() {
        let text = json(&["a \\ b".into()], &lines());
        assert!(text.contains(r#""environment": ["a \\ b"]"#), "{text}");
        assert!(
            text.contains(r#""failures": ["said \"no\"\u000a"]"#),
            "{text}"
        );
        assert!(text.contains(r#""values": [2, 1, 4.5]"#), "{text}");
        assert_eq!(text.matches('{').count(), text.matches('}').count());
    }

    #[test]
    fn a_picture_is_written_for_each_number_of_workers() {
        let folder = std::env::temp_dir().join(format!("trill-bench-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("the temporary folder is writable");
        let paths = save(&folder, "micro", &["here".into()], &lines()).expect("files are writable");
        let names: Vec<_> = paths.iter().filter_map(|path| path.file_name()).collect();
        assert_eq!(
            names,
            ["micro.csv", "micro.json", "micro-1.svg", "micro-2.svg"]
        );
        let svg = fs::read_to_string(&paths[3]).expect("just written");
        assert!(svg.contains("2 workers") && svg.contains(">2.00</text>"));
        fs::remove_dir_all(&folder).expect("made by this test");
    }
}
