//! The stages that run tests. Their output goes to the terminal as it comes.
//!
//! Every feature is on: a test behind a feature must not be left out in silence. That the crates also
//! build with fewer is checked by the stages `alone` and `features`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::Report;
use crate::Trouble;
use crate::process::Call;
use crate::{setup, tree};

pub(crate) fn unit_and_integration(report: &mut Report) -> Result<(), Trouble> {
    setup::strace()?;
    setup::namespaces()?;
    setup::socat()?;
    setup::tls_peers()?;
    let denied = denied_file()?;
    let call = Call::cargo(&["test", "--workspace", "--all-features", "--no-fail-fast"])
        .arg("--lib")
        .arg("--bins")
        .arg("--tests")
        .env(DENIED, denied.display().to_string());
    report.call("tests failed", &call);
    let text = std::fs::read_to_string(&denied).unwrap_or_default();
    let lines: BTreeSet<&str> = text.lines().collect();
    for line in lines {
        report.note(line);
    }
    Ok(())
}

/// Makes the file in which tests note what this machine does not allow them to show.
fn denied_file() -> Result<PathBuf, Trouble> {
    // Tests run in the directories of their packages.
    let path = std::path::absolute(tree::target_dir())
        .map_err(|error| Trouble::Failed(format!("where is this? {error}")))?
        .join("denied.txt");
    let made = std::fs::create_dir_all(tree::target_dir()).and_then(|()| std::fs::write(&path, ""));
    made.map_err(|error| Trouble::Failed(format!("cannot write {}: {error}", path.display())))?;
    Ok(path)
}

/// Tells tests where that file is; see `allowed` in `tests/src`.
const DENIED: &str = "TRILL_TEST_DENIED";

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
