//! How a process learns that it is forked, and that it was made by `fork`.
//!
//! A platform offers `at_fork(before, after, child)`: from now on `before` is called on a thread that is about to fork,
//! then `after` on that thread, and `child` on the one thread of the child, before anything else runs there.

#[cfg(all(unix, not(miri)))]
mod atfork;
#[cfg(all(unix, not(miri)))]
pub(crate) use atfork::at_fork;

#[cfg(any(not(unix), miri))]
mod no_fork;
#[cfg(any(not(unix), miri))]
pub(crate) use no_fork::at_fork;
