//! The other systems that the library crates are for: each is compiled for; the other C library of Linux is run with, too.
//!
//! Clippy checks the library targets as the stage `clippy` does for this machine, in the same build directory, where cargo
//! keeps the systems apart. A system that rustup cannot add here is named in the table of stages.

use super::Report;
use crate::process::Call;
use crate::tree::{self, Tree};
use crate::{Trouble, setup};

/// What is compiled for a system.
#[derive(Debug, Clone, Copy)]
enum Crates {
    /// All library crates, with every feature but those that compile C.
    All,
    /// These.
    Some(&'static [&'static str]),
}

pub(crate) fn run(report: &mut Report) -> Result<(), Trouble> {
    setup::component("clippy", "clippy")?;
    let tree = Tree::read(&tree::root())?;
    let mut checked = Vec::new();
    for (target, crates) in PLATFORMS {
        if let Err(why) = setup::target(target) {
            report.note(format!("not compiled for {target}: {why}"));
            continue;
        }
        let call = call(target, *crates, &tree);
        report.call(&format!("does not compile for {target}"), &call);
        checked.push(*target);
        if *target == STATIC && cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            report.call(&format!("tests fail on {target}"), &tests_on(target));
            report.note(format!(
                "tests of {} run on {target}",
                NEAR_THE_C_LIBRARY.join(", ")
            ));
        }
    }
    report.note(format!("without {}, which compile C", COMPILE_C.join(", ")));
    report.note(match checked.is_empty() {
        true => "compiled for this machine only".to_string(),
        false => format!("compiled for {}", checked.join(", ")),
    });
    Ok(())
}

fn call(target: &str, crates: Crates, tree: &Tree) -> Call {
    let mut call = Call::cargo(&["clippy", "--quiet", "--lib", "--target", target]);
    let names = match crates {
        Crates::All => tree.crates(),
        Crates::Some(names) => names.to_vec(),
    };
    for name in names {
        call = call.arg("-p").arg(name);
    }
    if matches!(crates, Crates::All) {
        call = call
            .arg("--no-default-features")
            .arg("--features")
            .arg(features(tree));
    }
    call.arg("--").arg("-D").arg("warnings")
}

/// All features of all crates, without those that take a C compiler for the system.
fn features(tree: &Tree) -> String {
    let mut features = Vec::new();
    for name in tree.crates() {
        let manifest = tree.manifest(&format!("crates/{name}/Cargo.toml"));
        for feature in manifest.iter().flat_map(|manifest| manifest.features()) {
            let feature = format!("{name}/{feature}");
            if !feature.ends_with("/default") && !COMPILE_C.contains(&feature.as_str()) {
                features.push(feature);
            }
        }
    }
    features.join(",")
}

/// The standard library brings what linking for it takes.
fn tests_on(target: &str) -> Call {
    let mut call = Call::cargo(&["test", "--quiet", "--lib", "--tests", "--target", target]);
    for name in NEAR_THE_C_LIBRARY {
        call = call.arg("-p").arg(*name);
    }
    call
}

/// Linux with the other C library; its programs run here as they are.
const STATIC: &str = "x86_64-unknown-linux-musl";

/// The crates that make system calls of their own or use the C library's.
const NEAR_THE_C_LIBRARY: &[&str] = &[
    "trill-park",
    "trill-process",
    "trill-reactor",
    "trill-signal",
];

/// Features whose crates compile C, for which this machine has a compiler for itself alone.
const COMPILE_C: &[&str] = &[
    "trill/tls",
    "trill/tls-self-signed",
    "trill-server/tls",
    "trill-tls/aws-lc-rs",
    "trill-tls/ring",
    "trill-tls/self-signed",
];

/// README.md tells what each of them lacks.
const PLATFORMS: &[(&str, Crates)] = &[
    (STATIC, Crates::All),
    ("aarch64-unknown-linux-gnu", Crates::All),
    ("x86_64-apple-darwin", Crates::All),
    ("x86_64-unknown-freebsd", Crates::All),
    ("x86_64-pc-windows-gnu", Crates::All),
    ("wasm32-unknown-unknown", Crates::Some(WITHOUT_A_SYSTEM)),
];

/// What asks the operating system for nothing but time and threads.
const WITHOUT_A_SYSTEM: &[&str] = &[
    "trill-world",
    "trill-cell",
    "trill-park",
    "trill-executor",
    "trill-timer",
    "trill-sync",
    "trill-task",
    "trill-limit",
    "trill-io",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_named_is_there() {
        let tree = Tree::read(&tree::root()).unwrap();
        for name in WITHOUT_A_SYSTEM.iter().chain(NEAR_THE_C_LIBRARY) {
            assert!(tree.crates().contains(name), "{name}");
        }
    }

    #[test]
    fn every_feature_left_out_is_there() {
        let tree = Tree::read(&tree::root()).unwrap();
        for feature in COMPILE_C {
            let (name, feature) = feature.split_once('/').unwrap();
            let manifest = tree.manifest(&format!("crates/{name}/Cargo.toml")).unwrap();
            assert!(manifest.features().contains(&feature), "{name}/{feature}");
        }
    }

    #[test]
    fn the_command_names_the_system_and_the_crates() {
        let tree = Tree::of(&[
            (
                "crates/a/Cargo.toml",
                "[features]\ndefault = [\"x\"]\nx = []\n",
            ),
            (
                "crates/trill-tls/Cargo.toml",
                "[features]\nring = []\ny = []\n",
            ),
        ]);
        assert_eq!(
            call("z", Crates::All, &tree).shown(),
            "cargo clippy --quiet --lib --target z -p a -p trill-tls --no-default-features \
             --features a/x,trill-tls/y -- -D warnings"
        );
        assert_eq!(
            call("z", Crates::Some(&["a"]), &tree).shown(),
            "cargo clippy --quiet --lib --target z -p a -- -D warnings"
        );
    }
}
