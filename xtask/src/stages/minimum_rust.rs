//! The oldest Rust the library crates compile with: stated everywhere, and tried where rustup has or gets it.

use super::Report;
use crate::process::Call;
use crate::tidy::{self, RUST_VERSION};
use crate::tree::{self, Tree};
use crate::{Trouble, setup};

pub(crate) fn run(report: &mut Report) -> Result<(), Trouble> {
    let tree = Tree::read(&tree::root())?;
    let findings = tidy::minimum_rust(&tree);
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        report.fail(
            format!("{} manifests do not state it", findings.len()),
            "cargo xtask tidy manifests",
        );
    }
    if let Err(why) = setup::toolchain(RUST_VERSION) {
        report.note(format!("stated; not compiled: {why}"));
        return Ok(());
    }
    let directory = tree::target_dir().join("msrv");
    let mut call = Call::program("rustup", &["run", RUST_VERSION, "cargo", "check", "--lib"])
        .env("CARGO_TARGET_DIR", tree::typed(&directory));
    for name in tree.crates() {
        call = call.arg("-p").arg(name);
    }
    report.call(&format!("does not compile with Rust {RUST_VERSION}"), &call);
    report.note(format!("stated and compiled with {RUST_VERSION}"));
    Ok(())
}
