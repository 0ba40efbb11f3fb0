//! What can be watched: a file descriptor on Unix, a socket on Windows.
//!
//! Contract: `borrow` shows the descriptor of what owns one, `number` is what people know it by.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use unix::*;
#[cfg(windows)]
pub(crate) use windows::*;
