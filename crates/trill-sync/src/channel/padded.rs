//! Keeps what different threads write on different cache lines.

/// Aligned so that no other value shares its cache lines.
///
/// 128 bytes, because x86 processors fetch lines in pairs and some ARM ones have lines of that size.
#[repr(align(128))]
pub(crate) struct Padded<T>(pub(crate) T);
