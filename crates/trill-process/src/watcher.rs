//! The thread that waits for a child where there is no pidfd.
//!
//! Not one of the blocking pool's: its threads are limited, and a child that is about to end must not wait for a thread
//! that waits for one which is not.

use std::io;
use std::sync::Arc;

use crate::process::Process;
use crate::sys::numbers;

/// Starts it.
pub(crate) fn start(process: Arc<Process>) -> io::Result<()> {
    trill_world::start_thread("trill-child", move || {
        loop {
            // If the child is gone already this says so, and `conclude` finds the same.
            let _ = numbers::wait_for_end(process.pid());
            if process.conclude() {
                return;
            }
        }
    })
}
