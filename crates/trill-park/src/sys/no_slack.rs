//! Other systems have no timer slack, and Miri knows of none.

/// Nothing to set.
#[derive(Debug, Default)]
pub(crate) struct Slack {}

impl Slack {
    pub(crate) fn tighten(&mut self) {}
}
