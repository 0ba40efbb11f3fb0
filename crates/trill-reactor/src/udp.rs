//! `Async<UdpSocket>`.

use std::io;
use std::net::{SocketAddr, UdpSocket};

use crate::sys;
use crate::with::{ReadWith, WriteWith};
use crate::wrapper::Async;

impl Async<UdpSocket> {
    /// Makes a socket that receives at an address.
    ///
    /// # Errors
    ///
    /// What the operating system says, or as [`Async::new`].
    ///
    /// # Examples
    ///
    /// See [`Async`].
    pub fn bind<A: Into<SocketAddr>>(address: A) -> io::Result<Async<UdpSocket>> {
        Async::new(sys::udp_socket(address.into())?)
    }

    /// Receives a datagram, and who sent it.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a datagram is taken in the poll that returns it.
    ///
    /// # Examples
    ///
    /// See [`Async`].
    pub fn recv_from<'a>(
        &'a self,
        buffer: &'a mut [u8],
    ) -> ReadWith<'a, UdpSocket, impl FnMut(&UdpSocket) -> io::Result<(usize, SocketAddr)> + use<'a>>
    {
        self.read_with(move |socket| socket.recv_from(buffer))
    }

    /// Receives a datagram and who sent it, and leaves it in the queue.
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
    /// See [`Async::recv`](Async::<UdpSocket>::recv).
    pub fn peek_from<'a>(
        &'a self,
        buffer: &'a mut [u8],
    ) -> ReadWith<'a, UdpSocket, impl FnMut(&UdpSocket) -> io::Result<(usize, SocketAddr)> + use<'a>>
    {
        self.read_with(move |socket| socket.peek_from(buffer))
    }

    /// Sends a datagram to an address.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a datagram is sent in the poll that returns, or not at all.
    ///
    /// # Examples
    ///
    /// See [`Async`].
    pub fn send_to<'a, A: Into<SocketAddr>>(
        &'a self,
        buffer: &'a [u8],
        address: A,
    ) -> WriteWith<'a, UdpSocket, impl FnMut(&UdpSocket) -> io::Result<usize> + use<'a, A>> {
        let address = address.into();
        self.write_with(move |socket| socket.send_to(buffer, address))
    }

    /// Receives a datagram from the peer the socket is connected to.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a datagram is taken in the poll that returns it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::UdpSocket;
    /// use trill_reactor::{Async, block_on};
    ///
    /// let a = Async::<UdpSocket>::bind(([127, 0, 0, 1], 0))?;
    /// let b = Async::<UdpSocket>::bind(([127, 0, 0, 1], 0))?;
    /// a.get_ref().connect(b.get_ref().local_addr()?)?;
    /// b.get_ref().connect(a.get_ref().local_addr()?)?;
    /// block_on(async {
    ///     a.send(b"hello").await?;
    ///     let mut buffer = [0; 16];
    ///     assert_eq!(b.peek(&mut buffer).await?, 5);
    ///     assert_eq!(b.peek_from(&mut buffer).await?, (5, a.get_ref().local_addr()?));
    ///     assert_eq!(b.recv(&mut buffer).await?, 5);
    ///     Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn recv<'a>(
        &'a self,
        buffer: &'a mut [u8],
    ) -> ReadWith<'a, UdpSocket, impl FnMut(&UdpSocket) -> io::Result<usize> + use<'a>> {
        self.read_with(move |socket| socket.recv(buffer))
    }

    /// Receives a datagram from the peer and leaves it in the queue.
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
    /// See [`Async::recv`](Async::<UdpSocket>::recv).
    pub fn peek<'a>(
        &'a self,
        buffer: &'a mut [u8],
    ) -> ReadWith<'a, UdpSocket, impl FnMut(&UdpSocket) -> io::Result<usize> + use<'a>> {
        self.read_with(move |socket| socket.peek(buffer))
    }

    /// Sends a datagram to the peer the socket is connected to.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a datagram is sent in the poll that returns, or not at all.
    ///
    /// # Examples
    ///
    /// See [`Async::recv`](Async::<UdpSocket>::recv).
    pub fn send<'a>(
        &'a self,
        buffer: &'a [u8],
    ) -> WriteWith<'a, UdpSocket, impl FnMut(&UdpSocket) -> io::Result<usize> + use<'a>> {
        self.write_with(move |socket| socket.send(buffer))
    }
}

impl TryFrom<UdpSocket> for Async<UdpSocket> {
    type Error = io::Error;

    fn try_from(socket: UdpSocket) -> io::Result<Async<UdpSocket>> {
        Async::new(socket)
    }
}
