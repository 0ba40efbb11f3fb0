//! TLS over any stream. Needs the feature `tls`.
//!
//! # Examples
//!
//! ```
//! use trill::net::TcpStream;
//! use trill::tls::{Roots, TlsConnector, TlsStream};
//!
//! async fn connect(host: &str) -> std::io::Result<TlsStream<TcpStream>> {
//!     // Whom the system trusts. It reads files, so once at the start is enough.
//!     let roots = trill::unblock(Roots::native).await?;
//!     let connector = TlsConnector::builder().roots(roots).build()?;
//!     let stream = TcpStream::connect((host, 443)).await?;
//!     connector.connect(host, stream).await
//! }
//! ```

pub use trill_tls::*;
