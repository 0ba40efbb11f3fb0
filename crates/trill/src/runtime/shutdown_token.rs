//! Being asked to end.

use trill_task::CancelToken;

use super::current;

/// Returns the token that is cancelled when the thread's runtime begins to end: main has returned, or was cancelled and
/// dropped.
///
/// Tasks then have the [grace](crate::Builder::shutdown_grace) to end by themselves; without a grace nobody who waits
/// for the token comes to act on it, but [callbacks](CancelToken::on_cancel) are called.
///
/// With a grace, main has a token of its own below this one, which a signal cancels first. It is the
/// [current](CancelToken::current) token of main, and of the tasks that main spawns outside any scope.
///
/// Outside a runtime this is about the process-wide one, which never ends.
///
/// # Examples
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use std::time::Duration;
///
/// let log = Arc::new(Mutex::new(Vec::new()));
/// let task_log = log.clone();
/// trill::Runtime::builder().shutdown_grace(Duration::from_secs(10)).run(async move {
///     trill::spawn(async move {
///         trill::shutdown_token().cancelled().await;
///         trill::time::sleep(Duration::from_millis(1)).await;
///         task_log.lock().unwrap().push("saved");
///     })
///     .detach();
///     trill::task::yield_now().await;
/// })?;
/// assert_eq!(*log.lock().unwrap(), ["saved"]);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn shutdown_token() -> CancelToken {
    current::with(|inner| inner.shared.token.0.clone())
}
