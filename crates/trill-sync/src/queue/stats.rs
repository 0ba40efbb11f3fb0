//! What a queue tells of itself.

/// The state of a queue at one moment, from [`BaseQueue::stats`](super::BaseQueue::stats).
///
/// # Examples
///
/// ```
/// use trill_sync::queue::Queue;
///
/// let queue = Queue::bounded(2);
/// queue.try_put("letter").unwrap();
/// let stats = queue.stats();
/// assert_eq!((stats.len, stats.capacity, stats.unfinished), (1, Some(2), 1));
/// assert_eq!((stats.waiting_consumers, stats.waiting_producers), (0, 0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueStats {
    /// How many items are queued.
    pub len: usize,
    /// For how many items there is room in all; `None` without a limit.
    pub capacity: Option<usize>,
    /// How many items are queued, or were taken out and not marked as done.
    pub unfinished: usize,
    /// How many wait for an item and were not woken yet.
    pub waiting_consumers: usize,
    /// How many wait for room and were not woken yet.
    pub waiting_producers: usize,
    /// How many wait in [`join`](super::BaseQueue::join) and were not woken yet.
    pub waiting_joiners: usize,
    /// Whether the queue was shut down.
    pub is_shut_down: bool,
}
