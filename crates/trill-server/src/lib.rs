//! Servers that end gracefully, and the buffered connections of asyncio's streams.
//!
//! # The smallest program
//!
//! ```
//! use std::time::Duration;
//! use trill_server::{open_connection, start_server};
//!
//! let ex = trill_executor::Executor::new();
//! trill_park::block_on(ex.run(async {
//!     let server = start_server("127.0.0.1:0", |mut reader, writer| async move {
//!         loop {
//!             let line = reader.read_line().await?;
//!             if line.is_empty() {
//!                 return Ok::<(), trill_io::ReadError>(());
//!             }
//!             writer.write(&line)?;
//!             writer.drain().await?;
//!         }
//!     })
//!     .await?;
//!
//!     let (mut reader, writer) = open_connection("127.0.0.1", server.local_addrs()[0].port()).await?;
//!     writer.write(b"hello\n")?;
//!     assert_eq!(reader.read_line().await?, b"hello\n");
//!     writer.close().await?;
//!
//!     let ended = server.shutdown(Duration::from_secs(10)).await;
//!     assert_eq!(ended.aborted, 0);
//!     # Ok::<(), trill_io::ReadError>(())
//! }))?;
//! # Ok::<(), trill_io::ReadError>(())
//! ```
//!
//! # How it works
//!
//! * A [`Server`] has listeners; [`Server::serve`] spawns a task for each, and one for each connection, on the runtime of the
//!   thread or the executor that polls there (`trill_executor::ambient`).
//! * A handler that fails or panics ends its own connection and is reported. So is an error of accepting, after which the
//!   listener pauses and goes on.
//! * The [`ServerHandle`] closes, shuts down with a deadline, or aborts. It knows which connections live, and
//!   [`wait_closed`](ServerHandle::wait_closed) returns when there are none and nothing is accepted, in either order.
//! * Handlers learn of a shutdown ([`Connection::shutting_down`]) and can end between two requests.
//! * TLS, or anything else that makes another stream of the accepted one, is an [`Acceptor`]; it runs in the task of its
//!   connection.
//!
//! # Features
//!
//! * `insight` (default): tasks keep where they were spawned and what they wait for; see `trill-cell`.
//! * `tls`: `trill_tls::TlsAcceptor` is an [`Acceptor`], and `start_tls_server` and `open_tls_connection` use it.
//!
//! # What it does not do
//!
//! It speaks no protocol, and sets no time limits on connections: a handler puts `trill_timer::timeout` where it wants
//! one.

mod accepting;
mod acceptor;
mod bind;
mod builder;
mod connection;
pub mod futures;
mod handle;
mod handle_futures;
mod listener;
mod outcome;
mod server;
mod shared;
mod streams;
#[cfg(feature = "tls")]
mod tls;
#[cfg(unix)]
mod unix;

pub use acceptor::{Acceptor, Plain};
pub use builder::{ServerBuilder, WhenFull};
pub use connection::{About, Connection};
pub use handle::ServerHandle;
pub use handle_futures::Ended;
pub use listener::Listener;
pub use outcome::Outcome;
pub use server::Server;
pub use streams::{Split, StreamReader, StreamWriter, open_connection, start_server};
#[cfg(feature = "tls")]
pub use tls::{open_tls_connection, start_tls_server};
#[cfg(unix)]
pub use unix::{UnixSocket, open_unix_connection, start_unix_server};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
