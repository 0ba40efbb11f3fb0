//! Debug mode, as far as runtimes have to do with it.

pub(super) use trill_debug::{ShuttingDown, is_enabled, shutting_down};

/// Turns debug mode on if somebody asks for it.
pub(super) fn start(is_wanted: bool) {
    if !trill_debug::enable_from_environment() && is_wanted {
        trill_debug::enable(trill_debug::Config::new());
    }
}
