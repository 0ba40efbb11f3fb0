//! Every example is built and run: a program that no one runs is a program that no longer works.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::Report;
use crate::process::Call;
use crate::tree::{self, Tree};
use crate::{Trouble, report};

const PACKAGE: &str = "trill-examples";

/// Asks an example for its short form: less data, the same steps.
const QUICK: &str = "TRILL_EXAMPLE_QUICK";

/// An example that takes longer than this hangs. In its short form one takes seconds, also as a debug
/// build on a loaded machine.
const LIMIT: Duration = Duration::from_secs(120);

/// Programs that are not run by themselves, with the reason.
const HELPERS: &[(&str, &str)] = &[];

/// Where the programs of the package come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Bin,
    Example,
}

pub(crate) fn run(report: &mut Report) -> Result<(), Trouble> {
    let tree = Tree::read(&tree::root())?;
    for (name, _) in HELPERS {
        if !programs(&tree).contains_key(*name) {
            report.fail(
                format!("the helper {name} is no program of {PACKAGE}"),
                "remove it from HELPERS in xtask/src/stages/examples.rs",
            );
        }
    }
    for path in orphans(&tree) {
        report.fail(
            format!("{path} is no program of {PACKAGE}, so nobody builds it"),
            "declare it as a [[bin]] in examples/Cargo.toml",
        );
    }
    let programs = programs(&tree);
    if programs.is_empty() {
        report.fail(
            format!("{PACKAGE} has no programs"),
            "cargo build -p trill-examples --bins --examples",
        );
        return Ok(());
    }
    let build = Call::cargo(&["build", "-p", PACKAGE, "--bins", "--examples"]);
    report.call("the examples do not build", &build);
    if !report.failures.is_empty() {
        return Ok(());
    }
    let mut count = 0;
    for (name, target) in &programs {
        if HELPERS.iter().any(|(helper, _)| helper == name) {
            continue;
        }
        let mut directory = tree::target_dir().join("debug");
        if *target == Target::Example {
            directory.push("examples");
        }
        let program = directory.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        let call = Call::built(&program, &[]).env(QUICK, "1");
        println!("$ {}", call.shown());
        let start = Instant::now();
        match call.run_within(LIMIT) {
            Ok(()) => println!("  {name}: {}\n", report::time(start.elapsed())),
            Err(problem) => report.fail(format!("the example {name}: {problem}"), call.shown()),
        }
        count += 1;
    }
    report.note(format!("programs: {count}"));
    Ok(())
}

/// The programs of the package: declared ones, and those that cargo finds by their place.
fn programs(tree: &Tree) -> BTreeMap<String, Target> {
    let mut found = BTreeMap::new();
    for file in &tree.files {
        let Some(rest) = file.path.strip_prefix("examples/") else {
            continue;
        };
        for (directory, target) in [("src/bin/", Target::Bin), ("examples/", Target::Example)] {
            let Some(name) = rest.strip_prefix(directory) else {
                continue;
            };
            let name = name.strip_suffix("/main.rs").or(name.strip_suffix(".rs"));
            if let Some(name) = name.filter(|name| !name.contains('/')) {
                found.insert(name.to_string(), target);
            }
        }
    }
    let manifest = tree.manifest("examples/Cargo.toml");
    for entry in manifest.iter().flat_map(|manifest| &manifest.entries) {
        let target = match entry.table.as_str() {
            "bin" => Target::Bin,
            "example" => Target::Example,
            _ => continue,
        };
        if entry.key == "name" {
            found.insert(entry.value.trim_matches('"').to_string(), target);
        }
    }
    found
}

/// Sources at the top of `examples/` that no target is built from.
fn orphans(tree: &Tree) -> Vec<&str> {
    let manifest = tree.manifest("examples/Cargo.toml");
    let declared: Vec<&str> = manifest
        .iter()
        .flat_map(|manifest| &manifest.entries)
        .filter(|entry| entry.key == "path")
        .map(|entry| entry.value.trim_matches('"'))
        .collect();
    tree.files
        .iter()
        .filter(|file| {
            let rest = file.path.strip_prefix("examples/");
            rest.is_some_and(|rest| {
                rest.ends_with(".rs") && !rest.contains('/') && !declared.contains(&rest)
            })
        })
        .map(|file| file.path.as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_in_every_place() {
        let manifest = "[[bin]]\nname = \"a\"\npath = \"a.rs\"\n[[example]]\nname = \"b\"\n";
        let tree = Tree::of(&[
            ("examples/Cargo.toml", manifest),
            ("examples/a.rs", ""),
            ("examples/orphan.rs", ""),
            ("examples/src/lib.rs", ""),
            ("examples/src/bin/c.rs", ""),
            ("examples/src/bin/d/main.rs", ""),
            ("examples/src/bin/d/part.rs", ""),
        ]);
        let found: Vec<_> = programs(&tree).into_iter().collect();
        assert_eq!(
            found,
            [
                ("a".to_string(), Target::Bin),
                ("b".to_string(), Target::Example),
                ("c".to_string(), Target::Bin),
                ("d".to_string(), Target::Bin),
            ]
        );
        assert_eq!(orphans(&tree), ["examples/orphan.rs"]);
    }
}
