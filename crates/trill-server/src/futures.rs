//! The futures that this crate's functions and methods return.
//!
//! They are here to be named; what makes them describes them.

pub use crate::bind::Bind;
pub use crate::connection::ShuttingDown;
pub use crate::handle_futures::{Shutdown, WaitClosed, WaitStopped};
pub use crate::streams::{OpenConnection, StartServer};
#[cfg(feature = "tls")]
pub use crate::tls::{OpenTlsConnection, StartTlsServer};
#[cfg(unix)]
pub use crate::unix::{BindUnix, OpenUnixConnection, StartUnixServer};
