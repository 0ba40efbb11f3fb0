//! Listening sockets that come from another process.
//!
//! # The smallest program
//!
//! ```
//! # #[cfg(target_os = "linux")] {
//! use trill_handover::{Handover, take_over};
//! use trill_net::TcpListener;
//!
//! # let path = std::env::temp_dir().join(format!("trill-handover-{}", std::process::id()));
//! trill_park::block_on(async {
//!     // The first process makes its sockets, and offers them to whoever comes after it.
//!     let listener = TcpListener::bind("127.0.0.1:0").await?;
//!     let address = listener.local_addr()?;
//!     let mut handover = Handover::bind(&path)?;
//!     handover.offer("web", &listener)?;
//!     let first = async {
//!         handover.given().await?;
//!         // The other one accepts now: end this listener, and the connections that are still open.
//!         drop(listener);
//!         Ok::<_, std::io::Error>(())
//!     };
//!     // Its successor, usually in a process of its own.
//!     let second = async {
//!         let mut successor = take_over(&path).await?.expect("somebody is there");
//!         let listener = successor.sockets().take_tcp_listener("web")?.expect("it was offered");
//!         assert_eq!(listener.local_addr()?, address);
//!         // It can serve, so the first one may stop.
//!         let _next = successor.ready().await;
//!         Ok::<_, std::io::Error>(())
//!     };
//!     futures_lite::future::try_zip(first, second).await?;
//!     Ok::<_, std::io::Error>(())
//! })?;
//! # std::fs::remove_file(&path)?;
//! # }
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # How it works
//!
//! * [`Handover`] hands duplicates of its sockets over a Unix socket to a process of the same user. Both have the same
//!   listening socket, with one queue of connections, so none is refused or forgotten whoever takes it.
//! * The one that gives goes on accepting until the other says that it is ready. One that dies before has changed nothing.
//! * The path stays: it is handed over along with the rest, for the one after.
//! * [`activated`] takes the sockets that a service manager such as systemd has opened before it started this program.
//!   What came by either way is a set of [`Sockets`] with names.
//!
//! # What it does not do
//!
//! It starts no processes, and hands over no connections: they end where they were accepted. It needs a Unix system.

#![cfg(unix)]

mod activation;
mod give;
#[cfg_attr(target_vendor = "apple", path = "listens_apple.rs")]
mod listens;
mod sockets;
mod take;
mod wire;

pub use activation::activated;
pub use give::Handover;
pub use sockets::Sockets;
pub use take::{Successor, take_over};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
