//! The descriptors of the standard streams.
//!
//! Contract. `open` looks at a stream's descriptor and changes nothing of it or of its open file. A `Channel` can be
//! waited for (never if `as_device`), and its `read` and `write` say `WouldBlock` instead of blocking; a `Device` may block. `number` is what
//! people know the stream by. Calls that a signal interrupts are repeated.

#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub(crate) use other::*;
#[cfg(unix)]
pub(crate) use unix::*;
