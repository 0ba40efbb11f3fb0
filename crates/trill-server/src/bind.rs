//! Listening on all addresses of a host.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use trill_net::futures::{Bind as BindOne, Resolve};
use trill_net::{AsyncToSocketAddrs, TcpListener, resolve};

use crate::acceptor::Plain;
use crate::builder::ServerBuilder;
use crate::server::Server;

/// Makes a server; see [`ServerBuilder::bind`].
///
/// # Examples
///
/// See [`ServerBuilder`].
#[must_use = "futures do nothing unless awaited"]
pub struct Bind {
    builder: ServerBuilder,
    resolve: Resolve,
    /// What is left to bind, last first, once the addresses are known.
    rest: Option<Vec<SocketAddr>>,
    binding: Option<BindOne>,
    bound: Vec<TcpListener>,
    /// Why an address was passed over.
    passed: Option<io::Error>,
}

impl Bind {
    pub(crate) fn new<A: AsyncToSocketAddrs>(builder: ServerBuilder, addr: A) -> Bind {
        Bind {
            builder,
            resolve: resolve(addr),
            rest: None,
            binding: None,
            bound: Vec::new(),
            passed: None,
        }
    }

    fn listen(&self, mut address: SocketAddr) -> BindOne {
        let builder = self.builder.tcp();
        if address.port() == 0 {
            let first = self.bound.first().and_then(|first| first.local_addr().ok());
            address.set_port(first.map_or(0, |first| first.port()));
        }
        match address {
            SocketAddr::V6(_) => builder.only_v6(true).bind(address),
            SocketAddr::V4(_) => builder.bind(address),
        }
    }
}

impl Future for Bind {
    type Output = io::Result<Server<TcpListener, Plain>>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if this.rest.is_none() {
            let mut addresses = Vec::new();
            for address in ready!(Pin::new(&mut this.resolve).poll(cx))? {
                if !addresses.contains(&address) {
                    addresses.push(address);
                }
            }
            addresses.reverse();
            this.rest = Some(addresses);
        }
        loop {
            if let Some(binding) = &mut this.binding {
                // Numeric addresses are bound at once.
                let result = ready!(Pin::new(binding).poll(cx));
                this.binding = None;
                match result {
                    Ok(listener) => this.bound.push(listener),
                    Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => {
                        this.passed = Some(error);
                    }
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
            match this.rest.as_mut().and_then(Vec::pop) {
                Some(address) => this.binding = Some(this.listen(address)),
                None => break,
            }
        }
        if this.bound.is_empty() {
            let none =
                || io::Error::new(io::ErrorKind::AddrNotAvailable, "the host has no address");
            return Poll::Ready(Err(this.passed.take().unwrap_or_else(none)));
        }
        let bound = std::mem::take(&mut this.bound);
        Poll::Ready(Ok(std::mem::take(&mut this.builder).listeners(bound)))
    }
}

impl fmt::Debug for Bind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bind")
            .field("builder", &self.builder)
            .finish_non_exhaustive()
    }
}
