//! From names to addresses.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use trill_blocking::{Class, Task, try_unblock_erased};
use trill_cell::Kind;

use crate::address::{AsyncToSocketAddrs, Target};
use crate::sys;

/// Finds the addresses of a host.
///
/// Numeric addresses are ready at once. Names are looked up as the operating system is configured to (`getaddrinfo`),
/// on the blocking pool, in a class of its own: look-ups that hang hold at most [`LOOKUPS_MAX`] threads. The order of
/// the answer is the system's, which prefers what it can reach.
///
/// # Errors
///
/// `InvalidInput`, naming the text, if it is no address; what the system says of a name; `Unsupported` for a name in
/// a simulated world.
///
/// # Cancel safety
///
/// Cancel safe: a look-up that has not begun is taken back; one that has begun ends on its thread and is forgotten.
///
/// # Examples
///
/// ```
/// use trill_net::resolve;
///
/// trill_park::block_on(async {
///     for address in resolve("localhost:80").await? {
///         assert!(address.ip().is_loopback());
///     }
///     # Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn resolve<A: AsyncToSocketAddrs>(addr: A) -> Resolve {
    Resolve {
        search: Search::new(&addr),
    }
}

/// The future of [`resolve`].
///
/// # Examples
///
/// See [`resolve`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Resolve {
    search: Search,
}

impl Future for Resolve {
    type Output = io::Result<Vec<SocketAddr>>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let found = ready!(self.search.poll(cx, Location::caller()));
        Poll::Ready(found.map(|found| match found {
            Found::One(address) => vec![address],
            Found::Many(addresses) => addresses,
        }))
    }
}

/// What was found.
pub(crate) enum Found {
    One(SocketAddr),
    /// Several, or none.
    Many(Vec<SocketAddr>),
}

impl Found {
    pub(crate) fn as_slice(&self) -> &[SocketAddr] {
        match self {
            Found::One(address) => std::slice::from_ref(address),
            Found::Many(addresses) => addresses,
        }
    }
}

/// A search for addresses, as part of other futures. It allocates only for names.
pub(crate) enum Search {
    Target(Target),
    Lookup(Lookup),
    Over,
}

type Lookup = Task<Box<dyn Any + Send>>;

/// What comes of it.
type Addresses = io::Result<Vec<SocketAddr>>;

impl Search {
    pub(crate) fn new<A: AsyncToSocketAddrs>(addr: &A) -> Search {
        Search::Target(addr.target())
    }

    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
    ) -> Poll<io::Result<Found>> {
        loop {
            match std::mem::replace(self, Search::Over) {
                Search::Target(Target::One(address)) => {
                    return Poll::Ready(Ok(Found::One(address)));
                }
                Search::Target(Target::Many(addresses)) => {
                    return Poll::Ready(Ok(Found::Many(addresses)));
                }
                Search::Target(Target::Invalid(error)) => return Poll::Ready(Err(error.into())),
                Search::Target(Target::Name(host, port)) => {
                    *self = Search::Lookup(look_up(host, port)?);
                }
                Search::Lookup(mut lookup) => {
                    let Poll::Ready(found) = Pin::new(&mut lookup).poll(cx) else {
                        *self = Search::Lookup(lookup);
                        trill_cell::waiting(Kind::Blocking, 0, location);
                        return Poll::Pending;
                    };
                    return Poll::Ready(match found.downcast::<Addresses>() {
                        Ok(found) => found.map(Found::Many),
                        Err(_) => unreachable!("a look-up ends with addresses"),
                    });
                }
                Search::Over => panic!("a look-up was polled after it was ready"),
            }
        }
    }
}

impl fmt::Debug for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Search::Target(target) => target.fmt(f),
            Search::Lookup(_) => f.write_str("Lookup"),
            Search::Over => f.write_str("Over"),
        }
    }
}

/// Looks a name up on the blocking pool.
fn look_up(host: Box<str>, port: u16) -> io::Result<Lookup> {
    sys::os_only("look names up")?;
    let work = move || -> Addresses {
        sys::look_up(&host, port).map_err(|error| {
            let text = format!("cannot look up `{}`: {error}", host.escape_debug());
            io::Error::new(error.kind(), text)
        })
    };
    // Without its type: a task of its own would be compiled for nothing but this.
    try_unblock_erased(&NAMES, Box::new(move || Box::new(work())))
}

/// Keeps look-ups from taking all threads of the pool.
static NAMES: Class = Class::new("names", LOOKUPS_MAX);

/// How many threads may look names up at once: enough for a crawler whose resolver answers, and few enough for a pool
/// of hundreds to go on with files when the resolver hangs.
///
/// A program chooses another limit with the class `names` of its blocking pool.
pub const LOOKUPS_MAX: usize = 32;
