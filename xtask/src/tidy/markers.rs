//! No open ends: a note about work to come names its issue, no test is switched off, and no code is
//! a placeholder.

use super::Finding;
use crate::source::words;
use crate::tree::Tree;

/// Words that mark work to come.
const NOTES: &[&str] = &["TODO", "FIXME", "XXX", "HACK"];

/// Macros that stand where code should.
const PLACEHOLDERS: &[&str] = &["todo!", "unimplemented!"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in &tree.sources {
        for note in NOTES {
            for at in words(&source.comments, note) {
                if !names_issue(&source.comments[at + note.len()..]) {
                    findings.push(Finding::at(
                        source,
                        at,
                        format!("{note} without an issue"),
                        format!("do it now, or open an issue and write {note}(#number)"),
                    ));
                }
            }
        }
        for placeholder in PLACEHOLDERS {
            let name = placeholder.trim_end_matches('!');
            let calls = source
                .words(name)
                .filter(|at| source.code[*at..].starts_with(placeholder));
            findings.extend(calls.map(|at| {
                Finding::at(
                    source,
                    at,
                    format!("`{placeholder}` is not code"),
                    "write what it stands for",
                )
            }));
        }
        for at in source.words("ignore") {
            if source.code[..at].trim_end().ends_with("#[") {
                findings.push(Finding::at(
                    source,
                    at,
                    "a test that is switched off tests nothing",
                    "repair it or remove it; make a slow test small",
                ));
            }
        }
    }
    findings
}

/// Whether `#` and a number follow in the same line, as in `(#12)` or ` #12:`.
fn names_issue(rest: &str) -> bool {
    let line = rest.lines().next().unwrap_or_default();
    let after = line.trim_start_matches(['(', ' ']);
    after
        .strip_prefix('#')
        .is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        let mut lines: Vec<_> = check(&Tree::of(&[("tests/a.rs", text)]))
            .iter()
            .map(|finding| finding.line)
            .collect();
        lines.sort_unstable();
        lines
    }

    #[test]
    fn notes_with_an_issue_and_words_in_strings_are_good() {
        let text = "// TODO(#12): later\n// FIXME #3\nlet s = \"TODO todo!()\";\n\
                    #[cfg_attr(a, ignore_this)]\nfn ignore() {}\n// TODOS and mastodons";
        assert_eq!(lines(text), [] as [usize; 0]);
    }

    #[test]
    fn open_ends_are_found() {
        let text = "// TODO: later\n/* XXX # */\nfn f() { todo!() }\nfn g() { unimplemented!(\"x\") }\n\
                    #[ignore]\n#[ignore = \"slow\"]\n// FIXME see #12";
        assert_eq!(lines(text), [1, 2, 3, 4, 5, 6, 7]);
    }
}
