//! A listener: a node, and its socket in a reactor.

use std::fmt;
use std::future::Future;
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use trill_reactor::{Async, Direction};
use trill_timer::{Sleep, sleep};

use super::nodes::Node;
use super::{bit, numbers, registry};
use crate::sys::Role;

/// See the module `sys`.
pub(crate) struct Listener {
    node: &'static Node,
    ear: Async<UnixStream>,
    /// Each once.
    numbers: Vec<i32>,
    /// When the socket is tried again, if it cannot be waited for.
    again: Option<Sleep>,
}

impl Listener {
    pub(crate) fn new(numbers: &[i32], role: Role) -> io::Result<Listener> {
        let mut distinct = Vec::with_capacity(numbers.len());
        for number in numbers {
            if !distinct.contains(number) {
                distinct.push(*number);
            }
        }
        let numbers = distinct;
        let refused = match numbers.iter().find_map(|number| numbers::refusal(*number)) {
            None if numbers.is_empty() => Some("name at least one signal to listen for".to_owned()),
            refused => refused,
        };
        if let Some(text) = refused {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let node = Node::acquire()?;
        match Listener::prepare(node, &numbers, role) {
            Ok(ear) => Ok(Listener {
                node,
                ear,
                numbers,
                again: None,
            }),
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
                Poll::Ready(Err(error)) => {
                    assert!(
                        self.node.is_here(),
                        "signals are heard in the parent: {error}"
                    );
                    // Nobody can serve the socket: the system refuses a helper thread, or to wait for events. Signals
                    // are looked for every now and then meanwhile.
                    let again = self.again.get_or_insert_with(|| sleep(AGAIN_AFTER));
                    ready!(Pin::new(again).poll(cx));
                    self.again = None;
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

/// How long a signal waits at most while its socket cannot be waited for. Soon for a person, and seldom for a processor.
const AGAIN_AFTER: Duration = Duration::from_millis(100);
