//! Runs a future on a thread that parks in its reactor.

use std::future::Future;

use crate::reactor::current_core;

/// Runs `future` to its end on this thread, which parks in its [current](crate::Reactor::current) reactor meanwhile.
///
/// It is [`trill_park::block_on`], with the reactor known from the beginning. If there is no reactor (because the
/// operating system refuses its descriptors) the future runs all the same; making a source then tells why.
///
/// # Panics
///
/// If the future panics.
///
/// # Examples
///
/// ```
/// let sum = trill_reactor::block_on::<u32>(async { 1 + 2 });
/// assert_eq!(sum, 3);
/// ```
#[track_caller]
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let core = trill_world::World::current()
        .is_os()
        .then(|| current_core().ok())
        .flatten();
    trill_park::block_on(async move {
        if let Some(core) = core {
            // A refusal comes again, as an error, from the first source that waits.
            let _ = trill_park::thread().drive(core);
        }
        future.await
    })
}
