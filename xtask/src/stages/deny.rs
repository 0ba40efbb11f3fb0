//! What the dependencies bring along: licences, sources, bans, and duplicates.

use super::Report;
use crate::{Trouble, setup};

/// Packages that no user of the library compiles. The peers that benchmarks compare with may bring
/// several versions of a crate; what users compile may not.
const OURS_ONLY: &[&str] = &[
    "trill-bench",
    "trill-examples",
    "trill-guard",
    "trill-tests",
    "xtask",
];

pub(crate) fn run(report: &mut Report) -> Result<(), Trouble> {
    let deny = setup::cargo_deny()?;
    let mut whole = deny.clone().arg("--all-features").arg("check");
    for what in ["bans", "licenses", "sources"] {
        whole = whole.arg(what);
    }
    // Duplicates that only benchmarks and tests see are no news.
    whole = whole.arg("--allow").arg("duplicate");
    report.call("a dependency breaks a rule of deny.toml", &whole);

    let mut shipped = deny.arg("--all-features").arg("--exclude-dev");
    for name in OURS_ONLY {
        shipped = shipped.arg("--exclude").arg(*name);
    }
    for argument in ["check", "bans", "--deny", "duplicate"] {
        shipped = shipped.arg(argument);
    }
    report.call("users would compile two versions of a crate", &shipped);
    Ok(())
}
