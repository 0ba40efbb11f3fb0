//! What is known of each standard stream.

use std::env;
use std::io;
use std::sync::{Mutex, PoisonError};

use trill_reactor::{Async, Reactor};
use trill_world::World;

use crate::slow::Slow;
use crate::sys;

/// How a standard stream is waited for.
///
/// # Examples
///
/// See [`Stdin::way`](crate::Stdin::way).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Way {
    /// In the reactor.
    Reactor,
    /// By a helper thread.
    Thread,
}

/// One of the three streams; its number is the descriptor's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Stdin = 0,
    Stdout = 1,
    Stderr = 2,
}

/// A stream that was opened. It lives as long as the process.
#[derive(Debug)]
pub(crate) enum Stream {
    Ready(Async<sys::Channel>),
    Slow(Slow),
}

impl Which {
    /// What people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Which::Stdin => "standard input",
            Which::Stdout => "standard output",
            Which::Stderr => "standard error",
        }
    }

    /// Opens the stream at its first use.
    ///
    /// # Errors
    ///
    /// If its descriptor is closed or another one's, which is remembered, or the system refuses what is needed, which is
    /// not.
    pub(crate) fn stream(self) -> io::Result<&'static Stream> {
        if !World::current().is_os() {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                format!(
                    "a simulated world has no {}: use it outside of it",
                    self.name()
                ),
            ));
        }
        let mut known = KNOWN[self as usize]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Known::Open(stream) => Ok(stream),
            Known::Closed(why) => Err(self.closed(why)),
            Known::Nothing => match sys::open(self, Way::thread_is_asked_for()?) {
                Ok(Opened::Channel(channel)) => {
                    // The process-wide reactor: the stream outlives all others.
                    let stream = Async::new_nonblocking_in(&Reactor::global()?, channel)?;
                    Ok(known.keep(Stream::Ready(stream)))
                }
                Ok(Opened::Device(device)) => Ok(known.keep(Stream::Slow(Slow::new(device)))),
                Ok(Opened::Closed(why)) => {
                    *known = Known::Closed(why);
                    Err(self.closed(why))
                }
                Err(error) => Err(error),
            },
        }
    }

    fn closed(self, why: &str) -> io::Error {
        io::Error::new(
            io::ErrorKind::NotFound,
            format!(
                "{} (descriptor {}) {why}: start the program with one, or do not close it",
                self.name(),
                self as usize
            ),
        )
    }
}

impl Stream {
    pub(crate) fn way(&self) -> Way {
        match self {
            Stream::Ready(_) => Way::Reactor,
            Stream::Slow(_) => Way::Thread,
        }
    }
}

impl Way {
    /// Whether the environment asks for the thread in any case.
    fn thread_is_asked_for() -> io::Result<bool> {
        match env::var_os(VARIABLE) {
            None => Ok(false),
            Some(value) if value == "thread" => Ok(true),
            Some(value) if value == "reactor" => Ok(false),
            Some(value) => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "{VARIABLE}={} means nothing: set it to `thread` or `reactor`, or unset it",
                    value.to_string_lossy()
                ),
            )),
        }
    }
}

/// What looking at a descriptor has found.
#[cfg_attr(not(unix), allow(dead_code))] // Elsewhere everything is a device.
pub(crate) enum Opened {
    /// It can be waited for, and used without blocking.
    Channel(sys::Channel),
    /// It may block.
    Device(sys::Device),
    /// It is no standard stream; says why.
    Closed(&'static str),
}

/// What is remembered.
enum Known {
    Nothing,
    Open(&'static Stream),
    Closed(&'static str),
}

impl Known {
    fn keep(&mut self, stream: Stream) -> &'static Stream {
        let stream: &'static Stream = Box::leak(Box::new(stream));
        *self = Known::Open(stream);
        stream
    }
}

const VARIABLE: &str = "TRILL_STDIO";

static KNOWN: [Mutex<Known>; 3] = [const { Mutex::new(Known::Nothing) }; 3];
