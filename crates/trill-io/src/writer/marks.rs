//! When to stop writing and when to go on.

/// How full a writer's buffer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) low: usize,
    pub(super) high: usize,
}

impl Default for Marks {
    fn default() -> Marks {
        Marks {
            low: HIGH_WATER_BYTES / 4,
            high: HIGH_WATER_BYTES,
        }
    }
}

/// Above how many buffered bytes a writer asks to wait if no other mark is set; it goes on at a quarter of it.
///
/// The same as asyncio's.
///
/// # Examples
///
/// ```
/// assert_eq!(trill_io::HIGH_WATER_BYTES, 65536);
/// ```
pub const HIGH_WATER_BYTES: usize = 64 * 1024;
