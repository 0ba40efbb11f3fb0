//! The error of a pool that cannot get a thread.

use std::error::Error;
use std::fmt;
use std::io;

/// Says that blocking work was not accepted: no thread of the pool lives, and none could be started; or this process was
/// forked from the one in which they are.
///
/// It comes wrapped in an [`io::Error`] of kind [`Other`](io::ErrorKind::Other), because what the operating system
/// says on Linux means "would block" elsewhere. [`Refused::os_error`] returns that.
///
/// # Examples
///
/// ```
/// fn is_out_of_threads(error: &std::io::Error) -> bool {
///     let inner = error.get_ref();
///     inner.is_some_and(|inner| inner.is::<trill_blocking::Refused>())
/// }
/// assert!(!is_out_of_threads(&std::io::ErrorKind::NotFound.into()));
/// ```
#[derive(Debug)]
pub struct Refused {
    os_error: io::Error,
}

impl Refused {
    pub(crate) fn wrap(os_error: io::Error) -> io::Error {
        io::Error::other(Refused { os_error })
    }

    /// Returns what the operating system said.
    ///
    /// # Examples
    ///
    /// ```
    /// fn code(refused: &trill_blocking::Refused) -> Option<i32> {
    ///     refused.os_error().raw_os_error()
    /// }
    /// ```
    pub fn os_error(&self) -> &io::Error {
        &self.os_error
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.os_error.kind() == io::ErrorKind::Unsupported {
            return write!(
                f,
                "blocking work has no thread to run on: {}",
                self.os_error
            );
        }
        write!(
            f,
            "blocking work has no thread to run on and none could be started ({}): \
             raise the limit of threads for this user or container, or try again when others have ended",
            self.os_error
        )
    }
}

impl Error for Refused {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.os_error)
    }
}
