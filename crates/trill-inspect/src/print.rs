//! Everything at once.

use std::io::{self, Write};

use crate::snapshot::Snapshot;

/// Writes the table and the await graph of all tasks in the process; for a signal's handler thread, a debug key, or a
/// watchdog.
///
/// It may be called from any thread, also where no executor runs. It is no function for the inside of a signal handler.
///
/// # Errors
///
/// What `out` refuses.
///
/// # Examples
///
/// ```
/// let ex = trill_executor::Executor::new();
/// let task = ex.builder().name("reader").spawn(std::future::pending::<()>());
/// ex.try_tick();
/// let mut text = Vec::new();
/// trill_inspect::print(&mut text)?;
/// let text = String::from_utf8(text).unwrap();
/// assert!(text.contains(&task.id().to_string()));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn print(out: &mut impl Write) -> io::Result<()> {
    let snapshot = Snapshot::of_process();
    // In one piece, so that other threads' lines do not come in between.
    let text = format!("{}\n{}", snapshot.table(), snapshot.graph());
    out.write_all(text.as_bytes())?;
    out.flush()
}
