//! What can be told of a loop.

/// Tells how many callbacks a loop has at one moment. Cancelled ones are not among them: nothing of them is left.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// let callbacks = trill_callback::Callbacks::new();
/// callbacks.call_soon(|| {});
/// callbacks.call_later(Duration::from_secs(1), || {}).cancel();
/// let now = callbacks.statistics();
/// assert_eq!((now.soon, now.timers, now.watches), (1, 0, 0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallbackStatistics {
    /// Those that run in the next turn, or in what is left of this one.
    pub soon: usize,
    /// Those that wait for a deadline.
    pub timers: usize,
    /// Directions of descriptors that are watched.
    pub watches: usize,
}
