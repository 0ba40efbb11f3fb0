//! A listener: a node, and its socket in a reactor.

use std::fmt;
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::panic::Location;
use std::task::{Context, Poll};

use trill_reactor::{Async, Direction};

use super::nodes::Node;
use super::{bit, numbers, registry};
use crate::sys::Role;

/// See the module `sys`.
pub(crate) struct Listener {
    node: &'static Node,
    ear: Async<UnixStream>,
    /// Each once.
    numbers: Vec<i32>,
}

impl Listener {
    pub(crate) fn new(numbers: &[i32], role: Role) -> io::Result<Listener> {
        let mut numbers = numbers.to_vec();
        numbers.sort_unstable();
        numbers.dedup();
        let refused = match numbers.iter().find_map(|number| numbers::refusal(*number)) {
            None if numbers.is_empty() => Some("name at least one signal to listen for".to_owned()),
            refused => refused,
        };
        if let Some(text) = refused {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let node = Node::acquire()?;
        match Listener::prepare(node, &numbers, role) {
            Ok(ear) => Ok(Listener { node, ear, numbers }),
            Err(error) => {
                node.stop_listening();
                node.release();
                Err(error)
            }
        }
    }

    fn prepare(node: &Node, numbers: &[i32], role: Role) -> io::Result<Async<UnixStream>> {
        let ear = Async::new_nonblocking(node.ear()?)?;
        // Before the handler: from the moment that is there, somebody hears.
        node.listen(
            numbers.iter().fold(0, |all, number| all | bit(*number)),
            role,
        );
        registry::add(numbers)?;
        Ok(ear)
    }

    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
    ) -> Poll<u64> {
        loop {
            let taken = self.node.take();
            if taken != 0 {
                return Poll::Ready(taken);
            }
            let emptied = self
                .ear
                .source()
                .poll_io(cx, Direction::Read, location, || {
                    self.ear.get_ref().read(&mut [0; EAR_BYTES_MAX])
                });
            match emptied {
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(_)) => {
                    // Nobody can serve the socket: the system refuses a helper thread. The next turn tries again.
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl Listener {
    /// Stops listening, and returns what came, was not taken, and has no other listener: another one has heard it, too.
    pub(crate) fn end(self) -> u64 {
        let Listener { node, numbers, .. } = &self;
        let unheard = registry::remove(numbers);
        let untaken = node.take() & unheard;
        node.stop_listening();
        // The rest is as in `drop`, which must not remove the listener a second time.
        let mut this = self;
        this.numbers.clear();
        untaken
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // After this the handler takes the signals for nobody's, which is what they are once it is gone.
        self.node.stop_listening();
        registry::remove(&self.numbers);
        self.node.release();
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener")
            .field("numbers", &self.numbers)
            .finish_non_exhaustive()
    }
}

/// More bytes than a listener can be behind by.
const EAR_BYTES_MAX: usize = 16;
