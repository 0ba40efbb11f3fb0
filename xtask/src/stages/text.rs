//! The stages that read sources: formatting, tidy, clippy, docs.

use super::Report;
use crate::process::Call;
use crate::{Trouble, setup, tidy};

pub(crate) fn fmt(report: &mut Report) -> Result<(), Trouble> {
    setup::component("rustfmt", "fmt")?;
    let call = Call::cargo(&["fmt", "--all", "--check"]);
    report.call(
        "sources are not formatted (`cargo fmt --all` does it)",
        &call,
    );
    Ok(())
}

pub(crate) fn tidy(report: &mut Report) -> Result<(), Trouble> {
    let found = tidy::check_all()?;
    if found > 0 {
        report.fail(format!("{found} findings"), "cargo xtask tidy");
    }
    Ok(())
}

pub(crate) fn clippy(report: &mut Report) -> Result<(), Trouble> {
    setup::component("clippy", "clippy")?;
    let call = Call::cargo(&["clippy", "--workspace", "--all-targets", "--all-features"])
        .arg("--")
        .arg("-D")
        .arg("warnings");
    report.call("clippy has warnings", &call);
    Ok(())
}

pub(crate) fn docs(report: &mut Report) -> Result<(), Trouble> {
    let call = Call::cargo(&["doc", "--workspace", "--no-deps", "--all-features"])
        .env("RUSTDOCFLAGS", "-D warnings");
    report.call("the docs do not build cleanly", &call);
    Ok(())
}
