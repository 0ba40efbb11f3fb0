//! Async TCP, UDP and Unix sockets for any executor.
//!
//! # The smallest program
//!
//! ```
//! use trill_net::{TcpListener, TcpStream};
//!
//! trill_park::block_on(async {
//!     let listener = TcpListener::bind("127.0.0.1:0").await?;
//!     let client = TcpStream::connect(listener.local_addr()?).await?;
//!     let (server, _) = listener.accept().await?;
//!
//!     client.write_all(b"hello").await?;
//!     let mut buffer = [0; 5];
//!     server.read_exact(&mut buffer).await?;
//!     assert_eq!(&buffer, b"hello");
//!     # Ok::<(), std::io::Error>(())
//! })?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # How it works
//!
//! * A socket is a descriptor registered with a [reactor](trill_reactor). An operation is a plain non-blocking system
//!   call, tried at once by whoever polls it; only if it would block the task waits for the descriptor. So dropping
//!   a future loses no bytes, and any executor will do.
//! * All operations take `&self`, and any number of tasks may wait on one socket. The futures are [named](futures),
//!   give their waker back when they are dropped, and tell in which line of the program they are awaited.
//! * [`TcpStream::connect`] races the addresses of a name against each other ([`HappyEyeballs`]); names are looked up
//!   on the [blocking pool](trill_blocking), numeric addresses are not.
//! * Many datagrams go and come in one system call ([`SendBatch`], [`RecvBatch`]); descriptors travel over Unix sockets
//!   ([`unix::UnixStream::send_with_fds`]).
//! * A listener that runs out of descriptors [pauses](TcpListener::accept) and goes on, instead of spinning.
//! * Errors of binding and connecting [name the address](AddressError). Writing to a peer that is gone is an error,
//!   never a signal.
//!
//! # Features
//!
//! * `tokio-io`: the streams and their halves implement `tokio::io::{AsyncRead, AsyncWrite}`, without tokio's runtime.
//! * `hickory`: hickory's name resolver runs on these sockets and timers; it needs Rust 1.88.
//! * `hyper-rt`: the streams implement `hyper::rt::{Read, Write}`; a timer and an executor for hyper.
//!
//! # What it does not do
//!
//! It has no TLS, no HTTP and no DNS client of its own. In a simulated world ([`trill_world`]) there is no network
//! yet: whatever would open a socket returns `Unsupported`. On Windows there are no Unix sockets.

mod acceptor;
mod address;
mod address_error;
mod convert;
mod datagram;
pub mod futures;
mod happy_eyeballs;
#[cfg(feature = "hickory")]
mod hickory;
#[cfg(feature = "hyper-rt")]
mod hyper_rt;
mod keepalive;
mod resolve;
mod stream;
mod sys;
mod tcp;
#[cfg(feature = "tokio-io")]
mod tokio_io;
mod udp;
#[cfg(unix)]
pub mod unix;

pub use std::net::{
    AddrParseError, IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, SocketAddrV4, SocketAddrV6,
};

pub use acceptor::{ACCEPT_PAUSE_MAX, ACCEPT_PAUSE_MIN};
pub use address::AsyncToSocketAddrs;
pub use address_error::AddressError;
pub use happy_eyeballs::{ATTEMPT_DELAY, HappyEyeballs};
#[cfg(feature = "hickory")]
pub use hickory::{HickoryHandle, HickoryProvider, HickoryTime};
#[cfg(feature = "hyper-rt")]
pub use hyper_rt::{HyperExecutor, HyperSleep, HyperTimer};
pub use keepalive::Keepalive;
pub use resolve::{LOOKUPS_MAX, resolve};
pub use stream::Stream;
pub use stream::halves::{ReadHalf, WriteHalf};
pub use stream::owned_halves::{OwnedReadHalf, OwnedWriteHalf, ReuniteError};
pub use tcp::{Incoming, TcpListener, TcpListenerBuilder, TcpSocket, TcpStream};
pub use trill_reactor::Direction;
pub use udp::{Datagram, Datagrams, RecvBatch, SendBatch, UdpSocket, UdpSocketBuilder};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
