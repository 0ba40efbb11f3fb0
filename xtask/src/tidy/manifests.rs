//! Each crate inherits edition, Rust version, licence and lints from the workspace, and declares no
//! version of a dependency by itself.

use super::Finding;
use crate::tree::Tree;

/// The oldest Rust a library crate compiles with. Raising it is a line of the changelog.
pub(crate) const RUST_VERSION: &str = "1.85";
const EDITION: &str = "2024";

/// The benchmarks name the peers they measure, which no other crate of the workspace may share.
const PEERS: &str = "xtask/bench/Cargo.toml";

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = minimum_rust(tree);
    let members = tree
        .files
        .iter()
        .filter(|file| file.path.ends_with("/Cargo.toml"));
    for file in members {
        let Some(manifest) = tree.manifest(&file.path) else {
            continue;
        };
        if manifest.value("lints", "workspace") != Some("true") {
            findings.push(Finding::new(
                &file.path,
                1,
                "the crate does not take the workspace's lints",
                "add `[lints]` with `workspace = true`",
            ));
        }
        for dependency in manifest.dependencies() {
            let peer = file.path == PEERS;
            if !peer && !dependency.value.contains("workspace = true") {
                findings.push(Finding::new(
                    &file.path,
                    dependency.line,
                    format!(
                        "{} is declared outside the workspace table",
                        dependency.package
                    ),
                    "declare it once in [workspace.dependencies] and write `workspace = true` here",
                ));
            }
        }
    }
    findings
}

/// The part about edition and Rust version alone, for the stage of that name.
pub(crate) fn minimum_rust(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let workspace = tree.manifest("Cargo.toml");
    for name in tree.crates() {
        let path = format!("crates/{name}/Cargo.toml");
        let Some(manifest) = tree.manifest(&path) else {
            continue;
        };
        for (key, wanted) in [("edition", EDITION), ("rust-version", RUST_VERSION)] {
            let inherited = manifest.inherits("package", key);
            let value = if inherited {
                workspace
                    .as_ref()
                    .and_then(|root| root.value("workspace.package", key))
            } else {
                manifest.value("package", key)
            };
            if value != Some(wanted) {
                let value = value.unwrap_or("nothing");
                findings.push(Finding::new(
                    &path,
                    1,
                    format!("`{key}` is {value} and must be {wanted}"),
                    format!("write `{key}.workspace = true`"),
                ));
            }
        }
        if !manifest.inherits("package", "license") {
            findings.push(Finding::new(
                &path,
                1,
                "the licence is not the workspace's",
                "write `license.workspace = true`",
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::places;

    const ROOT: &str = "[workspace.package]\nedition = \"2024\"\nrust-version = \"1.85\"\n";
    const GOOD: &str = "[package]\nedition.workspace = true\nrust-version.workspace = true\n\
                        license.workspace = true\n[lints]\nworkspace = true\n";

    #[test]
    fn inheriting_is_good() {
        let text =
            format!("{GOOD}[dependencies]\na = {{ workspace = true }}\nb.workspace = true\n");
        let tree = Tree::of(&[("Cargo.toml", ROOT), ("crates/a/Cargo.toml", &text)]);
        assert_eq!(check(&tree), []);
    }

    #[test]
    fn other_versions_and_own_dependencies_are_not() {
        let old = GOOD.replace("rust-version.workspace = true", "rust-version = \"1.90\"");
        let own = format!("{GOOD}[dependencies]\na = \"1\"\n");
        let bare = "[package]\nname = \"x\"\n";
        let tree = Tree::of(&[
            ("Cargo.toml", ROOT),
            ("crates/a/Cargo.toml", &old),
            ("crates/b/Cargo.toml", &own),
            ("tests/Cargo.toml", bare),
        ]);
        assert_eq!(
            places(&check(&tree)),
            [
                ("crates/a/Cargo.toml", 1),
                ("crates/b/Cargo.toml", 8),
                ("tests/Cargo.toml", 1)
            ]
        );
    }
}
