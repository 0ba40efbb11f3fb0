//! How a thread sleeps while a word keeps its value.
//!
//! A platform offers `Sleeper` with `new`, `sleep(&word, value, timeout)` and `rouse(&word)`.
//! `sleep` returns when the word no longer holds `value` and `rouse` was called, when `timeout` has passed, or for no
//! reason; it must not miss a `rouse` that follows a change of the word.

#[cfg(all(target_os = "linux", not(any(loom, miri))))]
mod futex;
#[cfg(all(target_os = "linux", not(any(loom, miri))))]
pub(crate) use futex::Sleeper;

#[cfg(any(not(target_os = "linux"), loom, miri))]
mod condvar;
#[cfg(any(not(target_os = "linux"), loom, miri))]
pub(crate) use condvar::Sleeper;
