//! A TLS stream.

use std::fmt;

use rustls::pki_types::CertificateDer;
use rustls::{CommonState, Connection, HandshakeKind, ProtocolVersion};

use crate::halves::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, WriteHalf, into_split, split};
use crate::session::Session;

/// A stream that is encrypted, over any stream of `futures-io`.
///
/// Made by [`TlsConnector::connect`](crate::TlsConnector::connect) or [`TlsAcceptor::accept`](crate::TlsAcceptor::accept),
/// after the handshake.
///
/// # Writing
///
/// A write takes up to 64 KiB, encrypts it and gives the stream as much as it takes at once. The rest goes out with the next
/// write, with `flush`, or while somebody reads. So flush after the last write unless you read an answer; while a rest
/// is left the next write waits, which is how a slow peer holds up a fast writer.
///
/// # Ending
///
/// `close` sends everything, says close_notify and closes the stream for writing. Reading goes on until the peer ends, too. A
/// peer that ended with close_notify gives a read of 0 bytes. One that is gone without it gives `UnexpectedEof`, because somebody
/// may have cut the rest off. Dropping the stream says nothing to the peer, who takes it for such a cut.
///
/// # Examples
///
/// See [`TlsConnector`](crate::TlsConnector).
pub struct TlsStream<S> {
    pub(crate) session: Session<S>,
}

impl<S> TlsStream<S> {
    pub(crate) fn of(session: Session<S>) -> TlsStream<S> {
        TlsStream { session }
    }

    /// Returns the stream below, as for its addresses.
    ///
    /// # Examples
    ///
    /// ```
    /// fn peer(tls: &trill_tls::TlsStream<trill_net::TcpStream>) -> std::io::Result<std::net::SocketAddr> {
    ///     tls.get_ref().peer_addr()
    /// }
    /// ```
    pub fn get_ref(&self) -> &S {
        &self.session.io
    }

    /// Returns the stream below. Reading from it or writing to it breaks the connection.
    ///
    /// # Examples
    ///
    /// See [`TlsStream::get_ref`].
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.session.io
    }

    /// Takes the stream below. What was read from it and not decrypted is lost, and so is what was not sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::TcpStream;
    /// use trill_tls::TlsStream;
    ///
    /// async fn hang_up(mut tls: TlsStream<TcpStream>) -> std::io::Result<TcpStream> {
    ///     tls.close().await?;
    ///     Ok(tls.into_inner())
    /// }
    /// ```
    pub fn into_inner(self) -> S {
        self.session.io
    }

    /// Returns the protocol that both sides agreed on, as `h2`; `None` if they did not talk about it.
    ///
    /// # Examples
    ///
    /// ```
    /// fn is_http2<S>(tls: &trill_tls::TlsStream<S>) -> bool {
    ///     tls.alpn() == Some(b"h2")
    /// }
    /// ```
    pub fn alpn(&self) -> Option<&[u8]> {
        self.state().alpn_protocol()
    }

    /// Returns the name by which the client asked for this server, on the side of the server; `None` if it named none.
    ///
    /// # Examples
    ///
    /// ```
    /// fn site<S>(tls: &trill_tls::TlsStream<S>) -> &str {
    ///     tls.server_name().unwrap_or("default.example")
    /// }
    /// ```
    pub fn server_name(&self) -> Option<&str> {
        match &*self.session.tls {
            Connection::Server(server) => server.server_name(),
            Connection::Client(_) => None,
        }
    }

    /// Returns the certificates that the peer showed, its own first; empty if it showed none.
    ///
    /// # Examples
    ///
    /// ```
    /// fn is_known<S>(tls: &trill_tls::TlsStream<S>) -> bool {
    ///     !tls.peer_certificates().is_empty()
    /// }
    /// ```
    pub fn peer_certificates(&self) -> &[CertificateDer<'static>] {
        self.state().peer_certificates().unwrap_or_default()
    }

    /// Says whether an earlier session was resumed, which spares both sides most of the work.
    ///
    /// # Examples
    ///
    /// ```
    /// fn count<S>(tls: &trill_tls::TlsStream<S>, resumed: &mut u64) {
    ///     *resumed += u64::from(tls.is_resumed());
    /// }
    /// ```
    pub fn is_resumed(&self) -> bool {
        self.state().handshake_kind() == Some(HandshakeKind::Resumed)
    }

    /// Returns the version of TLS.
    ///
    /// # Examples
    ///
    /// ```
    /// fn is_1_3<S>(tls: &trill_tls::TlsStream<S>) -> bool {
    ///     tls.version() == Some(rustls::ProtocolVersion::TLSv1_3)
    /// }
    /// ```
    pub fn version(&self) -> Option<ProtocolVersion> {
        self.state().protocol_version()
    }

    /// Returns rustls's connection, for all else that it knows.
    ///
    /// # Examples
    ///
    /// ```
    /// fn binding<S>(tls: &trill_tls::TlsStream<S>) -> Result<[u8; 32], rustls::Error> {
    ///     tls.connection().export_keying_material([0; 32], b"EXPORTER-Channel-Binding", None)
    /// }
    /// ```
    pub fn connection(&self) -> &Connection {
        &self.session.tls
    }

    /// Borrows the stream as a reader and a writer, which two tasks, or two futures in one, can use at a time.
    ///
    /// It is not called `split`, which is what the extension traits call splitting what is read.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::future::try_zip;
    /// use trill_net::TcpStream;
    /// use trill_tls::TlsStream;
    ///
    /// async fn ping(tls: &mut TlsStream<TcpStream>) -> std::io::Result<()> {
    ///     let (mut read, mut write) = tls.split_mut();
    ///     let mut buffer = [0; 4];
    ///     try_zip(write.write_all(b"ping"), read.read_exact(&mut buffer)).await?;
    ///     Ok(())
    /// }
    /// ```
    pub fn split_mut(&mut self) -> (ReadHalf<'_, S>, WriteHalf<'_, S>) {
        split(self)
    }

    /// Takes the stream apart into a reader and a writer for two tasks.
    ///
    /// Dropping the writer does not end the stream: close it. The stream below is dropped with the second half.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::TcpStream;
    /// use trill_tls::TlsStream;
    ///
    /// fn buffered(tls: TlsStream<TcpStream>) {
    ///     let (read, write) = tls.into_split();
    ///     let (reader, writer) = trill_io::joined(read, write);
    ///     # drop((reader, writer));
    /// }
    /// ```
    pub fn into_split(self) -> (OwnedReadHalf<S>, OwnedWriteHalf<S>) {
        into_split(self)
    }

    fn state(&self) -> &CommonState {
        &self.session.tls
    }
}

impl<S: fmt::Debug> fmt::Debug for TlsStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsStream")
            .field("stream", &self.session.io)
            .field("version", &self.version())
            .finish_non_exhaustive()
    }
}
