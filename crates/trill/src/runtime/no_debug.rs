//! Without the feature `debug` there is no debug mode.

/// Does nothing.
pub(super) struct ShuttingDown;

pub(super) fn start(_is_wanted: bool) {}

pub(super) fn is_enabled() -> bool {
    false
}

pub(super) fn shutting_down() -> ShuttingDown {
    ShuttingDown
}
