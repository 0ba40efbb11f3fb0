//! `lib.rs` is a table of contents: docs, lints, modules, re-exports. Code there would have no name
//! of its own.

use super::Finding;
use crate::source::Source;
use crate::tree::Tree;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.sources
        .iter()
        .filter(|source| source.path.ends_with("src/lib.rs"))
        .flat_map(|source| items(source, 0, source.code.len()))
        .collect()
}

/// The items between two offsets that do not belong in a table of contents.
fn items(source: &Source, start: usize, end: usize) -> Vec<Finding> {
    let code = &source.code;
    let mut findings = Vec::new();
    let mut attributes = String::new();
    let mut at = start;
    while at < end {
        let rest = &code[at..end];
        let blank = rest.len() - rest.trim_start().len();
        if blank > 0 {
            at += blank;
            continue;
        }
        if rest.starts_with('#') {
            let open = at + rest.find('[').unwrap_or(0);
            let stop = source.close(open);
            attributes.push_str(&source.text[at..stop]);
            at = stop;
            continue;
        }
        // An item goes to its semicolon or to its closing brace.
        let stop = match rest.find([';', '{']) {
            Some(brace) if rest[brace..].starts_with('{') => source.close(at + brace),
            Some(semicolon) => at + semicolon + 1,
            None => end,
        };
        let head = without_visibility(rest);
        let item = &code[at..stop];
        if head.starts_with("mod ") && item.ends_with('}') {
            // A module written out, which a facade uses to group re-exports.
            let open = at + item.find('{').unwrap_or(0) + 1;
            findings.extend(items(source, open, stop - 1));
            at = stop;
        } else if head.starts_with("use ") {
            // The braces of a `use` are followed by its semicolon.
            at += rest.find(';').map_or(rest.len(), |semicolon| semicolon + 1);
        } else {
            if !contents(head, &attributes) {
                let name = head.lines().next().unwrap_or_default().trim_end();
                findings.push(Finding::at(
                    source,
                    at,
                    format!("`{name}` is code, and lib.rs holds none"),
                    "move it into a module and re-export it",
                ));
            }
            at = stop;
        }
        attributes.clear();
    }
    findings
}

/// Whether an item may stand in a table of contents.
fn contents(head: &str, attributes: &str) -> bool {
    head.starts_with("mod ")
        || head.starts_with("extern crate ")
        || head.starts_with("compile_error!")
        || head.starts_with(';')
        // The compiler wants these in the root of a macro crate.
        || attributes.contains("#[proc_macro")
        // The README's programs, compiled as doc tests.
        || (attributes.contains("cfg(doctest)") && head.starts_with("struct "))
}

fn without_visibility(item: &str) -> &str {
    let Some(rest) = item.strip_prefix("pub") else {
        return item;
    };
    let rest = rest.trim_start();
    match rest.strip_prefix('(') {
        Some(inside) => inside.split_once(')').map_or(rest, |(_, rest)| rest),
        None => rest,
    }
    .trim_start()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        let tree = Tree::of(&[("crates/a/src/lib.rs", text)]);
        check(&tree).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn docs_modules_and_re_exports_are_good() {
        let text = "//! Docs.\n#![warn(x)]\n\nmod a;\n#[cfg(unix)]\npub mod b;\n\
                    pub use a::{B, C};\npub(crate) use b::D;\nextern crate alloc;\n\
                    /// Docs.\npub mod io { #[doc(inline)]\n pub use x::{y, z::*}; pub mod w { pub use v; } }\n\
                    #[cfg(doctest)]\n#[doc = include_str!(\"../README.md\")]\nstruct Readme;\n\
                    #[cfg(not(unix))]\ncompile_error!(\"a; b\");\n\
                    #[proc_macro_attribute]\npub fn main(a: T, b: T) -> T { m::x(a, b) }\n";
        assert_eq!(lines(text), [] as [usize; 0]);
    }

    #[test]
    fn code_is_not() {
        let text = "mod a;\npub fn f() { g() }\nmod b { struct X; }\nimpl Y for Z { fn w() {} }\n\
                    const C: u8 = 1;\nmacro_rules! m { () => {} }\npub use a::d;\nstruct S { x: u8 }";
        assert_eq!(lines(text), [2, 3, 4, 5, 6, 8]);
    }
}
