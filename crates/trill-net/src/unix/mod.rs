//! Unix sockets: between processes of one host, by a path or without a name.
//!
//! Paths may be abstract names on Linux: those that begin with a null byte and have no file.
//!
//! Descriptors can be passed to another process ([`UnixStream::send_with_fds`]), and a peer says who it is
//! ([`UnixStream::peer_cred`]).
//!
//! # Examples
//!
//! ```
//! use trill_net::unix::{UnixListener, UnixStream};
//!
//! # let directory = std::env::temp_dir().join(format!("trill-net-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&directory)?;
//! # let path = directory.join("socket");
//! trill_park::block_on(async {
//!     let listener = UnixListener::bind(&path)?;
//!     let client = UnixStream::connect(&path).await?;
//!     let (server, _) = listener.accept().await?;
//!     client.write_all(b"hello").await?;
//!     assert_eq!(server.read(&mut [0; 8]).await?, 5);
//!     # Ok::<(), std::io::Error>(())
//! })?;
//! # std::fs::remove_dir_all(&directory)?;
//! # Ok::<(), std::io::Error>(())
//! ```

pub(crate) mod accept;
pub(crate) mod connect;
mod credentials;
mod datagram;
pub(crate) mod datagram_futures;
mod datagram_ready;
pub(crate) mod descriptors;
mod left_over;
mod listener;
mod stream;
mod stream_io;

pub use std::os::unix::net::SocketAddr;

pub use credentials::Credentials;
pub use datagram::UnixDatagram;
pub use descriptors::{FDS_MAX, ReceivedFds};
pub use left_over::is_left_over;
pub use listener::{Incoming, UnixListener};
pub use stream::UnixStream;
