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
    }
    report.note(format!("{} crates", tree.crates().len()));
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
    report.note(format!("{count} features"));
    Ok(())
}

/// Clippy checks what `cargo check` does and fails on the dead code that a missing feature leaves.
fn check(report: &mut Report, name: &str, features: &[&str]) {
    let mut call = Call::cargo(&["clippy", "--quiet", "--lib", "-p", name]);
    for argument in features {
        call = call.arg(*argument);
    }
    for argument in ["--", "-D", "warnings"] {
        call = call.arg(argument);
    }
    let with = features.join(" ");
    report.call(
        &format!("{name} alone does not build cleanly {with}"),
        &call,
    );
}
