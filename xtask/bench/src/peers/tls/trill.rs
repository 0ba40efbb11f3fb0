//! trill-tls.

use std::future::Future;
use std::io;
use std::sync::Arc;

use rustls::{ClientConfig, ServerConfig};
use trill::net::TcpStream;
use trill::tls::{TlsAcceptor, TlsConnector, TlsStream};

use super::Tls;
use crate::peers::trill::Trill;

impl Tls for Trill {
    type Tls = TlsStream<TcpStream>;

    fn connect_tls(
        config: &Arc<ClientConfig>,
        name: &'static str,
        stream: TcpStream,
    ) -> impl Future<Output = io::Result<Self::Tls>> + Send {
        TlsConnector::from(config.clone()).connect(name, stream)
    }

    fn accept_tls(
        config: &Arc<ServerConfig>,
        stream: TcpStream,
    ) -> impl Future<Output = io::Result<Self::Tls>> + Send {
        TlsAcceptor::from(config.clone()).accept(stream)
    }

    async fn read_tls(tls: &mut Self::Tls, buffer: &mut [u8]) -> io::Result<usize> {
        tls.read(buffer).await
    }

    async fn write_tls(tls: &mut Self::Tls, bytes: &[u8]) -> io::Result<()> {
        tls.write_all(bytes).await?;
        tls.flush().await
    }
}
