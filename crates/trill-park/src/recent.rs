//! The clock as it was read before a poll.

use std::cell::Cell;
use std::time::Instant;

use crate::attendant;
use crate::thread::Thread;

/// Returns the clock as this thread's [`block_on`](crate::block_on) read it just before its current poll, if it did.
///
/// For those who only need to know that something is far away, and would read the clock for it: this is early by as long as
/// the poll has lasted. `None` outside `block_on`, in a simulated world, and in a poll before which the clock was not read.
///
/// # Examples
///
/// ```
/// assert_eq!(trill_park::recent(), None);
/// trill_park::block_on(async {
///     if let Some(recent) = trill_park::recent() {
///         assert!(recent <= trill_world::now());
///     }
/// });
/// ```
#[inline]
pub fn recent() -> Option<Instant> {
    RECENT.get()
}

/// Keeps a reading of the clock for the next poll, unless the clock may jump within it, or a poll that lasts for long would
/// be noticed by nobody.
#[inline]
pub(crate) fn note(thread: &Thread, now: Instant) {
    if thread.is_attended() && attendant::is_started() {
        RECENT.set(Some(now));
    }
}

/// Keeps none.
#[inline]
pub(crate) fn forget() {
    RECENT.set(None);
}

thread_local! {
    static RECENT: Cell<Option<Instant>> = const { Cell::new(None) };
}
