//! The client's side.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_io::{AsyncRead, AsyncWrite};
use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection};
use trill_io::{Reader, Writer};

use crate::clock::WorldTime;
use crate::duplex::Duplex;
use crate::error::{tls, unusable};
use crate::handshake::{Connect, HANDSHAKE_LIMIT, Handshake};
use crate::identity::Identity;
use crate::roots::Roots;

/// Makes TLS streams as a client. Cloning it is cheap, and clones share the sessions that can be resumed.
///
/// # Examples
///
/// ```
/// use futures_lite::future::try_zip;
/// use trill_net::unix::UnixStream;
/// use trill_tls::self_signed::Authority;
/// use trill_tls::{TlsAcceptor, TlsConnector};
///
/// trill_park::block_on(async {
///     let authority = Authority::new("example")?;
///     let identity = authority.issue(["localhost"])?.into_identity();
///     let acceptor = TlsAcceptor::builder().identity(identity).build()?;
///     let connector = TlsConnector::builder().roots(authority.roots()).build()?;
///
///     let (near, far) = UnixStream::pair()?;
///     let server = async {
///         let mut tls = acceptor.accept(far).await?;
///         let mut buffer = [0; 5];
///         tls.read_exact(&mut buffer).await?;
///         tls.write_all(&buffer).await?;
///         // Sends everything, and says that there is no more.
///         tls.close().await
///     };
///     let client = async {
///         let mut tls = connector.connect("localhost", near).await?;
///         tls.write_all(b"hello").await?;
///         tls.flush().await?;
///         let mut buffer = [0; 5];
///         tls.read_exact(&mut buffer).await?;
///         assert_eq!(&buffer, b"hello");
///         assert_eq!(tls.read(&mut buffer).await?, 0);
///         std::io::Result::Ok(())
///     };
///     try_zip(server, client).await?;
///     # Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct TlsConnector {
    config: Arc<ClientConfig>,
    handshake_limit: Option<Duration>,
}

impl TlsConnector {
    /// Returns options to change before it is built, with the cryptography of ring. Needs the feature `ring`, which is on by
    /// default.
    ///
    /// # Examples
    ///
    /// See [`TlsConnector`].
    #[cfg(feature = "ring")]
    pub fn builder() -> TlsConnectorBuilder {
        TlsConnector::builder_with(crate::provider::ring())
    }

    /// Returns options to change before it is built, with the cryptography that is given.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_tls::{Roots, TlsConnector, provider};
    ///
    /// let connector = TlsConnector::builder_with(provider::ring()).roots(Roots::new()).build()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn builder_with(provider: CryptoProvider) -> TlsConnectorBuilder {
        TlsConnectorBuilder {
            provider,
            roots: None,
            identity: None,
            alpn: Vec::new(),
            sni: true,
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
    /// use trill_tls::{Roots, TlsConnector};
    ///
    /// let connector = TlsConnector::builder().roots(Roots::new()).build()?;
    /// let hasty = connector.with_handshake_limit(Some(Duration::from_secs(5)));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn with_handshake_limit(mut self, limit: Option<Duration>) -> TlsConnector {
        self.handshake_limit = limit;
        self
    }

    /// Makes a TLS stream of a stream that is connected already: proves that the peer is `name`, and agrees on keys.
    ///
    /// `name` is a host name or an address. It is sent to the server (SNI) if it is a name, and its certificate must bear it.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if `name` is neither; `InvalidData`, with a [`TlsError`](crate::TlsError), if the server is not
    /// trusted or does not speak TLS; `UnexpectedEof` if the connection ends; `TimedOut`; what the stream says.
    ///
    /// With TLS 1.3 the client is done first, so that the server does not want this client shows in the first read.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: dropping the future drops the stream with it. If the stream was only lent, as `&mut`, it is
    /// of no use any more.
    ///
    /// # Examples
    ///
    /// See [`TlsConnector`].
    pub fn connect<S>(&self, name: &str, stream: S) -> Connect<S>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        Connect(Handshake::new(
            stream,
            self.connection(name),
            self.handshake_limit,
        ))
    }

    /// Makes a TLS stream of a connection that began in plain text, as with STARTTLS.
    ///
    /// What the reader holds already goes to TLS, and what the writer has not sent yet goes out before, so no byte is lost in
    /// either direction. The writer may have clones and a pump; what they write after this breaks the connection.
    /// For buffered halves of the result see [`TlsStream::into_split`](crate::TlsStream::into_split) and
    /// [`trill_io::joined`].
    ///
    /// # Errors
    ///
    /// As [`connect`](TlsConnector::connect).
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: dropping the future drops the connection with it.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::unix::UnixStream;
    /// use trill_tls::TlsConnector;
    ///
    /// async fn mail(stream: UnixStream, connector: &TlsConnector) -> std::io::Result<()> {
    ///     let (read, write) = stream.into_split();
    ///     let (mut reader, writer) = trill_io::joined(read, write);
    ///     writer.write(b"STARTTLS\r\n")?;
    ///     assert!(reader.read_line().await?.starts_with(b"220"));
    ///     let tls = connector.start_tls("mail.example", reader, writer).await?;
    ///     let (read, write) = tls.into_split();
    ///     let (reader, writer) = trill_io::joined(read, write);
    ///     writer.write(b"EHLO me\r\n")?;
    ///     # drop(reader);
    ///     Ok(())
    /// }
    /// ```
    pub fn start_tls<R, W>(
        &self,
        name: &str,
        reader: Reader<R>,
        writer: Writer<W>,
    ) -> Connect<Duplex<Reader<R>, Writer<W>>>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        self.connect(name, Duplex::new(reader, writer))
    }

    /// Returns rustls's configuration.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use trill_tls::{Roots, TlsConnector};
    ///
    /// let mut config = TlsConnector::builder().roots(Roots::new()).build()?.config().as_ref().clone();
    /// config.max_fragment_size = Some(4096);
    /// let connector = TlsConnector::from(Arc::new(config));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn config(&self) -> &Arc<ClientConfig> {
        &self.config
    }

    fn connection(&self, name: &str) -> io::Result<Connection> {
        let name = ServerName::try_from(name.to_owned()).map_err(|error| {
            unusable(&format!("{name:?} is no host name and no address"), error)
        })?;
        let client = ClientConnection::new(self.config.clone(), name).map_err(tls)?;
        Ok(Connection::Client(client))
    }
}

/// Takes a configuration of rustls, for what the builder does not offer.
impl From<Arc<ClientConfig>> for TlsConnector {
    fn from(config: Arc<ClientConfig>) -> TlsConnector {
        TlsConnector {
            config,
            handshake_limit: Some(HANDSHAKE_LIMIT),
        }
    }
}

impl fmt::Debug for TlsConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsConnector")
            .field("handshake_limit", &self.handshake_limit)
            .finish_non_exhaustive()
    }
}

/// Options of a client; from [`TlsConnector::builder`].
///
/// # Examples
///
/// ```
/// use trill_tls::self_signed::Authority;
/// use trill_tls::TlsConnector;
///
/// let authority = Authority::new("example")?;
/// let connector = TlsConnector::builder()
///     .roots(authority.roots())
///     .identity(authority.issue(["client"])?.into_identity())
///     .alpn(["h2", "http/1.1"])
///     .build()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until it builds"]
pub struct TlsConnectorBuilder {
    provider: CryptoProvider,
    roots: Option<Roots>,
    identity: Option<Identity>,
    alpn: Vec<Vec<u8>>,
    sni: bool,
    sessions_max: usize,
    handshake_limit: Option<Duration>,
}

impl TlsConnectorBuilder {
    /// Sets whom to trust. There is no default: name the system's authorities, Mozilla's, or one's own.
    ///
    /// # Examples
    ///
    /// See [`TlsConnectorBuilder`].
    pub fn roots(mut self, roots: Roots) -> TlsConnectorBuilder {
        self.roots = Some(roots);
        self
    }

    /// Sets the certificate that is shown to servers which ask for one.
    ///
    /// # Examples
    ///
    /// See [`TlsConnectorBuilder`].
    pub fn identity(mut self, identity: Identity) -> TlsConnectorBuilder {
        self.identity = Some(identity);
        self
    }

    /// Sets which protocols to offer (ALPN), the preferred first.
    ///
    /// # Examples
    ///
    /// See [`TlsConnectorBuilder`].
    pub fn alpn<P: Into<Vec<u8>>>(
        mut self,
        protocols: impl IntoIterator<Item = P>,
    ) -> TlsConnectorBuilder {
        self.alpn = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// Sets whether to tell the server the name by which it is asked for: yes if not set.
    ///
    /// # Examples
    ///
    /// ```
    /// let builder = trill_tls::TlsConnector::builder().sni(false);
    /// ```
    pub fn sni(mut self, sni: bool) -> TlsConnectorBuilder {
        self.sni = sni;
        self
    }

    /// Sets of how many servers to remember a session, to resume it with the next connection: 256 if not set; 0 resumes
    /// none.
    ///
    /// # Examples
    ///
    /// ```
    /// let builder = trill_tls::TlsConnector::builder().sessions_max(10_000);
    /// ```
    pub fn sessions_max(mut self, max: usize) -> TlsConnectorBuilder {
        self.sessions_max = max;
        self
    }

    /// Sets how long a handshake may take: 60 seconds if not set, `None` for ever.
    ///
    /// # Examples
    ///
    /// ```
    /// let builder = trill_tls::TlsConnector::builder().handshake_limit(None);
    /// ```
    pub fn handshake_limit(mut self, limit: Option<Duration>) -> TlsConnectorBuilder {
        self.handshake_limit = limit;
        self
    }

    /// Makes the connector.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if no roots are set, or if the identity cannot be used.
    ///
    /// # Examples
    ///
    /// See [`TlsConnectorBuilder`].
    pub fn build(self) -> io::Result<TlsConnector> {
        let Some(roots) = self.roots else {
            return Err(unusable(
                "a client has to know whom to trust",
                "call `roots` with Roots::native(), Roots::webpki() or roots of your own",
            ));
        };
        let config =
            ClientConfig::builder_with_details(Arc::new(self.provider), Arc::new(WorldTime))
                .with_safe_default_protocol_versions()
                .map_err(|error| unusable("the provider of cryptography cannot be used", error))?
                .with_root_certificates(roots.store());
        let mut config = match self.identity {
            None => config.with_no_client_auth(),
            Some(identity) => {
                let (chain, key) = identity.into_parts();
                let config = config.with_client_auth_cert(chain, key);
                config.map_err(|error| unusable("the identity cannot be used", error))?
            }
        };
        config.alpn_protocols = self.alpn;
        config.enable_sni = self.sni;
        config.resumption = match self.sessions_max {
            0 => Resumption::disabled(),
            max => Resumption::in_memory_sessions(max),
        };
        Ok(TlsConnector {
            config: Arc::new(config),
            handshake_limit: self.handshake_limit,
        })
    }
}

/// Of how many servers a session is remembered: what rustls takes for enough.
const SESSIONS_MAX: usize = 256;
