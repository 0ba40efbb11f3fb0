//! The page of behaviours: every behaviour that is hard to get right has rows, and each test that a row names is there.
//!
//! See `pages` for what a row is and how it names tests. A row without a test says in its last cell with what it comes.

use std::collections::BTreeSet;

use super::Finding;
use super::pages::{literals, missing, row, without_letter};
use crate::tree::{File, Tree};

const PAGE: &str = "docs/behaviours.md";

/// The numbered ones, and those next in line.
const NUMBERED: usize = 25;
const NEXT: usize = 6;

/// How the last cell of a row begins that nothing shows yet.
const COMES: &str = "Comes with ";

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.file(PAGE)
        .map(|page| check_page(page, tree))
        .unwrap_or_default()
}

fn check_page(page: &File, tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |line: usize, what: String, fix: &str| {
        findings.push(Finding::new(&page.path, line, what, fix));
    };
    let mut seen = BTreeSet::new();
    let mut behaviours = BTreeSet::new();
    for (at, line) in page.text.lines().enumerate() {
        let line_number = at + 1;
        let Some((id, cells)) = row(line) else {
            continue;
        };
        let behaviour = without_letter(id);
        behaviours.insert(behaviour);
        if !seen.insert(id) {
            find(
                line_number,
                format!("the row {id} stands there twice"),
                "give each clause a letter of its own",
            );
        }
        let tests: Vec<&str> = literals(cells).filter(|text| text.contains("::")).collect();
        let comes = cells
            .rsplit_once("| ")
            .is_some_and(|(_, last)| last.starts_with(COMES));
        if tests.is_empty() != comes {
            find(
                line_number,
                match comes {
                    true => format!("the row {id} has tests and says that they come"),
                    false => format!("no test shows {id}"),
                },
                "name tests, or begin the last cell with `Comes with `; not both",
            );
        }
        for test in tests {
            if let Some(why) = missing(tree, test) {
                find(
                    line_number,
                    format!("`{test}`: {why}"),
                    "name tests as `crate::file::test_name`",
                );
            }
        }
    }
    let wanted: Vec<String> = (1..=NUMBERED)
        .map(|n| n.to_string())
        .chain((1..=NEXT).map(|n| format!("N{n}")))
        .collect();
    for id in &wanted {
        if !behaviours.contains(id.as_str()) {
            find(1, format!("behaviour {id} is missing"), "add its rows");
        }
    }
    for id in behaviours {
        if !wanted.iter().any(|wanted| wanted == id) {
            find(1, format!("there is no behaviour {id}"), "remove its rows");
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::places;

    const TESTS: &[(&str, &str)] = &[
        (
            "crates/trill-a/tests/x.rs",
            "#[test]\nfn one() {}\n// fn commented() {}\nfn one_more() {}",
        ),
        ("tests/tests/deep/y.rs", "fn two() {}"),
        ("crates/trill/tests/z.rs", "fn three() {}"),
    ];

    /// A page with a row for each behaviour, and then `more`.
    fn page(more: &str) -> String {
        let mut text =
            String::from("# Behaviours\n\n| id | clause | tests |\n| --- | --- | --- |\n");
        let ids = (1..=NUMBERED).map(|n| n.to_string());
        for id in ids.chain((1..=NEXT).map(|n| format!("N{n}"))) {
            text.push_str(&format!("| {id}a | holds | `a::x::one` |\n"));
        }
        text + more
    }

    fn findings(text: &str) -> Vec<Finding> {
        let mut files = TESTS.to_vec();
        files.push((PAGE, text));
        check(&Tree::of(&files))
    }

    #[test]
    fn rows_with_tests_that_are_there_are_good() {
        let more = "| 1b | `code` in words | `tests::deep::y::two`, `trill::z::three` |\n\
                    | 1c | holds | - | Comes with issue 4 |\n| total | no row | - |\n";
        assert_eq!(findings(&page(more)), []);
    }

    #[test]
    fn tests_that_are_not_there_are_found() {
        let more = "| 1b | x | `a::x::gone` |\n| 1c | x | `a::x::commented` |\n| 1d | x | `a::gone::one` |\n\
                    | 1e | x | `a::one` |\n| 1f | x | `a::x::one_` |\n";
        let found = findings(&page(more));
        let lines: Vec<usize> = (36..=40).collect();
        let at: Vec<usize> = places(&found).into_iter().map(|(_, line)| line).collect();
        assert_eq!(at, lines, "{found:?}");
    }

    #[test]
    fn rows_without_a_test_and_doubles_are_found() {
        let more =
            "| 1b | x | - |\n| 1a | x | `a::x::one` |\n| 1c | `a::x::one` | Comes with it |\n";
        let found = findings(&page(more));
        let at: Vec<usize> = places(&found).into_iter().map(|(_, line)| line).collect();
        assert_eq!(at, [36, 37, 38]);
    }

    #[test]
    fn behaviours_that_are_missing_or_unknown_are_found() {
        let fewer = page("")
            .replace("| N6a |", "| N7a |")
            .replace("| 7a |", "| 26a |");
        let found = findings(&fewer);
        let what: Vec<&str> = found.iter().map(|finding| finding.what.as_str()).collect();
        assert_eq!(
            what,
            [
                "behaviour 7 is missing",
                "behaviour N6 is missing",
                "there is no behaviour 26",
                "there is no behaviour N7"
            ]
        );
    }
}
