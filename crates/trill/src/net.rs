//! TCP, UDP and Unix sockets, name look-ups, and connecting by name.
//!
//! # Examples
//!
//! ```
//! use trill::net::{TcpListener, TcpStream};
//! use trill::prelude::*;
//!
//! trill::block_on(async {
//!     let listener = TcpListener::bind("127.0.0.1:0").await?;
//!     let mut client = TcpStream::connect(listener.local_addr()?).await?;
//!     let (mut server, _) = listener.accept().await?;
//!     client.write_all(b"hello").await?;
//!     let mut word = [0; 5];
//!     server.read_exact(&mut word).await?;
//!     assert_eq!(&word, b"hello");
//!     std::io::Result::Ok(())
//! })?;
//! # Ok::<(), std::io::Error>(())
//! ```

pub use trill_net::*;
