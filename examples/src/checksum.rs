//! A checksum to tell whether bytes arrived as they were sent.

/// The 64-bit FNV-1a hash of the bytes it was fed.
///
/// Source: Fowler, Noll, Vo, <https://datatracker.ietf.org/doc/html/draft-eastlake-fnv>. Not for adversaries.
///
/// # Examples
///
/// ```
/// use trill_examples::Checksum;
///
/// assert_eq!(Checksum::of(b"a").value(), 0xaf63dc4c8601ec8c);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checksum(u64);

impl Checksum {
    /// Starts with no bytes.
    pub fn new() -> Checksum {
        Checksum(0xCBF2_9CE4_8422_2325)
    }

    /// Hashes all of `bytes`.
    pub fn of(bytes: &[u8]) -> Checksum {
        let mut checksum = Checksum::new();
        checksum.feed(bytes);
        checksum
    }

    /// Adds bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
    }

    /// Returns the hash so far.
    pub fn value(self) -> u64 {
        self.0
    }
}

impl Default for Checksum {
    fn default() -> Checksum {
        Checksum::new()
    }
}
