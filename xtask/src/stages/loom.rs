//! The models of lock-free code: every crate with tests named `loom_*`.

use std::collections::BTreeSet;

use super::Report;
use crate::Trouble;
use crate::process::Call;
use crate::tree::{self, Tree};

pub(crate) fn run(report: &mut Report) -> Result<(), Trouble> {
    let tree = Tree::read(&tree::root())?;
    let modelled = modelled(&tree);
    if modelled.is_empty() {
        report.fail("no crate has a model", "look for crates/*/tests/loom_*.rs");
    }
    for name in &modelled {
        // Its own directory: the flag rebuilds everything, and would do so again for the next stage.
        let directory = tree::target_dir().join("loom");
        let call = Call::cargo(&["test", "--release", "-p", name, "--test", "loom_*"])
            .env("RUSTFLAGS", "--cfg loom")
            .env("CARGO_TARGET_DIR", tree::typed(&directory));
        report.call(&format!("a model of {name} failed"), &call);
    }
    report.note(format!("crates: {}", modelled.len()));
    Ok(())
}

fn modelled(tree: &Tree) -> BTreeSet<&str> {
    tree.sources
        .iter()
        .filter_map(|source| {
            let (name, rest) = source.path.strip_prefix("crates/")?.split_once('/')?;
            rest.starts_with("tests/loom_").then_some(name)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_with_models_are_found() {
        let tree = Tree::of(&[
            ("crates/a/tests/loom_x.rs", ""),
            ("crates/a/tests/loom_y.rs", ""),
            ("crates/b/tests/x.rs", ""),
            ("crates/c/src/loom_x.rs", ""),
        ]);
        assert_eq!(modelled(&tree).into_iter().collect::<Vec<_>>(), ["a"]);
    }
}
