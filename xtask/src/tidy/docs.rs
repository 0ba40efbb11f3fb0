//! Each crate can be used alone: its README and its page show a program, and its features are named
//! there.

use super::Finding;
use crate::tree::Tree;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in tree.crates() {
        let readme_path = format!("crates/{name}/README.md");
        let page_path = format!("crates/{name}/src/lib.rs");
        let readme = tree.file(&readme_path).map(|file| file.text.as_str());
        let page = tree
            .file(&page_path)
            .map(|file| page(&file.text))
            .unwrap_or_default();

        match readme {
            None => findings.push(Finding::new(
                &readme_path,
                1,
                format!("{name} has no README"),
                "write what it is for, a smallest program, and what it does not do",
            )),
            Some(text) if !has_program(text) => findings.push(Finding::new(
                &readme_path,
                1,
                "the README shows no program",
                "add the smallest one in a ```rust block",
            )),
            Some(_) => {}
        }
        let includes_readme = page.contains("include_str!(\"../README.md\")");
        if !has_example(&page) && !includes_readme {
            findings.push(Finding::new(
                &page_path,
                1,
                "the crate's page shows no program",
                "add the smallest one to the `//!` docs",
            ));
        }

        let manifest_path = format!("crates/{name}/Cargo.toml");
        let features = tree.manifest(&manifest_path);
        for feature in features.iter().flat_map(|manifest| manifest.features()) {
            let named = format!("`{feature}`");
            if !page.contains(&named) && !readme.unwrap_or_default().contains(&named) {
                findings.push(Finding::new(
                    &manifest_path,
                    1,
                    format!("no page says what the feature {named} does"),
                    format!("name {named} in the `//!` docs of the crate or in its README"),
                ));
            }
        }
    }
    findings
}

/// The docs of a crate: the inner doc comments and attributes of its root.
fn page(text: &str) -> String {
    text.lines()
        .map(str::trim)
        .filter_map(|line| {
            line.strip_prefix("//!")
                .or_else(|| line.starts_with("#![doc").then_some(line))
        })
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Whether Markdown holds a Rust block with something in it.
fn has_program(markdown: &str) -> bool {
    markdown
        .split("```rust")
        .skip(1)
        .filter_map(|rest| rest.split_once('\n'))
        .any(|(_, body)| {
            body.split("```")
                .next()
                .is_some_and(|b| !b.trim().is_empty())
        })
}

/// Whether docs hold an example: in rustdoc a block without a language is Rust.
fn has_example(docs: &str) -> bool {
    fences(docs).any(|language| {
        language.is_empty()
            || language
                .split([',', ' '])
                .all(|part| matches!(part, "rust" | "no_run" | "should_panic"))
    })
}

/// The languages of the fenced blocks.
fn fences(docs: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    docs.lines().filter_map(move |line| {
        let language = line.trim_start().strip_prefix("```")?;
        inside = !inside;
        inside.then_some(language.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::places;

    #[test]
    fn programs_on_both_pages_are_good() {
        let tree = Tree::of(&[
            (
                "crates/a/Cargo.toml",
                "[features]\ndefault = [\"x\"]\nx = []\n",
            ),
            ("crates/a/README.md", "# a\n```rust\nfn main() {}\n```\n"),
            (
                "crates/a/src/lib.rs",
                "//! A. Feature `x`: more.\n//!\n//! ```\n//! f();\n//! ```\n",
            ),
            ("crates/b/Cargo.toml", ""),
            ("crates/b/README.md", "```rust,no_run\nf();\n```"),
            (
                "crates/b/src/lib.rs",
                "#![doc = include_str!(\"../README.md\")]",
            ),
        ]);
        assert_eq!(check(&tree), []);
    }

    #[test]
    fn missing_programs_and_features_are_found() {
        let tree = Tree::of(&[
            ("crates/a/Cargo.toml", "[features]\nx = []\n"),
            ("crates/a/README.md", "# a\n```text\nno\n```\n"),
            (
                "crates/a/src/lib.rs",
                "//! A.\n//! ```text\n//! no\n//! ```\n",
            ),
            ("crates/b/Cargo.toml", ""),
            ("crates/b/src/lib.rs", "//! ```ignore\n//! no\n//! ```\n"),
        ]);
        let mut findings = check(&tree);
        findings.sort();
        assert_eq!(
            places(&findings),
            [
                ("crates/a/Cargo.toml", 1),
                ("crates/a/README.md", 1),
                ("crates/a/src/lib.rs", 1),
                ("crates/b/README.md", 1),
                ("crates/b/src/lib.rs", 1),
            ]
        );
    }
}
