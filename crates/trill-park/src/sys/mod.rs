//! How a thread sleeps while a word keeps its value, and how punctual the system is with it.
//!
//! A platform offers `Sleeper` with `new`, `sleep(&word, value, timeout)` and `rouse(&word)`.
//! `sleep` returns when the word no longer holds `value` and `rouse` was called, when `timeout` has passed, or for no
//! reason; it must not miss a `rouse` that follows a change of the word.
//!
//! And it offers `Slack`, which begins without effect (`default`), makes timed waits of its thread punctual from
//! `tighten` on and less so from `loosen` on, and undoes both when dropped.
//!
//! And `barrier::everywhere`, which has all threads of the process pass a fence, after `barrier::prepare`; both say whether
//! the system can, and `barrier::EXISTS` whether asking makes sense.

// Machines with 32 bits are named: not all have the call that takes two longs, and x32 has another.
#[cfg(all(
    target_os = "linux",
    any(
        target_pointer_width = "64",
        target_arch = "arm",
        target_arch = "mips",
        target_arch = "powerpc",
        target_arch = "x86",
    ),
    not(any(loom, miri))
))]
#[path = "futex.rs"]
mod sleeper;
#[cfg(not(all(
    target_os = "linux",
    any(
        target_pointer_width = "64",
        target_arch = "arm",
        target_arch = "mips",
        target_arch = "powerpc",
        target_arch = "x86",
    ),
    not(any(loom, miri))
)))]
#[path = "condvar.rs"]
mod sleeper;

#[cfg(any(not(target_os = "linux"), miri))]
#[path = "no_slack.rs"]
mod slack;
#[cfg(all(target_os = "linux", not(miri)))]
mod slack;

#[cfg(any(not(target_os = "linux"), miri, loom))]
#[path = "no_barrier.rs"]
pub(crate) mod barrier;
#[cfg(all(target_os = "linux", not(any(miri, loom))))]
pub(crate) mod barrier;

pub(crate) use slack::Slack;
pub(crate) use sleeper::Sleeper;
