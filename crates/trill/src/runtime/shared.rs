//! What belongs to a runtime besides its tasks and threads, and is still there when those are gone.

use std::io;

use trill_blocking::Pool;
use trill_reactor::Reactor;
use trill_task::CancelToken;

use super::exits::Exits;
use super::hook::{PanicHook, UnhandledHook};

/// What belongs to a runtime besides its tasks and threads.
#[derive(Default)]
pub(crate) struct Shared {
    /// What the worker threads are called, before their number.
    pub(super) name: String,
    /// The runtime's own reactor; `None` means the process-wide one, made on first use.
    pub(super) reactor: Option<Reactor>,
    /// The runtime's own blocking pool; `None` means the process-wide one.
    pub(super) pool: Option<Pool>,
    pub(super) panic_hook: Option<PanicHook>,
    pub(super) unhandled_hook: Option<UnhandledHook>,
    /// What is to be run at the end.
    pub(super) exits: Exits,
    /// Asks tasks to end, when the runtime does.
    pub(super) token: Token,
}

impl Shared {
    /// The runtime's reactor.
    pub(super) fn reactor(&self) -> io::Result<Reactor> {
        match &self.reactor {
            Some(reactor) => Ok(reactor.clone()),
            None => Reactor::global(),
        }
    }
}

/// A token that exists from the begin.
pub(super) struct Token(pub(super) CancelToken);

impl Default for Token {
    fn default() -> Token {
        Token(CancelToken::new())
    }
}
