//! What a handler returns.

use std::fmt;

/// What a handler may return: nothing, or a result whose error is reported.
///
/// # Examples
///
/// ```
/// use trill_server::Outcome;
///
/// assert!(().failure().is_none());
/// assert_eq!(Err::<(), _>("no luck").failure().unwrap().to_string(), "no luck");
/// ```
pub trait Outcome: Send {
    /// Returns why the handler failed, if it did.
    fn failure(&self) -> Option<&dyn fmt::Display>;
}

impl Outcome for () {
    fn failure(&self) -> Option<&dyn fmt::Display> {
        None
    }
}

impl<T: Send, E: fmt::Display + Send> Outcome for Result<T, E> {
    fn failure(&self) -> Option<&dyn fmt::Display> {
        self.as_ref().err().map(|error| error as &dyn fmt::Display)
    }
}
