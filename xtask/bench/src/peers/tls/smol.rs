//! smol with futures-rustls.

use std::io;
use std::sync::Arc;

use futures_rustls::{TlsAcceptor, TlsConnector, TlsStream};
use rustls::{ClientConfig, ServerConfig};
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::net::TcpStream;

use super::{Tls, server_name};
use crate::peers::smol::Smol;

impl Tls for Smol {
    type Tls = TlsStream<TcpStream>;

    async fn connect_tls(
        config: &Arc<ClientConfig>,
        name: &'static str,
        stream: TcpStream,
    ) -> io::Result<Self::Tls> {
        let connector = TlsConnector::from(config.clone());
        Ok(connector.connect(server_name(name)?, stream).await?.into())
    }

    async fn accept_tls(config: &Arc<ServerConfig>, stream: TcpStream) -> io::Result<Self::Tls> {
        Ok(TlsAcceptor::from(config.clone())
            .accept(stream)
            .await?
            .into())
    }

    async fn read_tls(tls: &mut Self::Tls, buffer: &mut [u8]) -> io::Result<usize> {
        tls.read(buffer).await
    }

    async fn write_tls(tls: &mut Self::Tls, bytes: &[u8]) -> io::Result<()> {
        tls.write_all(bytes).await?;
        tls.flush().await
    }
}
