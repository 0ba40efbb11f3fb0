//! The file of accepted counts, and what a new count says beside it.

use std::fmt;

use super::callgrind::Cost;

/// How much more is allowed, in percent, when another compiler or another valgrind counts than the one named
/// in the file: std and generated code differ by up to a tenth between releases, a defect by more.
const OTHER_TOOLS_PERCENT: f64 = 25.0;

/// The tolerance of a path that is accepted for the first time, in percent. Equal runs differ by less than 0.1.
const FIRST_PERCENT: f64 = 2.0;

/// What the counts depend on besides the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tools {
    rustc: String,
    valgrind: String,
}

/// The file.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) tools: Tools,
    lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq)]
struct Line {
    name: String,
    instructions: f64,
    percent: f64,
}

/// What a count says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Verdict {
    /// As accepted.
    Within,
    /// So many percent less than accepted, beyond the tolerance.
    Less(f64),
    /// So many percent more than accepted, beyond the tolerance.
    More(f64),
    /// Never accepted.
    Unknown,
}

impl Tools {
    /// Takes the numbers out of what the tools print about themselves.
    pub(super) fn of(rustc: &str, valgrind: &str) -> Tools {
        let rustc = rustc.split_whitespace().nth(1).unwrap_or("unknown");
        let valgrind = valgrind.trim().strip_prefix("valgrind-");
        Tools {
            rustc: rustc.to_string(),
            valgrind: valgrind.unwrap_or("unknown").to_string(),
        }
    }

    /// What differs from `now`, as a note.
    pub(super) fn differing(&self, now: &Tools) -> Option<String> {
        (self != now).then(|| {
            format!(
                "counted by rustc {} and valgrind {}, accepted with {} and {}: only {OTHER_TOOLS_PERCENT} % more is an error",
                now.rustc, now.valgrind, self.rustc, self.valgrind
            )
        })
    }
}

impl Accepted {
    /// Reads the file.
    pub(super) fn parse(text: &str) -> Result<Accepted, String> {
        let (mut rustc, mut valgrind) = (None, None);
        let mut lines = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                [] => {}
                [first, ..] if first.starts_with('#') => {}
                ["rustc", version] => rustc = Some(version.to_string()),
                ["valgrind", version] => valgrind = Some(version.to_string()),
                _ => lines.push(Line::parse(&words).ok_or_else(|| {
                    format!("line {}: write `path instructions percent%`", number + 1)
                })?),
            }
        }
        let missing = |name: &str| format!("a line `{name} <version>` is missing");
        Ok(Accepted {
            tools: Tools {
                rustc: rustc.ok_or_else(|| missing("rustc"))?,
                valgrind: valgrind.ok_or_else(|| missing("valgrind"))?,
            },
            lines,
        })
    }

    /// Compares a count; `is_other` says that other tools counted.
    pub(super) fn verdict(&self, cost: &Cost, is_other: bool) -> Verdict {
        let Some(line) = self.line(&cost.name) else {
            return Verdict::Unknown;
        };
        let more = (cost.instructions / line.instructions - 1.0) * 100.0;
        let tolerance = match is_other {
            true => line.percent.max(OTHER_TOOLS_PERCENT),
            false => line.percent,
        };
        if more > tolerance {
            Verdict::More(more)
        } else if -more > tolerance {
            Verdict::Less(-more)
        } else {
            Verdict::Within
        }
    }

    /// What is accepted for a path, for the table.
    pub(super) fn shown(&self, name: &str) -> String {
        let line = self.line(name);
        line.map(|line| format!("{:.1} ± {}%", line.instructions, line.percent))
            .unwrap_or_default()
    }

    /// Accepted paths of which there is no count.
    pub(super) fn gone(&self, costs: &[Cost]) -> Vec<&str> {
        let names = self.lines.iter().map(|line| line.name.as_str());
        names
            .filter(|name| !costs.iter().any(|cost| cost.name == *name))
            .collect()
    }

    fn line(&self, name: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.name == name)
    }
}

impl Line {
    fn parse(words: &[&str]) -> Option<Line> {
        let [name, instructions, percent] = words else {
            return None;
        };
        let line = Line {
            name: (*name).to_string(),
            instructions: instructions.parse().ok()?,
            percent: percent.strip_suffix('%')?.parse().ok()?,
        };
        (line.instructions > 0.0 && line.percent > 0.0).then_some(line)
    }
}

impl Verdict {
    /// Whether it fails a build, so that counting again is worth it.
    pub(super) fn is_over(self) -> bool {
        matches!(self, Verdict::More(_))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Within => write!(f, "as accepted"),
            Verdict::Less(percent) => {
                write!(
                    f,
                    "{percent:.1} % less than accepted: accept it, so that it stays"
                )
            }
            Verdict::More(percent) => write!(f, "{percent:.1} % MORE than accepted"),
            Verdict::Unknown => write!(f, "not accepted yet"),
        }
    }
}

/// The file with new counts in the places of the old ones. `paths` are all there are: new ones are added at the end,
/// and lines of those that are gone are left out.
pub(super) fn accept(text: &str, tools: &Tools, costs: &[Cost], paths: &[&str]) -> String {
    let cost = |name: &str| costs.iter().find(|cost| cost.name == name);
    let mut new = String::new();
    let mut seen: Vec<String> = Vec::new();
    let is_whole = paths.iter().all(|name| cost(name).is_some());
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match (&words[..], Line::parse(&words)) {
            // With a few paths counted, the others are still those of the old tools.
            (["rustc", _], _) if is_whole => new += &format!("rustc {}", tools.rustc),
            (["valgrind", _], _) if is_whole => new += &format!("valgrind {}", tools.valgrind),
            (_, Some(old)) if !line.starts_with('#') => {
                if !paths.contains(&old.name.as_str()) {
                    continue;
                }
                match cost(&old.name) {
                    Some(cost) => new += &shown(cost, old.percent),
                    None => new += line,
                }
                seen.push(old.name);
            }
            _ => new += line,
        }
        new.push('\n');
    }
    for cost in costs.iter().filter(|cost| !seen.contains(&cost.name)) {
        new += &shown(cost, FIRST_PERCENT);
        new.push('\n');
    }
    new
}

fn shown(cost: &Cost, percent: f64) -> String {
    format!("{:20}{:8.1}  {percent}%", cost.name, cost.instructions)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str =
        "# Words.\nrustc 1.95.0\nvalgrind 3.19.0\n\nyield  300.0  2%\nspawn  1000  10%\n";

    fn cost(name: &str, instructions: f64) -> Cost {
        Cost {
            name: name.into(),
            instructions,
            allocations: 0.0,
        }
    }

    fn file() -> Accepted {
        Accepted::parse(FILE).expect("well formed")
    }

    #[test]
    fn a_slowdown_beyond_the_tolerance_is_over() {
        let verdict = |name, count| file().verdict(&cost(name, count), false);
        assert_eq!(verdict("yield", 305.0), Verdict::Within);
        assert!(verdict("yield", 310.0).is_over());
        assert!(!verdict("spawn", 1090.0).is_over());
        assert!(matches!(verdict("yield", 290.0), Verdict::Less(_)));
        assert_eq!(verdict("wake", 1.0), Verdict::Unknown);
    }

    #[test]
    fn another_compiler_is_noted_and_allowed_more_but_not_everything() {
        let now = Tools::of("rustc 1.97.0 (abc 2027-01-01)\n", "valgrind-3.19.0\n");
        let note = file().tools.differing(&now).expect("they differ");
        assert!(note.contains("1.97.0") && note.contains("1.95.0"), "{note}");
        assert!(!file().verdict(&cost("yield", 360.0), true).is_over());
        assert!(file().verdict(&cost("yield", 390.0), true).is_over());
        let same = Tools::of("rustc 1.95.0 (abc 2026-01-01)\n", "valgrind-3.19.0\n");
        assert_eq!(file().tools.differing(&same), None);
    }

    #[test]
    fn accepting_changes_the_counts_and_keeps_the_rest() {
        let tools = file().tools;
        let costs = [cost("yield", 250.04), cost("wake", 400.0)];
        let text = accept(FILE, &tools, &costs, &["yield", "wake"]);
        assert!(
            text.starts_with("# Words.\nrustc 1.95.0\nvalgrind 3.19.0\n\n"),
            "{text}"
        );
        let new = Accepted::parse(&text).expect("well formed");
        assert_eq!(new.shown("yield"), "250.0 ± 2%");
        assert_eq!(new.shown("wake"), "400.0 ± 2%");
        assert_eq!(new.shown("spawn"), "");
    }

    #[test]
    fn accepting_one_path_leaves_the_tools_of_the_others() {
        let tools = Tools::of("rustc 2.0.0 (x)", "valgrind-4.0.0");
        let text = accept(FILE, &tools, &[cost("spawn", 900.0)], &["yield", "spawn"]);
        let new = Accepted::parse(&text).expect("well formed");
        assert_eq!(new.tools, file().tools);
        assert_eq!(new.shown("spawn"), "900.0 ± 10%");
        assert_eq!(new.shown("yield"), "300.0 ± 2%");
    }

    #[test]
    fn bad_lines_are_named() {
        for (text, part) in [
            ("rustc 1\nvalgrind 2\nyield 300\n", "line 3"),
            ("rustc 1\nvalgrind 2\nyield many 2%\n", "line 3"),
            ("rustc 1\nvalgrind 2\nyield 0 2%\n", "line 3"),
            ("valgrind 2\n", "rustc"),
            ("rustc 1\n", "valgrind"),
        ] {
            let problem = Accepted::parse(text).expect_err(text);
            assert!(problem.contains(part), "{text}: {problem}");
        }
    }

    #[test]
    fn a_path_that_is_gone_is_found() {
        assert_eq!(file().gone(&[cost("yield", 300.0)]), ["spawn"]);
    }
}
