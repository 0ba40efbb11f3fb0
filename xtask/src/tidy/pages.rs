//! Pages with a table of clauses, each with the tests that show it.
//!
//! A row is a line of the table whose first cell is an id: a number or `N` and a number, and a letter for the clause.
//! Tests are named in backticks, `crate::file::test_name`, where the crate without `trill-` may be `tests` for the tests
//! of several crates, and the file may lie in folders. Tests inside a library's sources have `src` before the file.

use crate::source::words;
use crate::tree::Tree;

/// The id of a row, and what follows it.
pub(super) fn row(line: &str) -> Option<(&str, &str)> {
    let inside = line.strip_prefix('|')?.trim_end().strip_suffix('|')?;
    let (first, cells) = inside.split_once('|')?;
    let id = first.trim();
    let number = id.strip_prefix('N').unwrap_or(id);
    let letter = number.trim_start_matches(|c: char| c.is_ascii_digit());
    let has_number = letter.len() < number.len();
    let has_letter = letter.len() == 1 && letter.starts_with(|c: char| c.is_ascii_lowercase());
    (has_number && has_letter).then_some((id, cells))
}

/// An id without the letter of its clause.
pub(super) fn without_letter(id: &str) -> &str {
    id.trim_end_matches(|c: char| c.is_ascii_lowercase())
}

/// What stands in backticks.
pub(super) fn literals(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Why a test is not there.
pub(super) fn missing(tree: &Tree, test: &str) -> Option<String> {
    let parts: Vec<&str> = test.split("::").collect();
    let [name, folders @ .., function] = parts.as_slice() else {
        return Some("this is no path".to_string());
    };
    let path = match (*name, folders) {
        (_, []) => return Some("the file is missing".to_string()),
        ("tests", folders) => format!("tests/tests/{}.rs", folders.join("/")),
        (name, ["src", file @ ..]) => format!("{}/src/{}.rs", folder(name), file.join("/")),
        (name, folders) => format!("{}/tests/{}.rs", folder(name), folders.join("/")),
    };
    let Some(source) = tree.source(&path) else {
        return Some(format!("there is no {path}"));
    };
    let head = format!("fn {function}");
    let is_there = words(&source.code, &head).next().is_some();
    (!is_there).then(|| format!("{path} has no such function"))
}

/// How a page names a test of this file; `None` where no tests of the project lie.
pub(super) fn name(path: &str, function: &str) -> Option<String> {
    let file = path.strip_suffix(".rs")?;
    let (name, rest) = match file.strip_prefix("tests/tests/") {
        Some(rest) => ("tests", rest),
        None => {
            let (folder, rest) = file.strip_prefix("crates/")?.split_once('/')?;
            let name = match folder {
                "trill" => folder,
                folder => folder.strip_prefix("trill-")?,
            };
            match rest.strip_prefix("tests/") {
                Some(rest) => (name, rest),
                None if rest.starts_with("src/") => (name, rest),
                None => return None,
            }
        }
    };
    Some(format!("{name}::{}::{function}", rest.replace('/', "::")))
}

/// The folder of a crate by its short name.
fn folder(name: &str) -> String {
    match name {
        "trill" => "crates/trill".to_string(),
        name => format!("crates/trill-{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_files() {
        for path in [
            "crates/trill-a/tests/x.rs",
            "crates/trill/tests/y.rs",
            "tests/tests/deep/z.rs",
            "crates/trill-a/src/core.rs",
        ] {
            let tree = Tree::of(&[(path, "fn one() {}")]);
            let name = name(path, "one").unwrap();
            assert_eq!(missing(&tree, &name), None, "{name}");
        }
        assert_eq!(name("xtask/src/main.rs", "one"), None);
        assert_eq!(name("crates/trill-a/README.md", "one"), None);
    }
}
