//! The error of a timeout.

use std::error::Error;
use std::fmt;
use std::io;

/// Says that the time was over before the future was ready; see [`timeout`](crate::timeout).
///
/// Becomes an [`io::Error`] of kind [`TimedOut`](io::ErrorKind::TimedOut) through `?`.
///
/// # Examples
///
/// ```
/// use std::future::pending;
/// use std::io;
/// use std::time::Duration;
/// use trill_timer::timeout;
///
/// async fn read() -> io::Result<()> {
///     timeout(Duration::from_millis(1), pending()).await?
/// }
///
/// let error = trill_park::block_on(read()).unwrap_err();
/// assert_eq!(error.kind(), io::ErrorKind::TimedOut);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed(());

impl Elapsed {
    pub(crate) const fn new() -> Elapsed {
        Elapsed(())
    }
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the time was over before the operation was ready")
    }
}

impl Error for Elapsed {}

impl From<Elapsed> for io::Error {
    fn from(elapsed: Elapsed) -> io::Error {
        io::Error::new(io::ErrorKind::TimedOut, elapsed)
    }
}
