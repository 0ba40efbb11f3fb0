//! No fences in other threads, where the system has no call for it.

/// Whether the system may have them.
pub(crate) const EXISTS: bool = false;

/// Returns that there are none.
pub(crate) fn prepare() -> bool {
    false
}

/// Returns that nothing was done.
pub(crate) fn everywhere() -> bool {
    false
}
