//! `Async<TcpListener>` and `Async<TcpStream>`.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::accept::{Accept, Incoming, Listener};
use crate::event::Interest;
use crate::reactor::current_core;
use crate::sys;
use crate::with::ReadWith;
use crate::wrapper::Async;

impl Async<TcpListener> {
    /// Listens on an address.
    ///
    /// # Errors
    ///
    /// What the operating system says, or as [`Async::new`].
    ///
    /// # Examples
    ///
    /// See [`Async::accept`](Async::<TcpListener>::accept).
    pub fn bind<A: Into<SocketAddr>>(address: A) -> io::Result<Async<TcpListener>> {
        Async::new(sys::tcp_listener(address.into())?)
    }

    /// Accepts a connection.
    ///
    /// The stream is registered with the reactor this thread has entered, else with the listener's.
    ///
    /// # Errors
    ///
    /// What the operating system says; the listener goes on working.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a connection is taken in the poll that returns it; until then it stays in the backlog.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::{TcpListener, TcpStream};
    /// use trill_reactor::{Async, block_on};
    ///
    /// let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0))?;
    /// let client = TcpStream::connect(listener.get_ref().local_addr()?)?;
    /// let (_stream, address) = block_on(listener.accept())?;
    /// assert_eq!(address, client.local_addr()?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn accept(&self) -> Accept<'_, TcpListener> {
        Accept::new(self)
    }

    /// Accepts connections for ever.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::{TcpListener, TcpStream};
    /// use futures_lite::StreamExt;
    /// use trill_reactor::{Async, block_on};
    ///
    /// let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0))?;
    /// let client = TcpStream::connect(listener.get_ref().local_addr()?)?;
    /// let stream = block_on(listener.incoming().next()).expect("it never ends")?;
    /// assert_eq!(stream.get_ref().peer_addr()?, client.local_addr()?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn incoming(&self) -> Incoming<'_, TcpListener> {
        Incoming::new(self)
    }
}

impl Listener for TcpListener {
    type Stream = TcpStream;
    type Address = SocketAddr;

    const SHORT_IS_ALL: bool = true;

    fn accept_one(&self) -> io::Result<(TcpStream, SocketAddr)> {
        sys::accept_tcp(self)
    }
}

impl TryFrom<TcpListener> for Async<TcpListener> {
    type Error = io::Error;

    fn try_from(listener: TcpListener) -> io::Result<Async<TcpListener>> {
        Async::new(listener)
    }
}

impl Async<TcpStream> {
    /// Connects to an address.
    ///
    /// # Errors
    ///
    /// What the operating system says: refused, unreachable, timed out; or as [`Async::new`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the socket; the other side may have seen the connection.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::{TcpListener, TcpStream};
    /// use trill_reactor::{Async, block_on};
    ///
    /// let listener = TcpListener::bind(("127.0.0.1", 0))?;
    /// let stream = block_on(Async::<TcpStream>::connect(listener.local_addr()?))?;
    /// assert_eq!(stream.get_ref().peer_addr()?, listener.local_addr()?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn connect<A: Into<SocketAddr>>(address: A) -> Connect {
        // Registered when it is under way: a socket that is not connecting counts as hung up.
        let stream = current_core().and_then(|core| {
            Async::register(
                core,
                sys::connect_tcp(address.into())?,
                Interest::NONE,
                true,
            )
        });
        Connect(Connecting::Begun(stream))
    }

    /// Reads without taking the bytes out of the stream.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is consumed.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Write;
    /// use std::net::{TcpListener, TcpStream};
    /// use trill_reactor::{Async, block_on};
    ///
    /// let listener = TcpListener::bind(("127.0.0.1", 0))?;
    /// let stream = block_on(Async::<TcpStream>::connect(listener.local_addr()?))?;
    /// listener.accept()?.0.write_all(b"hello")?;
    /// let mut buffer = [0; 5];
    /// assert_eq!(block_on(stream.peek(&mut buffer))?, 5);
    /// assert_eq!(block_on(stream.peek(&mut buffer))?, 5);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn peek<'a>(
        &'a self,
        buffer: &'a mut [u8],
    ) -> ReadWith<'a, TcpStream, impl FnMut(&TcpStream) -> io::Result<usize> + use<'a>> {
        self.read_with(move |stream| stream.peek(buffer))
    }
}

impl TryFrom<TcpStream> for Async<TcpStream> {
    type Error = io::Error;

    fn try_from(stream: TcpStream) -> io::Result<Async<TcpStream>> {
        sys::set_nonblocking(&stream)?;
        Async::register(current_core()?, stream, Interest::BOTH, true)
    }
}

/// Connects a TCP stream; from [`Async::connect`](Async::<TcpStream>::connect).
///
/// # Cancel safety
///
/// Dropping it closes the socket.
///
/// # Panics
///
/// If polled after it has returned.
///
/// # Examples
///
/// See [`Async::connect`](Async::<TcpStream>::connect).
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Connect(Connecting);

#[derive(Debug)]
enum Connecting {
    Begun(io::Result<Async<TcpStream>>),
    Done,
}

impl Future for Connect {
    type Output = io::Result<Async<TcpStream>>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &self.0 {
            // Writable means: the attempt has ended, one way or the other.
            Connecting::Begun(Ok(stream)) => ready!(stream.poll_writable(cx))?,
            Connecting::Begun(Err(_)) => {}
            Connecting::Done => panic!("a connect was polled after it had returned"),
        }
        let Connecting::Begun(begun) = std::mem::replace(&mut self.0, Connecting::Done) else {
            unreachable!("the other arm has panicked");
        };
        let stream = begun?;
        match stream.get_ref().take_error()? {
            None => Poll::Ready(Ok(stream)),
            Some(error) => Poll::Ready(Err(error)),
        }
    }
}
