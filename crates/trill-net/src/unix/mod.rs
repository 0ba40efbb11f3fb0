//! Unix sockets.

mod credentials;

pub use credentials::Credentials;
