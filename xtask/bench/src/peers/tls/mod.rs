//! TLS of each peer: what its users take, over the same rustls.

mod smol;
mod tokio;
mod trill;

use std::future::Future;
use std::io;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ServerConfig};

use super::Net;

/// TLS over the peer's sockets.
pub(crate) trait Tls: Net {
    /// An encrypted stream of either side.
    type Tls: Send + 'static;

    /// Shakes hands as a client.
    fn connect_tls(
        config: &Arc<ClientConfig>,
        name: &'static str,
        stream: Self::Stream,
    ) -> impl Future<Output = io::Result<Self::Tls>> + Send;
    /// Shakes hands as a server.
    fn accept_tls(
        config: &Arc<ServerConfig>,
        stream: Self::Stream,
    ) -> impl Future<Output = io::Result<Self::Tls>> + Send;
    /// Reads some bytes, or 0 at the end.
    fn read_tls(
        tls: &mut Self::Tls,
        buffer: &mut [u8],
    ) -> impl Future<Output = io::Result<usize>> + Send;
    /// Writes all bytes, and flushes them.
    fn write_tls(tls: &mut Self::Tls, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send;
}

fn server_name(name: &'static str) -> io::Result<ServerName<'static>> {
    ServerName::try_from(name).map_err(io::Error::other)
}
