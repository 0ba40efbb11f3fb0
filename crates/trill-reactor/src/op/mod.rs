//! Operations that own what they work on, for [`Reactor::submit`](crate::Reactor::submit).
//!
//! A socket is tried, and waited for. A file is always ready and may block all the same, so its operations are handed
//! to the system as a whole: with the descriptor, the path and the buffer, which nobody else can reach until the
//! system is done with them. Each is a plain value: one that is handed back can be done in another way.

mod any;
mod files;
mod names;

#[doc(hidden)]
pub use any::{AnyOperation, Done};
pub use files::{Close, Read, SetLen, Sync, Write};
pub use names::{Attributes, CreateDir, Open, Rename, Stamp, Stat, Unlink};

use crate::landed::Landed;
use crate::ring::Raw;

/// An operation that [`Reactor::submit`](crate::Reactor::submit) takes.
///
/// The types of this module implement it, and no others can.
///
/// # Examples
///
/// ```
/// use trill_reactor::op::Operation;
///
/// fn outputs<O: Operation<Output = std::io::Result<()>>>(operation: O) {}
/// outputs(trill_reactor::op::Rename::new(c"from", c"to"));
/// ```
pub trait Operation: Raw + Send + Unpin + Sized + 'static {
    /// What there is when the system is done.
    type Output: Send + 'static;

    /// Makes the output of what the system said.
    #[doc(hidden)]
    fn complete(self, landed: Landed) -> Self::Output;
}
