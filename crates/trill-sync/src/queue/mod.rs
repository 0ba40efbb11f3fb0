//! Queues of work between tasks and threads.
//!
//! | | comes out next |
//! | --- | --- |
//! | [`Queue`] | what was put first |
//! | [`LifoQueue`] | what was put last |
//! | [`PriorityQueue`] | the smallest; equal ones in order of arrival |
//!
//! Unlike a [`channel`](crate::channel), a queue is one object without two ends. It is closed by
//! [`shutdown`](BaseQueue::shutdown) and not by dropping, and it knows when all work is done.
//!
//! # The smallest program
//!
//! ```
//! use futures_lite::future::zip;
//! use trill_sync::queue::{Queue, Shutdown};
//!
//! # trill_park::block_on(async {
//! let queue = Queue::bounded(2);
//! let produce = async {
//!     for job in ["wash", "dry", "iron"] {
//!         queue.put(job).await.unwrap();
//!     }
//!     queue.join().await;
//!     queue.shutdown(Shutdown::Graceful);
//! };
//! let consume = async {
//!     let mut done = 0;
//!     while let Ok(job) = queue.get_item().await {
//!         assert!(!job.is_empty());
//!         done += 1;
//!     }
//!     done
//! };
//! assert_eq!(zip(produce, consume).await.1, 3);
//! # });
//! ```
//!
//! # How it works
//!
//! * Everything lies behind one mutex, which is held for a few instructions and never across a wake.
//! * Waiters are strictly first come, first served: an item, or a place, that becomes free is promised to the first
//!   who waits. From then on `try_get`, `try_put` and newcomers do not get it.
//! * A promised item stays in the queue until the poll that takes it. A waiter that is dropped gives its promise to
//!   the next, so no item is lost and none comes twice. One that is neither polled nor dropped holds up those behind.
//! * An item is *unfinished* from `put` until it is marked as done: by [`task_done`](BaseQueue::task_done), or by
//!   dropping the [`Item`] that [`get_item`](BaseQueue::get_item) returns. [`join`](BaseQueue::join) waits for all.
//! * Every wait has a blocking form for threads outside the runtime.
//!
//! # What it does not do
//!
//! Comparing two items of a [`PriorityQueue`] runs under its mutex and must not use the same queue. A comparison that
//! panics goes through to who put the item, and loses that item only. A stream of small messages between two tasks is
//! cheaper through a channel, which has no mutex.

mod base;
mod error;
mod get;
mod item;
mod join;
mod put;
mod shared;
mod stats;
mod store;

pub use base::{BaseQueue, Shutdown};
pub use error::{Closed, PutError, TooManyDone, TryGetError, TryPutError};
pub use get::{Get, GetItem};
pub use item::Item;
pub use join::Join;
pub use put::Put;
pub use stats::QueueStats;
pub use store::{FirstInFirstOut, LastInFirstOut, SmallestFirst, Store};

/// A queue from which comes first what was put first.
///
/// # Examples
///
/// ```
/// use trill_sync::queue::Queue;
///
/// let queue = Queue::unbounded();
/// for item in [2, 1, 3] {
///     queue.try_put(item).unwrap();
/// }
/// assert_eq!(queue.try_get(), Ok(2));
/// ```
pub type Queue<T> = BaseQueue<FirstInFirstOut<T>>;

/// A queue from which comes first what was put last.
///
/// # Examples
///
/// ```
/// use trill_sync::queue::LifoQueue;
///
/// let queue = LifoQueue::unbounded();
/// for item in [2, 1, 3] {
///     queue.try_put(item).unwrap();
/// }
/// assert_eq!(queue.try_get(), Ok(3));
/// ```
pub type LifoQueue<T> = BaseQueue<LastInFirstOut<T>>;

/// A queue from which comes first what is smallest; equal items come out in the order in which they were put.
///
/// For the greatest first, put them in as [`Reverse`](std::cmp::Reverse).
///
/// # Examples
///
/// ```
/// use trill_sync::queue::PriorityQueue;
///
/// let queue = PriorityQueue::unbounded();
/// for item in [2, 1, 3] {
///     queue.try_put(item).unwrap();
/// }
/// assert_eq!(queue.try_get(), Ok(1));
/// ```
pub type PriorityQueue<T> = BaseQueue<SmallestFirst<T>>;
