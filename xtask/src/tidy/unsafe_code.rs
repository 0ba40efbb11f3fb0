//! Unsafe code is allowed file by file, by name and with a reason, and each `unsafe impl` says why it
//! is sound. (Clippy asks the same of blocks, and the compiler denies the rest.)

use super::Finding;
use crate::source::{Source, identifier};
use crate::tree::Tree;

const ALLOW: &str = "allow(unsafe_code";

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.sources.iter().flat_map(check_source).collect()
}

fn check_source(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut used = false;
    for at in source.words("unsafe") {
        let rest = source.code[at + "unsafe".len()..].trim_start();
        let word = identifier(rest);
        // `#[unsafe(no_mangle)]` is an attribute; the compiler's lint covers it.
        if rest.starts_with('(') {
            continue;
        }
        used = true;
        if word == "impl" && !source.above(at).contains("// SAFETY:") {
            findings.push(Finding::at(
                source,
                at,
                "`unsafe impl` without a safety comment",
                "write `// SAFETY:` above it: the fact, who upholds it, the test that would fail",
            ));
        }
    }
    let allowed = source.code.find(ALLOW);
    match (used, allowed) {
        (true, None) => findings.push(Finding::new(
            &source.path,
            1,
            "unsafe code in a file that does not allow it by name",
            "start the file with `#![allow(unsafe_code)]` and a sentence why it needs it",
        )),
        (false, Some(at)) => findings.push(Finding::at(
            source,
            at,
            "the file allows unsafe code and has none",
            "remove the attribute",
        )),
        (true, Some(at)) if !has_reason(source, at) => findings.push(Finding::at(
            source,
            at,
            "unsafe code is allowed without a reason",
            "add a comment beside the attribute, or `reason = \"…\"` in it",
        )),
        _ => {}
    }
    findings
}

/// Whether a comment stands beside the attribute, or a reason in it.
fn has_reason(source: &Source, at: usize) -> bool {
    let line = source.line(at);
    let last = source.line_count();
    let open = source.code[..at].rfind('[').unwrap_or(at);
    let attribute = &source.code[open..source.close(open)];
    attribute.contains("reason")
        || [line.saturating_sub(1), line, line + 1]
            .iter()
            .filter(|line| (1..=last).contains(line))
            .any(|line| source.line_comment(*line).trim().len() > "// ".len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        let tree = Tree::of(&[("crates/a/src/x.rs", text)]);
        check(&tree).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn allowed_and_explained_unsafe_is_good() {
        let text = "//! Cells.\n#![allow(unsafe_code)] // the cell is shared by hand\n\
                    // SAFETY: the state says who reads; kept by `lock`; tests/loom_cell.rs.\n\
                    unsafe impl Send for X {}\nfn f() { unsafe { g() } }";
        assert_eq!(lines(text), [] as [usize; 0]);
        let text =
            "#![allow(unsafe_code, reason = \"calls the system\")]\nfn f() { unsafe { g() } }";
        assert_eq!(lines(text), [] as [usize; 0]);
        assert_eq!(
            lines("// unsafe { }\nlet s = \"unsafe {}\";"),
            [] as [usize; 0]
        );
    }

    #[test]
    fn silent_unsafe_is_found() {
        assert_eq!(lines("fn f() { unsafe { g() } }"), [1]);
        let text = "#![allow(unsafe_code)]\n\nuse x;\n\nunsafe impl Send for X {}";
        assert_eq!(lines(text), [5, 1]);
        assert_eq!(lines("//! Reason.\n#![allow(unsafe_code)]\nfn f() {}"), [2]);
    }
}
