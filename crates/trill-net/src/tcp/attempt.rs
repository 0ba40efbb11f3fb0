//! One attempt to connect.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{self, SocketAddr};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use socket2::{Domain, SockAddr, Socket, Type};
use trill_reactor::{Async, Direction};

use crate::address_error::AddressError;
use crate::sys::{self, AsFd};

/// Connects a socket to one address. Dropping it closes the socket.
pub(crate) struct Attempt {
    address: SocketAddr,
    state: State,
}

enum State {
    /// Nothing was done yet; the socket is one the program has prepared, or none.
    New(Option<Socket>),
    Connecting(Async<net::TcpStream>),
    Over,
}

impl Attempt {
    pub(crate) fn new(address: SocketAddr) -> Attempt {
        Attempt {
            address,
            state: State::New(None),
        }
    }

    pub(crate) fn with_socket(socket: Socket, address: SocketAddr) -> Attempt {
        Attempt {
            address,
            state: State::New(Some(socket)),
        }
    }

    fn poll_state(
        &mut self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
    ) -> Poll<io::Result<Async<net::TcpStream>>> {
        let address = SockAddr::from(self.address);
        let socket = match std::mem::replace(&mut self.state, State::Over) {
            State::New(socket) => {
                sys::os_only("connect to addresses")?;
                let socket = match socket {
                    Some(socket) => socket,
                    None => sys::open(Domain::for_address(self.address), Type::STREAM)?,
                };
                let connected = sys::begin_connect(&socket, &address)?;
                let socket = Async::new_deferred(net::TcpStream::from(socket))?;
                if connected {
                    return Poll::Ready(Ok(socket));
                }
                socket
            }
            State::Connecting(socket) => socket,
            State::Over => panic!("an attempt to connect was polled after it was ready"),
        };
        // A fresh source is tried at once: on the loopback the answer is there already.
        let checked = socket.source().poll_io(cx, Direction::Write, location, || {
            sys::check_connected(socket.get_ref().as_fd(), &address)
        });
        match checked {
            Poll::Ready(Ok(())) => Poll::Ready(Ok(socket)),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                self.state = State::Connecting(socket);
                Poll::Pending
            }
        }
    }
}

impl Future for Attempt {
    type Output = io::Result<Async<net::TcpStream>>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        this.poll_state(cx, Location::caller())
            .map_err(|error| AddressError::wrap("connect to", this.address, error))
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Attempt").field(&self.address).finish()
    }
}
