//! Waiting for several things at once.
//!
//! | to wait for | use |
//! | --- | --- |
//! | all futures, in order | [`gather`](crate::gather) |
//! | all futures, or the first error | [`try_gather`](crate::try_gather) |
//! | the first future, and drop the others | [`race`](crate::race) |
//! | futures as they end | [`as_completed`](crate::as_completed) |
//! | one future for each item, so many at a time | [`map_concurrent`](crate::map_concurrent) |
//! | all tasks, and own them | [`join_all`](crate::join_all), [`try_join_all`] |
//! | some tasks, and leave them alone | [`wait`](crate::wait) |
//!
//! The futures here are polled within the task that awaits the whole: at the same time, but not in parallel. Each has a
//! waker of its own, so that only those that were woken are polled: ten thousand cost no more per wake than two.
//! Each poll of the whole polls a woken member once, in the order of the wakes.

mod as_completed;
mod gather;
mod join_all;
mod map_concurrent;
pub(crate) mod members;
mod race;
pub(crate) mod ready_set;
mod row;
mod task_handle;
mod try_gather;
mod wait;

pub use as_completed::{AsCompleted, Next, as_completed};
pub use gather::{Gather, gather};
pub use join_all::{JoinAll, JoinFailure, TryJoinAll, join_all, try_join_all};
pub use map_concurrent::{
    MapConcurrent, Tries, TryMapConcurrent, map_concurrent, try_map_concurrent,
};
pub use race::{Race, race};
pub use row::{Futures, Iterated, RaceRow, Row, Slot, TryRow, Tuple};
pub use task_handle::{Ended, TaskHandle, Waitable};
pub use try_gather::{TryGather, try_gather};
pub use wait::{Until, Wait, Waited, wait};
