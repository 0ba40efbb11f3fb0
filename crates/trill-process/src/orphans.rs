//! Reaps children whose handles were dropped.
//!
//! With a pidfd nobody needs to wait for that: the waker that is registered with it reaps when it is called, on the thread
//! which delivers the event. It keeps the child's entry alive, and is kept alive by it, until then.

use std::io;
use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use trill_cell::{Header, Spawned, unbudgeted};
use trill_reactor::Direction;

use crate::process::Process;

/// Sees to it that a child is reaped when it ends.
pub(crate) fn adopt(process: Arc<Process>) {
    // A thread reaps its child in any case.
    if process.look().is_none() && process.pidfd().is_some() {
        Arc::new(Orphan { process }).watch();
    }
}

/// Looks at the children that nobody could watch; those who start another child do it, so that they cannot pile up.
pub(crate) fn sweep() {
    // Dropping a child's entry ends its registration, which is better done without the lock.
    let mut left = std::mem::take(&mut *unwatched());
    left.retain(|process| process.look().is_none());
    if !left.is_empty() {
        unwatched().append(&mut left);
    }
}

/// A child without a handle.
struct Orphan {
    process: Arc<Process>,
}

impl Orphan {
    /// Reaps the child if it has ended, else waits for that.
    fn watch(self: Arc<Orphan>) {
        let Some(pidfd) = self.process.pidfd() else {
            return;
        };
        let waker = Waker::from(self.clone());
        let mut cx = Context::from_waker(&waker);
        let here = Location::caller();
        // Neither the budget of whoever runs here nor what it is said to wait for is the child's business.
        let header = Header::new(Spawned::at(here));
        let watched = header.within(|| {
            unbudgeted(|| {
                pidfd.source().poll_io(&mut cx, Direction::Read, here, || {
                    match self.process.look() {
                        Some(_) => Ok(()),
                        None => Err(io::ErrorKind::WouldBlock.into()),
                    }
                })
            })
        });
        if let Poll::Ready(Err(_)) = watched {
            unwatched().push(self.process.clone());
        }
    }
}

impl Wake for Orphan {
    fn wake(self: Arc<Orphan>) {
        self.watch();
    }
}

/// Children that no reactor would watch: dropped in a simulated world, or where the attendant cannot be started.
fn unwatched() -> std::sync::MutexGuard<'static, Vec<Arc<Process>>> {
    static UNWATCHED: Mutex<Vec<Arc<Process>>> = Mutex::new(Vec::new());
    UNWATCHED.lock().unwrap_or_else(PoisonError::into_inner)
}
