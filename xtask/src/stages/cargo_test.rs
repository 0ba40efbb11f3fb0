//! The stages that run tests. Their output goes to the terminal as it comes.
//!
//! Every feature is on: a test behind a feature must not be left out in silence. That the crates also
//! build with fewer is checked by the stages `alone` and `features`.

use super::Report;
use crate::Trouble;
use crate::process::Call;
use crate::setup;

pub(crate) fn unit_and_integration(report: &mut Report) -> Result<(), Trouble> {
    setup::strace()?;
    let call = Call::cargo(&["test", "--workspace", "--all-features", "--no-fail-fast"])
        .arg("--lib")
        .arg("--bins")
        .arg("--tests");
    report.call("tests failed", &call);
    Ok(())
}

pub(crate) fn docs(report: &mut Report) -> Result<(), Trouble> {
    let call = Call::cargo(&[
        "test",
        "--workspace",
        "--all-features",
        "--no-fail-fast",
        "--doc",
    ]);
    report.call("programs in the docs failed", &call);
    Ok(())
}
