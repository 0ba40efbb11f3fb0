//! Every atomic access that orders other memory says what it pairs with.
//!
//! An `Acquire` without its `Release` orders nothing, and the two never stand in one place. A comment
//! that names the other side is what lets a reader check the claim.

use super::Finding;
use crate::source::Source;
use crate::tree::Tree;

/// The orderings that make a promise to another access.
const ORDERINGS: &[&str] = &["Acquire", "Release", "AcqRel", "SeqCst"];

/// How far above its statement a comment may stand: one comment may explain a few lines.
const LINES_ABOVE_MAX: usize = 4;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.libraries().flat_map(check_source).collect()
}

fn check_source(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for ordering in ORDERINGS {
        for at in source.words(ordering) {
            if source.in_tests(at) || !is_argument(source, at, ordering) || explained(source, at) {
                continue;
            }
            findings.push(Finding::at(
                source,
                at,
                format!("`{ordering}` does not say what it pairs with"),
                "add a comment that names the other side: `// Acquire: pairs with the Release in …`",
            ));
        }
    }
    findings
}

/// Whether the word is an argument of a call, not a part of a `use` or of a name.
fn is_argument(source: &Source, at: usize, ordering: &str) -> bool {
    let before = source.code[..at].trim_end();
    let before = before.strip_suffix("Ordering::").unwrap_or(before);
    let before = before.trim_end().trim_end_matches("atomic::").trim_end();
    let after = source.code[at + ordering.len()..].trim_start();
    before.ends_with([',', '(']) && after.starts_with([',', ')']) && !in_use(source, at)
}

fn in_use(source: &Source, at: usize) -> bool {
    let start = source.code[..at].rfind(';').map_or(0, |end| end + 1);
    let statement = source.code[start..at].trim_start();
    statement.starts_with("use ")
        || statement.starts_with("pub") && statement.split_whitespace().nth(1) == Some("use")
}

/// Whether a comment stands in the statement or just above it.
fn explained(source: &Source, at: usize) -> bool {
    let comment = |line: usize| !source.line_comment(line).trim().is_empty();
    let mut line = source.line(at);
    if comment(line) {
        return true;
    }
    // Up to the line where the statement begins.
    while line > 1 {
        let above = source.line_code(line - 1).trim_end();
        if above.is_empty() || above.ends_with([';', '{', '}']) || above.ends_with("=>") {
            break;
        }
        line -= 1;
        if comment(line) {
            return true;
        }
    }
    (line.saturating_sub(LINES_ABOVE_MAX)..line)
        .rev()
        .take_while(|line| *line >= 1 && !blank(source, *line))
        .any(comment)
}

fn blank(source: &Source, line: usize) -> bool {
    source.line_code(line).trim().is_empty() && source.line_comment(line).trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        let tree = Tree::of(&[("crates/a/src/x.rs", text)]);
        let mut lines: Vec<_> = check(&tree).iter().map(|finding| finding.line).collect();
        lines.sort_unstable();
        lines
    }

    #[test]
    fn explained_and_relaxed_accesses_are_good() {
        let text = "use std::sync::atomic::Ordering::{Acquire, Release};\n\
                    fn f() {\n    // Acquire: pairs with the Release in g.\n    a.load(Ordering::Acquire);\n\
                    \n    a.store(1, Release); // pairs with the Acquire in f\n\
                    \n    // AcqRel: pairs with itself.\n    if a\n        .swap(1, AcqRel)\n    {}\n\
                    \n    a.load(Ordering::Relaxed);\n}\nenum E { Release(u8) }";
        assert_eq!(lines(text), [] as [usize; 0]);
    }

    #[test]
    fn silent_accesses_are_found() {
        let text = "// About f.\n\nfn f() {\n    a.load(Ordering::Acquire);\n\n    a.compare_exchange(\n        \
                    0,\n        1,\n        AcqRel,\n        Ordering::SeqCst,\n    );\n}";
        assert_eq!(lines(text), [4, 9, 10]);
    }
}
