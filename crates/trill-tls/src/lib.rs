//! TLS over any futures-io stream, by [rustls]: client and server, under any executor.
//!
//! # The smallest program
//!
//! ```
//! use trill_net::TcpStream;
//! use trill_tls::{Roots, TlsConnector};
//!
//! async fn status_line(roots: Roots) -> std::io::Result<Vec<u8>> {
//!     let connector = TlsConnector::builder().roots(roots).alpn(["http/1.1"]).build()?;
//!     let stream = TcpStream::connect("example.com:443").await?;
//!     let mut tls = connector.connect("example.com", stream).await?;
//!     tls.write_all(b"HEAD / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n").await?;
//!     let mut answer = vec![0; 1024];
//!     let count = tls.read(&mut answer).await?;
//!     answer.truncate(count);
//!     Ok(answer)
//! }
//! ```
//!
//! [`TlsConnector`] shows both sides in one program that runs.
//!
//! # How it works
//!
//! * [`TlsConnector::connect`] and [`TlsAcceptor::accept`] are futures that shake hands and give a [`TlsStream`]. Both hold the
//!   stream, so dropping them closes it.
//! * Reading takes as much ciphertext as there is with one system call, into memory of the thread: an idle connection
//!   keeps no buffer. Writing encrypts up to 64 KiB and sends that with one vectored write.
//! * A read that waits sends what is left of earlier writes; a write never reads. So the [halves](TlsStream::split_mut) of a stream can be
//!   used by two tasks, and a request needs no flush before its answer is read.
//! * A connection that was cut is told from one that ended: without close_notify a read fails with `UnexpectedEof`.
//! * [`start_tls`](TlsConnector::start_tls) takes over a buffered connection with what is in its buffers.
//! * The cryptography is chosen by who makes the connector or acceptor, ring or aws-lc-rs, and never by what else happens to
//!   be in the process.
//!
//! # Features
//!
//! * `ring` (default): the cryptography of `builder()`.
//! * `aws-lc-rs`: `provider::aws_lc_rs` for `builder_with`.
//! * `native-roots`: `Roots::native`, whom the system trusts.
//! * `webpki-roots`: `Roots::webpki`, whom Mozilla trusts.
//! * `self-signed`: `self_signed`, certificates made on the spot, for tests.
//! * `tokio-io` and `hyper-rt`: those traits on [`TlsStream`].
//!
//! # What it does not do
//!
//! It sends no data before the handshake is complete (0-RTT), because such data can be played back by others. The kernel does not
//! encrypt (kTLS). TLS 1.0 and 1.1 are not spoken. For the verifier of the operating system, with its lists of revoked
//! certificates, make a `rustls::ClientConfig` with `rustls-platform-verifier`: [`TlsConnector`] can be made from it.
//! In a simulated world certificates are judged by its clock, but keys are chosen by chance.

mod acceptor;
mod clock;
mod connector;
mod duplex;
mod error;
mod fan;
pub mod futures;
mod halves;
mod handshake;
#[cfg(feature = "hyper-rt")]
mod hyper_rt;
mod identity;
mod names;
pub mod provider;
mod roots;
mod scratch;
#[cfg(feature = "self-signed")]
pub mod self_signed;
mod session;
mod stream;
mod stream_io;
#[cfg(feature = "tokio-io")]
mod tokio_io;
mod turn;

pub use acceptor::{TlsAcceptor, TlsAcceptorBuilder};
pub use connector::{TlsConnector, TlsConnectorBuilder};
pub use duplex::Duplex;
pub use error::TlsError;
pub use halves::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, ReuniteError, WriteHalf};
pub use identity::Identity;
pub use roots::Roots;
pub use rustls;
pub use stream::TlsStream;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
