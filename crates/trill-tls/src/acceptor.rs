//! The server's side.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_io::{AsyncRead, AsyncWrite};
use rustls::crypto::CryptoProvider;
use rustls::server::{NoServerSessionStorage, ServerSessionMemoryCache, WebPkiClientVerifier};
use rustls::{Connection, ServerConfig, ServerConnection};
use trill_io::{Reader, Writer};

use crate::clock::WorldTime;
use crate::duplex::Duplex;
use crate::error::{tls, unusable};
use crate::handshake::{Accept, HANDSHAKE_LIMIT, Handshake};
use crate::identity::Identity;
use crate::names::Names;
use crate::roots::Roots;

/// Makes TLS streams as a server. Cloning it is cheap, and clones share the sessions that can be resumed.
///
/// # Examples
///
/// ```
/// use trill_net::TcpListener;
/// use trill_tls::TlsAcceptor;
///
/// async fn serve(listener: TcpListener, acceptor: TlsAcceptor) -> std::io::Result<()> {
///     loop {
///         let (stream, _) = listener.accept().await?;
///         // Usually in a task of its own: a slow handshake must not hold up the next client.
///         let mut tls = acceptor.accept(stream).await?;
///         tls.write_all(b"hello").await?;
///         tls.close().await?;
///     }
/// }
/// ```
#[derive(Clone)]
pub struct TlsAcceptor {
    config: Arc<ServerConfig>,
    handshake_limit: Option<Duration>,
}

impl TlsAcceptor {
    /// Returns options to change before it is built, with the cryptography of ring. Needs the feature `ring`, which is on by
    /// default.
    ///
    /// # Examples
    ///
    /// See [`TlsAcceptorBuilder`].
    #[cfg(feature = "ring")]
    pub fn builder() -> TlsAcceptorBuilder {
        TlsAcceptor::builder_with(crate::provider::ring())
    }

    /// Returns options to change before it is built, with the cryptography that is given.
    ///
    /// # Examples
    ///
    /// ```
    /// let builder = trill_tls::TlsAcceptor::builder_with(trill_tls::provider::ring());
    /// ```
    pub fn builder_with(provider: CryptoProvider) -> TlsAcceptorBuilder {
        TlsAcceptorBuilder {
            provider,
            identity: None,
            named: Vec::new(),
            client_roots: None,
            client_may_be_unknown: false,
            alpn: Vec::new(),
            sessions_max: SESSIONS_MAX,
            handshake_limit: Some(HANDSHAKE_LIMIT),
        }
    }

    /// Sets how long a handshake may take: 60 seconds if not set, `None` for ever.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// fn hasty(acceptor: trill_tls::TlsAcceptor) -> trill_tls::TlsAcceptor {
    ///     acceptor.with_handshake_limit(Some(Duration::from_secs(5)))
    /// }
    /// ```
    pub fn with_handshake_limit(mut self, limit: Option<Duration>) -> TlsAcceptor {
        self.handshake_limit = limit;
        self
    }

    /// Makes a TLS stream of a stream that a client has opened.
    ///
    /// # Errors
    ///
    /// `InvalidData`, with a [`TlsError`](crate::TlsError), if the client does not trust this server, shows no certificate
    /// that is trusted here, or does not speak TLS; `UnexpectedEof` if the connection ends; `TimedOut`; what the
    /// stream says. The client is told why, if the stream takes that at once.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: dropping the future drops the stream with it. If the stream was only lent, as `&mut`, it is
    /// of no use any more.
    ///
    /// # Examples
    ///
    /// See [`TlsAcceptor`].
    pub fn accept<S>(&self, stream: S) -> Accept<S>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let server = ServerConnection::new(self.config.clone());
        let connection = server.map(Connection::Server).map_err(tls);
        Accept(Handshake::new(stream, connection, self.handshake_limit))
    }

    /// Makes a TLS stream of a connection that began in plain text, as with STARTTLS.
    ///
    /// What the reader holds already goes to TLS, and what the writer has not sent yet goes out before, so no byte is lost in
    /// either direction. The writer may have clones and a pump, as in a handler of a server; what they write after this
    /// breaks the connection.
    ///
    /// # Errors
    ///
    /// As [`accept`](TlsAcceptor::accept).
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: dropping the future drops the connection with it.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::unix::UnixStream;
    /// use trill_tls::TlsAcceptor;
    ///
    /// async fn mail(stream: UnixStream, acceptor: &TlsAcceptor) -> std::io::Result<()> {
    ///     let (read, write) = stream.into_split();
    ///     let (mut reader, writer) = trill_io::joined(read, write);
    ///     assert_eq!(reader.read_line().await?, b"STARTTLS\r\n");
    ///     writer.write(b"220 go ahead\r\n")?;
    ///     let mut tls = acceptor.start_tls(reader, writer).await?;
    ///     tls.close().await
    /// }
    /// ```
    pub fn start_tls<R, W>(
        &self,
        reader: Reader<R>,
        writer: Writer<W>,
    ) -> Accept<Duplex<Reader<R>, Writer<W>>>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        self.accept(Duplex::new(reader, writer))
    }

    /// Returns rustls's configuration.
    ///
    /// # Examples
    ///
    /// See [`TlsConnector::config`](crate::TlsConnector::config).
    pub fn config(&self) -> &Arc<ServerConfig> {
        &self.config
    }
}

/// Takes a configuration of rustls, for what the builder does not offer.
impl From<Arc<ServerConfig>> for TlsAcceptor {
    fn from(config: Arc<ServerConfig>) -> TlsAcceptor {
        TlsAcceptor {
            config,
            handshake_limit: Some(HANDSHAKE_LIMIT),
        }
    }
}

impl fmt::Debug for TlsAcceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsAcceptor")
            .field("handshake_limit", &self.handshake_limit)
            .finish_non_exhaustive()
    }
}

/// Options of a server; from [`TlsAcceptor::builder`].
///
/// # Examples
///
/// ```
/// use trill_tls::TlsAcceptor;
/// use trill_tls::self_signed::Authority;
///
/// let authority = Authority::new("example")?;
/// let acceptor = TlsAcceptor::builder()
///     .identity(authority.issue(["example.com"])?.into_identity())
///     .identity_for("*.example.org", authority.issue(["*.example.org"])?.into_identity())
///     .client_roots(authority.roots())
///     .alpn(["h2", "http/1.1"])
///     .build()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until it builds"]
pub struct TlsAcceptorBuilder {
    provider: CryptoProvider,
    identity: Option<Identity>,
    named: Vec<(String, Identity)>,
    client_roots: Option<Roots>,
    client_may_be_unknown: bool,
    alpn: Vec<Vec<u8>>,
    sessions_max: usize,
    handshake_limit: Option<Duration>,
}

impl TlsAcceptorBuilder {
    /// Sets who this server is for clients that ask for no name, or for one that has no identity of its own.
    ///
    /// # Examples
    ///
    /// See [`TlsAcceptorBuilder`].
    pub fn identity(mut self, identity: Identity) -> TlsAcceptorBuilder {
        self.identity = Some(identity);
        self
    }

    /// Sets who this server is for clients that ask for `name` (SNI), which may begin with `*.` to stand for all names
    /// one level below. Clients that ask for a name without an identity are refused, unless there is one for all.
    ///
    /// # Examples
    ///
    /// See [`TlsAcceptorBuilder`].
    pub fn identity_for(mut self, name: &str, identity: Identity) -> TlsAcceptorBuilder {
        self.named.push((name.to_owned(), identity));
        self
    }

    /// Requires clients to show a certificate that one of `roots` has signed.
    ///
    /// # Examples
    ///
    /// See [`TlsAcceptorBuilder`].
    pub fn client_roots(mut self, roots: Roots) -> TlsAcceptorBuilder {
        self.client_roots = Some(roots);
        self.client_may_be_unknown = false;
        self
    }

    /// Asks clients for a certificate that one of `roots` has signed, and also accepts those that show none.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_tls::{Roots, TlsAcceptor};
    ///
    /// fn builder(roots: Roots) -> trill_tls::TlsAcceptorBuilder {
    ///     TlsAcceptor::builder().optional_client_roots(roots)
    /// }
    /// ```
    pub fn optional_client_roots(mut self, roots: Roots) -> TlsAcceptorBuilder {
        self.client_roots = Some(roots);
        self.client_may_be_unknown = true;
        self
    }

    /// Sets which protocols are spoken (ALPN), the preferred first. Clients that offer others only are refused; those
    /// that offer none are not.
    ///
    /// # Examples
    ///
    /// See [`TlsAcceptorBuilder`].
    pub fn alpn<P: Into<Vec<u8>>>(
        mut self,
        protocols: impl IntoIterator<Item = P>,
    ) -> TlsAcceptorBuilder {
        self.alpn = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// Sets how many sessions to remember, for clients that resume them: 4096 if not set; 0 resumes none.
    ///
    /// # Examples
    ///
    /// ```
    /// let builder = trill_tls::TlsAcceptor::builder().sessions_max(100_000);
    /// ```
    pub fn sessions_max(mut self, max: usize) -> TlsAcceptorBuilder {
        self.sessions_max = max;
        self
    }

    /// Sets how long a handshake may take: 60 seconds if not set, `None` for ever.
    ///
    /// # Examples
    ///
    /// ```
    /// let builder = trill_tls::TlsAcceptor::builder().handshake_limit(None);
    /// ```
    pub fn handshake_limit(mut self, limit: Option<Duration>) -> TlsAcceptorBuilder {
        self.handshake_limit = limit;
        self
    }

    /// Makes the acceptor.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if there is no identity, or one that cannot be used; if the roots of clients are empty; if a name
    /// is none.
    ///
    /// # Examples
    ///
    /// See [`TlsAcceptorBuilder`].
    pub fn build(self) -> io::Result<TlsAcceptor> {
        let provider = Arc::new(self.provider);
        if self.identity.is_none() && self.named.is_empty() {
            return Err(unusable(
                "a server needs a certificate",
                "call `identity` with Identity::from_pem or another one",
            ));
        }
        let names = Names::new(&provider, self.identity, self.named)?;
        let config = ServerConfig::builder_with_details(provider.clone(), Arc::new(WorldTime))
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable("the provider of cryptography cannot be used", error))?;
        let config = match self.client_roots {
            None => config.with_no_client_auth(),
            Some(roots) => {
                let verifier = WebPkiClientVerifier::builder_with_provider(roots.store(), provider);
                let verifier = match self.client_may_be_unknown {
                    true => verifier.allow_unauthenticated(),
                    false => verifier,
                };
                let verifier = verifier.build();
                config.with_client_cert_verifier(
                    verifier
                        .map_err(|error| unusable("the roots of clients cannot be used", error))?,
                )
            }
        };
        let mut config = config.with_cert_resolver(Arc::new(names));
        config.alpn_protocols = self.alpn;
        if self.sessions_max == 0 {
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        } else {
            config.session_storage = ServerSessionMemoryCache::new(self.sessions_max);
        }
        Ok(TlsAcceptor {
            config: Arc::new(config),
            handshake_limit: self.handshake_limit,
        })
    }
}

/// How many sessions are remembered: at some 200 bytes each less than a megabyte.
const SESSIONS_MAX: usize = 4096;
