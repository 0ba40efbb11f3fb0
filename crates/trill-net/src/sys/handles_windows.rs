//! Sockets as the handles that Windows has for them.

pub(crate) use rustix::fd::{AsFd, BorrowedFd, OwnedFd};

/// Implements the traits of socket handles for a type that is made of the standard socket `$inner` and that `$get` shows
/// one of.
macro_rules! handles {
    ($outer:ty, $inner:ty, $get:expr) => {
        impl TryFrom<std::os::windows::io::OwnedSocket> for $outer {
            type Error = std::io::Error;

            fn try_from(socket: std::os::windows::io::OwnedSocket) -> std::io::Result<$outer> {
                <$outer>::try_from(<$inner>::from(socket))
            }
        }

        impl std::os::windows::io::AsSocket for $outer {
            fn as_socket(&self) -> std::os::windows::io::BorrowedSocket<'_> {
                let get: fn(&$outer) -> &$inner = $get;
                get(self).as_socket()
            }
        }

        impl std::os::windows::io::AsRawSocket for $outer {
            fn as_raw_socket(&self) -> std::os::windows::io::RawSocket {
                let get: fn(&$outer) -> &$inner = $get;
                get(self).as_raw_socket()
            }
        }
    };
}

pub(crate) use handles;
