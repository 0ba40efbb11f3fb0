//! The page of faults: every fault that the runtime must survive has rows, and each row the tests that say they show it.
//!
//! A test says so in the comment line `// Fault 12b, 13a` above it, so a test that is renamed or moved takes its place on
//! the page along. `cargo xtask tidy --write faults` writes the last cell of each row, and the rule finds a page that was
//! not written since. A row that no test shows yet says in its last cell with what it comes; one that is Rust's own doing,
//! in which file it is documented.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use super::pages::{literals, name, row, without_letter};
use crate::source::{Source, identifier, words};
use crate::tree::{File, Tree};

const PAGE: &str = "docs/faults.md";

/// How many faults there are.
const NUMBERED: usize = 40;

/// How the comment above a test begins.
const MARKER: &str = "// Fault ";

/// In how many lines after its marker a test begins: attributes and comments lie between.
const NEAR_LINES: usize = 12;

/// How the last cell of a row begins that nothing shows yet.
const COMES: &str = "Comes with ";

/// How it begins if the fault is Rust's own doing; the files stand behind it, in backticks.
const DOCUMENTED: &str = "Documented in ";

const WRITE: &str = "run `cargo xtask tidy --write faults`";

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    match tree.file(PAGE) {
        Some(page) => check_page(page, tree),
        None => Vec::new(),
    }
}

/// The page with the tests that say they show its rows.
pub(crate) fn write(tree: &Tree) -> Option<(&'static str, String)> {
    let page = tree.file(PAGE)?;
    let marks = marks(tree, &mut Vec::new());
    let lines: Vec<String> = page
        .text
        .lines()
        .map(|line| written(line, &marks))
        .collect();
    Some((PAGE, lines.join("\n") + "\n"))
}

fn check_page(page: &File, tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let marks = marks(tree, &mut findings);
    let mut find = |path: &str, line: usize, what: String, fix: &str| {
        findings.push(Finding::new(path, line, what, fix));
    };
    let mut ids = BTreeSet::new();
    let mut faults = BTreeSet::new();
    for (at, line) in page.text.lines().enumerate() {
        let Some((id, cells)) = row(line) else {
            continue;
        };
        faults.insert(without_letter(id));
        if !ids.insert(id) {
            let what = format!("the row {id} stands there twice");
            find(PAGE, at + 1, what, "give each clause a letter of its own");
        }
        let last = last_cell(cells).map_or("", |(_, last)| last);
        let comes = last.starts_with(COMES);
        let documented = last.strip_prefix(DOCUMENTED).is_some_and(|files| {
            literals(files).next().is_some()
                && literals(files).all(|file| tree.file(file).is_some())
        });
        if !marks.contains_key(id) {
            if !comes && !documented {
                let what = format!("no test shows {id}");
                let fix = "mark one with `// Fault`, or begin the last cell with `Comes with `, or with \
                           `Documented in ` and a file";
                find(PAGE, at + 1, what, fix);
            }
        } else if written(line, &marks) != line {
            find(PAGE, at + 1, format!("the tests of {id} are others"), WRITE);
        }
    }
    for (id, tests) in &marks {
        for test in tests.iter().filter(|_| !ids.contains(id.as_str())) {
            let what = format!("there is no row {id} in {PAGE}");
            find(
                &test.path,
                test.line,
                what,
                "add the row, or correct the marker",
            );
        }
    }
    let wanted: Vec<String> = (1..=NUMBERED).map(|number| number.to_string()).collect();
    for id in wanted.iter().filter(|id| !faults.contains(id.as_str())) {
        find(PAGE, 1, format!("fault {id} is missing"), "add its rows");
    }
    for id in faults
        .iter()
        .filter(|id| !wanted.iter().any(|wanted| wanted == *id))
    {
        find(
            PAGE,
            1,
            format!("there is no fault {id}"),
            "remove its rows",
        );
    }
    findings
}

/// A test that says which rows it shows.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    name: String,
    path: String,
    line: usize,
}

/// The tests that show each row, in the order of their names.
fn marks(tree: &Tree, findings: &mut Vec<Finding>) -> BTreeMap<String, BTreeSet<Mark>> {
    let mut marks: BTreeMap<String, BTreeSet<Mark>> = BTreeMap::new();
    let tests =
        |source: &&Source| source.path.starts_with("crates/") || source.path.starts_with("tests/");
    for source in tree.sources.iter().filter(tests) {
        for line in 1..=source.line_count() {
            let Some(rest) = source.line_comment(line).trim().strip_prefix(MARKER) else {
                continue;
            };
            let named = test_after(source, line).and_then(|function| name(&source.path, function));
            let Some(name) = named else {
                let what = "no test follows the marker".to_string();
                findings.push(Finding::new(
                    &source.path,
                    line,
                    what,
                    "put it above a test",
                ));
                continue;
            };
            for id in rest.trim_end_matches('.').split(", ") {
                let mark = Mark {
                    name: name.clone(),
                    path: source.path.clone(),
                    line,
                };
                marks.entry(id.to_string()).or_default().insert(mark);
            }
        }
    }
    marks
}

/// The name of the function that begins within a few lines after this one.
fn test_after(source: &Source, line: usize) -> Option<&str> {
    let last = source.line_count().min(line + NEAR_LINES);
    (line + 1..=last).find_map(|line| {
        let code = source.line_code(line);
        let at = words(code, "fn").next()?;
        Some(identifier(&code[at + 2..]))
    })
}

/// A line of the page with the tests of its row in its last cell.
fn written(line: &str, marks: &BTreeMap<String, BTreeSet<Mark>>) -> String {
    let tests = row(line).and_then(|(id, cells)| Some((id, cells, marks.get(id)?)));
    let Some((id, (before, _))) = tests
        .as_ref()
        .and_then(|(id, cells, _)| Some((id, last_cell(cells)?)))
    else {
        return line.to_string();
    };
    let names: Vec<String> = tests
        .iter()
        .flat_map(|(_, _, marks)| marks.iter().map(|mark| format!("`{}`", mark.name)))
        .collect();
    format!("| {id} |{before}| {} |", names.join(", "))
}

/// What stands before the last cell, and that cell.
fn last_cell(cells: &str) -> Option<(&str, &str)> {
    let (before, last) = cells.rsplit_once('|')?;
    Some((before, last.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::places;

    const TESTS: &str =
        "// Fault 1a\n#[test]\nfn one() {}\n\n// Fault 1a, 2a\n#[test]\nfn two() {}\n";

    /// A page in which the rows 1a and 2a have these tests, and all others come.
    fn page(first: &str, second: &str) -> String {
        let mut text =
            String::from("| row | fault | what holds | tests |\n| --- | --- | --- | --- |\n");
        for number in 1..=NUMBERED {
            let tests = match number {
                1 => first,
                2 => second,
                _ => "Comes with it",
            };
            text.push_str(&format!("| {number}a | x | y | {tests} |\n"));
        }
        text
    }

    fn findings(page: &str, tests: &str) -> Vec<Finding> {
        check(&Tree::of(&[(PAGE, page), ("tests/tests/x.rs", tests)]))
    }

    const FIRST: &str = "`tests::x::one`, `tests::x::two`";
    const SECOND: &str = "`tests::x::two`";

    #[test]
    fn page_with_the_marked_tests_is_good() {
        assert_eq!(findings(&page(FIRST, SECOND), TESTS), []);
    }

    #[test]
    fn writing_makes_it_good() {
        let old = page("-", "Comes with it");
        let files = [(PAGE, old.as_str()), ("tests/tests/x.rs", TESTS)];
        let (path, text) = write(&Tree::of(&files)).unwrap();
        assert_eq!(path, PAGE);
        assert_eq!(text, page(FIRST, SECOND));
    }

    #[test]
    fn other_tests_and_none_are_found() {
        let found = findings(&page(FIRST, FIRST), TESTS);
        assert_eq!(places(&found), [(PAGE, 4)]);
        let fewer = TESTS.replace(", 2a", "");
        let found = findings(&page(FIRST, "-"), &fewer);
        assert_eq!(places(&found), [(PAGE, 4)]);
    }

    #[test]
    fn documents_of_rusts_own_doing_must_be_there() {
        let fewer = TESTS.replace(", 2a", "");
        let there = page(FIRST, "Documented in `tests/tests/x.rs`");
        assert_eq!(findings(&there, &fewer), []);
        for gone in ["Documented in `tests/gone.rs`", "Documented in a book"] {
            assert_eq!(places(&findings(&page(FIRST, gone), &fewer)), [(PAGE, 4)]);
        }
    }

    #[test]
    fn markers_for_nothing_are_found() {
        let more = format!("{TESTS}// Fault 1b\nfn three() {{}}\n// Fault 1a\n");
        let mut found = findings(&page(FIRST, SECOND), &more);
        found.sort();
        let path = "tests/tests/x.rs";
        assert_eq!(places(&found), [(path, 8), (path, 10)]);
    }

    #[test]
    fn rows_that_are_missing_doubled_or_unknown_are_found() {
        let other = page(FIRST, SECOND)
            .replace("| 7a |", "| 41a |")
            .replace("| 9a |", "| 8a |");
        let found = findings(&other, TESTS);
        let what: Vec<&str> = found.iter().map(|finding| finding.what.as_str()).collect();
        assert_eq!(
            what,
            [
                "the row 8a stands there twice",
                "fault 7 is missing",
                "fault 9 is missing",
                "there is no fault 41"
            ]
        );
    }
}
