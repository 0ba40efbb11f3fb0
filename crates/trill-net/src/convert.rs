//! Back to the standard library's sockets.

use std::io;
use std::sync::Arc;

use trill_reactor::Async;

/// Takes a socket out of the reactor, or duplicates its descriptor if it is shared.
pub(crate) fn into_std<T>(
    socket: Arc<Async<T>>,
    duplicate: impl FnOnce(&T) -> io::Result<T>,
) -> io::Result<T> {
    match Arc::try_unwrap(socket) {
        Ok(socket) => socket.into_inner(),
        Err(shared) => duplicate(shared.get_ref()),
    }
}
