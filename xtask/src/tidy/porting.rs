//! The pages for those who come from elsewhere: each row of their tables has a program that runs.
//!
//! A row is a line of the table whose first cell is an id, a letter and a number. A program is a ```` ```rust ```` block
//! whose first line names the rows it shows: `// A1 A3: a runner`. A row without one says why in its last
//! cell: Rust needs none, or what it takes is not built yet. The page for asyncio's users has a row for each of its
//! features.

use std::collections::BTreeMap;

use super::Finding;
use crate::tree::{File, Tree};

/// The pages. All are doc tests of the package trill-tests.
const PAGES: &[&str] = &[
    "docs/from-asyncio.md",
    "docs/from-smol.md",
    "docs/from-tokio.md",
];

/// The page whose rows are counted, and how many each letter has: the 124 features of asyncio.
const COUNTED: &str = PAGES[0];
const ROWS: &[(char, usize)] = &[
    ('A', 9),
    ('B', 7),
    ('C', 6),
    ('D', 3),
    ('E', 5),
    ('F', 5),
    ('G', 7),
    ('H', 6),
    ('I', 5),
    ('J', 8),
    ('K', 5),
    ('L', 5),
    ('M', 10),
    ('N', 5),
    ('O', 6),
    ('P', 4),
    ('Q', 5),
    ('R', 4),
    ('S', 1),
    ('T', 5),
    ('U', 5),
    ('V', 3),
    ('W', 5),
];

/// How the last cell of a row begins that has nothing to show.
const NO_NEED: &str = "No need: ";

/// How the last cell of a row begins whose form is not built yet; it may show what to do until then.
const COMES: &str = "Comes with ";

/// Where the pages are made doc tests.
const TESTED_IN: &str = "tests/src/lib.rs";

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in PAGES {
        let Some(page) = tree.file(name) else {
            continue;
        };
        check_page(page, &mut findings);
        let tested = tree.file(TESTED_IN).is_some_and(|file| {
            file.text
                .contains(&format!("include_str!(\"../../{name}\")"))
        });
        if !tested {
            findings.push(Finding::new(
                name,
                1,
                "nobody runs the programs of this page",
                format!("include it as the docs of an item under cfg(doctest) in {TESTED_IN}"),
            ));
        }
    }
    findings
}

fn check_page(page: &File, findings: &mut Vec<Finding>) {
    let mut find = |line: usize, what: String, fix: &str| {
        findings.push(Finding::new(&page.path, line, what, fix));
    };
    let mut rows: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    for (line, id, last) in table_rows(&page.text) {
        if rows.insert(id, (line, last)).is_some() {
            find(
                line,
                format!("the row {id} stands there twice"),
                "join them",
            );
        }
    }
    if page.path == COUNTED {
        let wanted = ROWS
            .iter()
            .flat_map(|(letter, count)| (1..=*count).map(move |n| format!("{letter}{n}")));
        let wanted: Vec<String> = wanted.collect();
        for id in &wanted {
            if !rows.contains_key(id.as_str()) {
                find(1, format!("the row {id} is missing"), "add it to the table");
            }
        }
        for (id, (line, _)) in &rows {
            if !wanted.iter().any(|wanted| wanted == id) {
                find(*line, format!("asyncio has no row {id}"), "remove it");
            }
        }
    }

    let mut shown = Vec::new();
    for (line, ids) in programs(&page.text) {
        if ids.is_empty() {
            find(
                line,
                "the program does not say which rows it shows".to_string(),
                "begin it with a comment: `// A1 A3: what it shows`",
            );
        }
        for id in ids {
            if !rows.contains_key(id) {
                find(
                    line,
                    format!("the program shows {id}, which is no row of the table"),
                    "name a row of the table",
                );
            }
            shown.push(id);
        }
    }
    for (id, (line, last)) in &rows {
        let has_program = shown.contains(id);
        if last.starts_with(NO_NEED) && has_program {
            find(
                *line,
                format!("the row {id} has a program and a reason to have none"),
                "decide for one",
            );
        }
        let excused = last.starts_with(NO_NEED) || last.starts_with(COMES);
        if !excused && !has_program {
            find(
                *line,
                format!("the row {id} has no program"),
                "add one that names it, or begin its last cell with `No need: ` or `Comes with `",
            );
        }
    }
}

/// The rows of the tables: line, id, last cell.
fn table_rows(text: &str) -> impl Iterator<Item = (usize, &str, &str)> {
    text.lines().enumerate().filter_map(|(at, line)| {
        let inside = line.strip_prefix('|')?.trim_end().strip_suffix('|')?;
        let (first, rest) = inside.split_once('|')?;
        let id = first.trim();
        let last = rest.rsplit_once("| ").map_or(rest, |(_, last)| last).trim();
        is_id(id).then_some((at + 1, id, last))
    })
}

/// The Rust blocks: the line of the first line inside, and the rows it names.
fn programs(text: &str) -> Vec<(usize, Vec<&str>)> {
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate().peekable();
    let mut inside = false;
    while let Some((_, line)) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix("```") else {
            continue;
        };
        inside = !inside;
        if !inside || !language.starts_with("rust") {
            continue;
        }
        if let Some((at, first)) = lines.peek() {
            let named = first
                .trim_start()
                .strip_prefix("// ")
                .and_then(|comment| comment.split_once(':'))
                .map_or("", |(named, _)| named);
            let ids: Vec<&str> = named.split(' ').collect();
            let ids = if ids.iter().all(|id| is_id(id)) {
                ids
            } else {
                Vec::new()
            };
            found.push((at + 1, ids));
        }
    }
    found
}

/// Whether a text is a letter and a number.
fn is_id(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_uppercase())
        && !chars.as_str().is_empty()
        && chars.all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(page: &str, text: &str) -> Vec<usize> {
        let included = format!("#[doc = include_str!(\"../../{page}\")]");
        let tree = Tree::of(&[(page, text), (TESTED_IN, &included)]);
        let findings = check(&tree);
        findings.iter().map(|finding| finding.line).collect()
    }

    const PAGE: &str = "docs/from-smol.md";

    const GOOD: &str = "| row | old | new |\n| --- | --- | --- |\n| S1 | `a || b` | x |\n| S2 | b | y |\n\
                        | S3 | c | No need: Rust has it |\n\n```rust\n// S1 S2: both\nf();\n```\n```text\nno\n```\n";

    #[test]
    fn rows_with_programs_or_reasons_are_good() {
        assert_eq!(lines(PAGE, GOOD), [] as [usize; 0]);
    }

    #[test]
    fn bad_rows_and_programs_are_found() {
        let twice = format!("{GOOD}| S2 | b | y |\n");
        assert_eq!(lines(PAGE, &twice), [14]);
        let silent = format!("{GOOD}| S4 | b | y |\n");
        assert_eq!(lines(PAGE, &silent), [14]);
        let unknown = format!("{GOOD}```rust\n// S9: what\n```\n```rust\nf();\n```\n");
        assert_eq!(lines(PAGE, &unknown), [15, 18]);
        let both = format!("{GOOD}```rust\n// S3: all the same\n```\n");
        assert_eq!(lines(PAGE, &both), [5]);
    }

    #[test]
    fn a_page_that_is_no_test_is_found() {
        let tree = Tree::of(&[(PAGE, GOOD), (TESTED_IN, "")]);
        assert_eq!(check(&tree).len(), 1);
    }

    #[test]
    fn every_feature_of_asyncio_has_one_row() {
        let total: usize = ROWS.iter().map(|(_, count)| count).sum();
        assert_eq!(total, 124);
        let mut text = String::new();
        for (letter, count) in ROWS {
            for n in 1..=*count {
                text.push_str(&format!("| {letter}{n} | x | No need: x |\n"));
            }
        }
        assert_eq!(lines(COUNTED, &text), [] as [usize; 0]);
        let fewer = text.replace("| M10 |", "| M11 |");
        assert_eq!(lines(COUNTED, &fewer).len(), 2);
    }
}
