//! What to do about a path that is taken.

use std::io;
use std::path::Path;

use crate::sys;

/// What to do about an error of binding to a path.
pub(super) fn advice(path: &Path, error: &io::Error) -> Option<&'static str> {
    if error.kind() != io::ErrorKind::AddrInUse {
        return None;
    }
    let address = sys::unix_address(path).ok()?;
    Some(if sys::is_left_over(&address) {
        "nobody listens there, so if it is the file of a socket that ended, remove it and try again"
    } else {
        "somebody listens there"
    })
}
