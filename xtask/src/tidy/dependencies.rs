//! Each dependency of the workspace is named in ARCHITECTURE.md, where its reason stands.

use super::Finding;
use crate::source::words;
use crate::tree::Tree;

const PAGE: &str = "ARCHITECTURE.md";

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(root) = tree.manifest("Cargo.toml") else {
        return Vec::new();
    };
    let page = tree.file(PAGE).map_or("", |file| file.text.as_str());
    let mut findings = Vec::new();
    for entry in &root.entries {
        let name = entry.key.split('.').next().unwrap_or_default();
        let foreign = !entry.value.contains("path =");
        if entry.table != "workspace.dependencies" || !foreign {
            continue;
        }
        // In backticks, so that a common word such as `loom` is not taken for its mention.
        let named = words(page, name)
            .any(|at| page[..at].ends_with('`') && page[at + name.len()..].starts_with('`'));
        if !named {
            findings.push(Finding::new(
                "Cargo.toml",
                entry.line,
                format!("{PAGE} does not say why `{name}` is a dependency"),
                format!("name `{name}` in backticks there, with what it saves and what it costs"),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::places;

    const ROOT: &str = "[workspace.dependencies]\ntrill = { path = \"crates/trill\" }\n\
                        polling = \"3\"\nloom = { version = \"0.7\" }\n";

    #[test]
    fn named_dependencies_are_good() {
        let page = "* `polling`: portable.\n* `loom`: models.";
        let tree = Tree::of(&[("Cargo.toml", ROOT), (PAGE, page)]);
        assert_eq!(check(&tree), []);
    }

    #[test]
    fn a_dependency_without_a_reason_is_found() {
        let page = "* `polling-more` and a loom of threads.";
        let tree = Tree::of(&[("Cargo.toml", ROOT), (PAGE, page)]);
        assert_eq!(
            places(&check(&tree)),
            [("Cargo.toml", 3), ("Cargo.toml", 4)]
        );
    }
}
