//! What TCP and Unix streams have in common.

pub(crate) mod halves;
pub(crate) mod owned_halves;
pub(crate) mod read;
pub(crate) mod wire;
pub(crate) mod write;

use self::wire::Wire;

/// A stream socket of this crate: what halves can be halves of. It cannot be implemented elsewhere.
///
/// # Examples
///
/// ```
/// use trill_net::{OwnedReadHalf, Stream};
///
/// fn debug<S: Stream>(half: &OwnedReadHalf<S>) -> String {
///     format!("{half:?}")
/// }
/// ```
pub trait Stream: sealed::Wired {}

pub(crate) mod sealed {
    use super::Wire;

    /// What a stream does for its halves, out of reach.
    pub trait Wired: Clone + std::fmt::Debug {
        #[doc(hidden)]
        #[allow(private_interfaces)] // Nobody outside can call it.
        fn wire(&self) -> Wire<'_>;

        #[doc(hidden)]
        fn is_same(&self, other: &Self) -> bool;
    }
}
