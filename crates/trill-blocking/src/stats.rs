//! What a pool is doing.

use crate::class::Class;

/// What a pool is doing at one moment; all numbers belong to the same moment.
///
/// # Examples
///
/// ```
/// let pool = trill_blocking::Pool::new();
/// assert_eq!(trill_park::block_on(pool.unblock(|| 5)), 5);
/// let stats = pool.stats();
/// assert_eq!((stats.threads, stats.started), (1, 1));
/// assert_eq!(stats.classes[0].queued, 0);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Threads that live.
    pub threads: usize,
    /// Threads among them that wait for work.
    pub idle: usize,
    /// How many threads may live at once.
    pub max_threads: usize,
    /// Threads started since the pool was made.
    pub started: u64,
    /// How often the operating system refused to start a thread.
    pub refused: u64,
    /// Every class that was used so far or named to the builder.
    pub classes: Vec<ClassStats>,
}

/// What one class of a pool is doing.
///
/// # Examples
///
/// See [`Stats`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClassStats {
    /// The class, with the limit that counts in this pool.
    pub class: Class,
    /// Threads that work for it.
    pub running: usize,
    /// Jobs that wait, including those whose task was dropped: they leave the queue when their turn comes.
    pub queued: usize,
}
