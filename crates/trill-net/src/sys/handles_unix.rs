//! Sockets as file descriptors.

pub(crate) use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Implements the traits of descriptors for a type that is made of the standard socket `$inner` and that `$get` shows one
/// of.
macro_rules! handles {
    ($outer:ty, $inner:ty, $get:expr) => {
        impl TryFrom<std::os::fd::OwnedFd> for $outer {
            type Error = std::io::Error;

            fn try_from(fd: std::os::fd::OwnedFd) -> std::io::Result<$outer> {
                <$outer>::try_from(<$inner>::from(fd))
            }
        }

        impl std::os::fd::AsFd for $outer {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                let get: fn(&$outer) -> &$inner = $get;
                get(self).as_fd()
            }
        }

        impl std::os::fd::AsRawFd for $outer {
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                let get: fn(&$outer) -> &$inner = $get;
                get(self).as_raw_fd()
            }
        }
    };
}

pub(crate) use handles;
