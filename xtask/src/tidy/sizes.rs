//! A source file fits in a reader's head: 100–400 lines as a rule, more than 600 with a reason, and
//! never more than 1,000.

use super::Finding;
use crate::tree::Tree;

/// More lines than this need a reason in [`LONG`].
const LINES_MAX: usize = 600;
/// More lines than this are never right.
const LINES_HARD_MAX: usize = 1_000;

/// The page that explains the whole must be read in one sitting.
const ARCHITECTURE: &str = "ARCHITECTURE.md";
const ARCHITECTURE_LINES_MAX: usize = 500;

/// Files that are longer for a reason, with the reason. An entry that is not needed is a finding.
const LONG: &[(&str, &str)] = &[];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    check_with(tree, LONG)
}

fn check_with(tree: &Tree, long: &[(&str, &str)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in &tree.sources {
        let lines = source.line_count();
        let listed = long.iter().any(|(path, _)| *path == source.path);
        if lines > LINES_HARD_MAX {
            findings.push(Finding::new(
                &source.path,
                LINES_HARD_MAX + 1,
                format!("{lines} lines, more than {LINES_HARD_MAX}"),
                "split it: one type with its impls, or one topic of tests, per file",
            ));
        } else if lines > LINES_MAX && !listed {
            findings.push(Finding::new(
                &source.path,
                LINES_MAX + 1,
                format!("{lines} lines, more than {LINES_MAX}"),
                "split it, or give the reason in LONG in xtask/src/tidy/sizes.rs",
            ));
        }
    }
    let page = tree.file(ARCHITECTURE);
    let lines = page.map_or(0, |file| file.text.lines().count());
    if lines > ARCHITECTURE_LINES_MAX {
        findings.push(Finding::new(
            ARCHITECTURE,
            ARCHITECTURE_LINES_MAX + 1,
            format!("{lines} lines, more than {ARCHITECTURE_LINES_MAX}"),
            "move what explains one crate to that crate's docs",
        ));
    }
    for (path, _) in long {
        let needed = tree
            .source(path)
            .is_some_and(|source| source.line_count() > LINES_MAX);
        if !needed {
            findings.push(Finding::new(
                "xtask/src/tidy/sizes.rs",
                1,
                format!("the exception for {path} is not needed"),
                "remove it from LONG",
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::places;

    #[test]
    fn short_files_and_files_with_a_reason_are_good() {
        let long = "x\n".repeat(601);
        let tree = Tree::of(&[
            ("a.rs", &"x\n".repeat(600)),
            ("b.rs", &long),
            ("c.md", &long),
        ]);
        assert_eq!(check_with(&tree, &[("b.rs", "a table")]), []);
    }

    #[test]
    fn long_files_and_idle_reasons_are_not() {
        let tree = Tree::of(&[
            ("a.rs", &"x\n".repeat(601)),
            ("b.rs", &"x\n".repeat(1_001)),
            ("c.rs", "x"),
            (ARCHITECTURE, &"x\n".repeat(501)),
        ]);
        let findings = check_with(&tree, &[("b.rs", "a table"), ("c.rs", "a table")]);
        assert_eq!(
            places(&findings),
            [
                ("a.rs", 601),
                ("b.rs", 1_001),
                (ARCHITECTURE, 501),
                ("xtask/src/tidy/sizes.rs", 1)
            ]
        );
    }
}
