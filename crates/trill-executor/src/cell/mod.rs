//! A task's cell: one allocation with its state, its header and its future, then its output.
//!
//! Three kinds of things point to it: one *runnable*, which a queue or a polling thread holds; at most one *handle*, which
//! awaits the output; any number of *wakers*. The bits of the state word are in `word.rs`.
//!
//! # Who may touch what
//!
//! * The future: whoever holds the runnable (`OWNED`).
//! * The output: whoever holds the runnable until `DONE`, then the handle.
//! * The awaiter's slot: the handle writes it while `AWAITER` is clear. Whoever clears `AWAITER` takes the waker out: the
//!   handle, or the one who sets `DONE`. Readers of the registry look at what is in it, see `awaiter.rs`.
//! * Header, home, table: anybody who has a reference.
//!
//! # Transitions
//!
//! 1. *Wake*: 0 → `OWNED`, and the runnable is queued; with `OWNED` already set, → `WOKEN`.
//! 2. *Begin of a poll*: `WOKEN` is cleared if it is set. If it is not, nothing is written: a wake that comes later is
//!    seen by transition 3, and one more poll does no harm.
//! 3. *End of a poll that is pending*, which also brings the wakers that were counted in it: `OWNED` → 0 if neither `WOKEN` nor `CLOSED` is set, by compare-and-swap; so no wake
//!    gets lost. With `WOKEN` the runnable is queued again. A task that yielded is queued again and nothing is written.
//! 4. *Close*, by the handle: `CLOSED`; a task that is not `OWNED` becomes so and is queued to be dropped.
//! 5. *End*: `OWNED` → `DONE`, with `OUTPUT` if there is a handle to take it; the reference of the task's life is given
//!    back in the same step. An awaiter's waker is copied before the step and belongs to the copier if the step succeeds:
//!    only the handle could have changed it, and that would have set `MOVED`, cleared `HANDLE` or changed `AWAITER`. With
//!    `MOVED` set already the waker is taken after the step and the reference given back last.
//! 6. *Detach* and *drop* of the handle clear `HANDLE` and `AWAITER`.
//! 7. Whoever finds that it leaves neither a handle nor a reference frees the memory.
//!
//! A wake or a poll of a task on its own worker takes one atomic read-modify-write each, a spawn none, an end one.
//!
//! # Why not async-task
//!
//! It was this crate's cell before. It needs 13 read-modify-writes for a spawn and an await where this one needs 5 (each 7
//! to 9 ns on the machine of the benchmarks), 3 for a yield where this one needs none, it cannot be modelled, and it
//! aborts the process on panics that users can cause. The figures are in ARCHITECTURE.md.
//!
//! # Tested by
//!
//! `tests/loom_cell.rs`, over this very code; Miri and ThreadSanitizer over the other tests.

mod awaiter;
mod body;
mod handle;
mod prefix;
mod runnable;
mod tab;
mod waker;
mod word;

pub(crate) use body::{Parts, allocate};
pub(crate) use handle::Handle;
pub(crate) use prefix::Prefix;
pub(crate) use runnable::Runnable;
pub(crate) use tab::Tab;
pub(crate) use waker::is_waker_of;
