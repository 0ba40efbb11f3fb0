//! Other systems have no timer slack, and Miri knows of none.

use std::time::Duration;

/// Nothing to set.
#[derive(Debug, Default)]
pub(crate) struct Slack {}

impl Slack {
    pub(crate) fn tighten(&mut self) {}

    pub(crate) fn loosen(&mut self, _slack: Duration) {}
}
