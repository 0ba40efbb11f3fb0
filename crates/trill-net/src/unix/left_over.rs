//! What to do about a path that is taken.

use std::io;
use std::path::Path;

use crate::sys;

/// Says whether there is something at a path, and nobody listens there: usually the file of a socket that has ended.
///
/// It finds out by connecting, so a listener may see a connection that ends at once. A file that is no socket counts,
/// too.
///
/// # Examples
///
/// ```
/// use trill_net::unix::{UnixListener, is_left_over};
///
/// # let path = std::env::temp_dir().join(format!("trill-left-over-{}", std::process::id()));
/// let listener = UnixListener::bind(&path)?;
/// assert!(!is_left_over(&path));
/// drop(listener);
/// assert!(is_left_over(&path));
/// std::fs::remove_file(&path)?;
/// assert!(!is_left_over(&path));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn is_left_over(path: impl AsRef<Path>) -> bool {
    sys::unix_address(path.as_ref()).is_ok_and(|address| sys::is_left_over(&address))
}

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
