//! Each library crate as a stranger would use it: without the rest of the workspace, whose features
//! would otherwise be joined to its own.

use super::Report;
use crate::process::Call;
use crate::tree::{self, Tree};
use crate::{Trouble, setup};

pub(crate) fn crates(report: &mut Report) -> Result<(), Trouble> {
    setup::component("clippy", "clippy")?;
    let tree = Tree::read(&tree::root())?;
    for name in tree.crates() {
        check(report, name, &[]);
        check(report, name, &["--no-default-features"]);
        if has_defaults(&tree, name) {
            test_without_defaults(report, name);
        }
    }
    report.note(format!("crates: {}", tree.crates().len()));
    Ok(())
}

pub(crate) fn features(report: &mut Report) -> Result<(), Trouble> {
    setup::component("clippy", "clippy")?;
    let tree = Tree::read(&tree::root())?;
    let mut count = 0;
    for name in tree.crates() {
        let manifest = tree.manifest(&format!("crates/{name}/Cargo.toml"));
        let features = manifest
            .iter()
            .flat_map(|m| m.features())
            .collect::<Vec<_>>();
        for feature in &features {
            check(
                report,
                name,
                &["--no-default-features", "--features", feature],
            );
        }
        if features.len() > 1 {
            check(report, name, &["--all-features"]);
        }
        count += features.len();
    }
    report.note(format!("features: {count}"));
    Ok(())
}

/// Clippy checks what `cargo check` does and fails on the dead code that a missing feature leaves.
fn check(report: &mut Report, name: &str, features: &[&str]) {
    let mut call = Call::cargo(&["clippy", "--quiet", "--lib", "-p", name]);
    for argument in features.iter().chain(&["--", "-D", "warnings"]) {
        call = call.arg(*argument);
    }
    let with = match features {
        [] => "with its default features".to_string(),
        features => format!("with {}", features.join(" ")),
    };
    report.call(&format!("{name} alone, {with}"), &call);
}

/// What stands behind a missing default feature is code too, and the stage `tests` never runs it.
fn test_without_defaults(report: &mut Report, name: &str) {
    let call = Call::cargo(&["test", "--quiet", "-p", name, "--no-default-features"])
        .arg("--lib")
        .arg("--tests");
    report.call(
        &format!("tests of {name} without its default features"),
        &call,
    );
}

fn has_defaults(tree: &Tree, name: &str) -> bool {
    let manifest = tree.manifest(&format!("crates/{name}/Cargo.toml"));
    manifest.is_some_and(|manifest| {
        manifest
            .value("features", "default")
            .is_some_and(|default| default.contains('"'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_has_defaults_if_the_list_holds_a_name() {
        let tree = Tree::of(&[
            (
                "crates/a/Cargo.toml",
                "[features]\ndefault = [\"x\"]\nx = []\n",
            ),
            ("crates/b/Cargo.toml", "[features]\ndefault = []\nx = []\n"),
            ("crates/c/Cargo.toml", ""),
        ]);
        let with: Vec<_> = tree
            .crates()
            .into_iter()
            .filter(|name| has_defaults(&tree, name))
            .collect();
        assert_eq!(with, ["a"]);
    }
}
