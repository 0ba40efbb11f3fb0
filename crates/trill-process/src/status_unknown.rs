//! The error of a child whose exit status is lost.

use std::error::Error;
use std::fmt;
use std::io;

/// A child has ended, and somebody else took its exit status.
///
/// It is inside the [`io::Error`] that waiting returns.
///
/// # Examples
///
/// ```no_run
/// use trill_process::{Command, StatusUnknown};
///
/// # trill_reactor::block_on(async {
/// match Command::new("make").status().await {
///     Ok(status) => println!("{status}"),
///     Err(error) if error.get_ref().is_some_and(|inner| inner.is::<StatusUnknown>()) => {
///         println!("ended, nobody knows how");
///     }
///     Err(error) => println!("{error}"),
/// }
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusUnknown {
    id: u32,
}

impl StatusUnknown {
    pub(crate) fn new(id: u32) -> StatusUnknown {
        StatusUnknown { id }
    }

    /// Returns the number that the process had.
    ///
    /// # Examples
    ///
    /// ```
    /// fn tell(error: &trill_process::StatusUnknown) {
    ///     println!("process {} has ended", error.id());
    /// }
    /// ```
    pub fn id(&self) -> u32 {
        self.id
    }
}

impl fmt::Display for StatusUnknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "process {} has ended, but its exit status is lost: let this program not ignore SIGCHLD, and not reap \
             children it did not start (`waitpid(-1)`)",
            self.id
        )
    }
}

impl Error for StatusUnknown {}

impl From<StatusUnknown> for io::Error {
    fn from(error: StatusUnknown) -> io::Error {
        io::Error::other(error)
    }
}
