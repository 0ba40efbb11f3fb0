//! What is returned in place of main's output when a signal has ended main.

use std::error::Error;
use std::fmt;

use super::interrupt::{Signal, end_process};

/// Main was cancelled by a signal, Ctrl-C for example, before it returned.
///
/// # Examples
///
/// ```no_run
/// use trill::{RunError, Runner};
///
/// let mut runner = Runner::new();
/// match runner.run(async { std::future::pending::<()>().await }) {
///     Err(RunError::Interrupted(interrupted)) => {
///         println!("{interrupted}");
///         runner.close();
///         interrupted.end_process();
///     }
///     other => println!("{other:?}"),
/// }
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Interrupted(pub(super) Signal);

impl Interrupted {
    /// Returns the signal. Needs the feature `signal`.
    ///
    /// # Examples
    ///
    /// See [`Interrupted`].
    #[cfg(feature = "signal")]
    pub fn signal(&self) -> Signal {
        self.0
    }

    /// Ends the process as the signal would have ended it, so that whoever started the program sees it: a shell tells
    /// 130 after Ctrl-C.
    ///
    /// Nothing is dropped; standard output is flushed.
    ///
    /// # Examples
    ///
    /// See [`Interrupted`].
    pub fn end_process(self) -> ! {
        end_process(self.0)
    }
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "main was cancelled by {}", self.0)
    }
}

impl fmt::Debug for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Interrupted({})", self.0)
    }
}

impl Error for Interrupted {}
