//! Bytes that came in and were not taken yet.

use std::fmt;
use std::mem;

/// A queue of bytes: filled at its end, taken at its front.
#[derive(Default)]
pub(crate) struct Buffer {
    /// All of it is initialised; only `start..end` means something.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// Makes a buffer that holds `bytes`.
    pub(crate) fn of(bytes: Vec<u8>) -> Buffer {
        Buffer {
            end: bytes.len(),
            bytes,
            start: 0,
        }
    }

    /// What it holds.
    #[inline]
    pub(crate) fn filled(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Room for at least `want` bytes behind what it holds; [`Buffer::fill`] says how many were put there.
    pub(crate) fn room(&mut self, want: usize) -> &mut [u8] {
        if self.bytes.len() - self.end < want && self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.bytes.len() - self.end < want {
            self.bytes.resize(self.end.saturating_add(want), 0);
        }
        &mut self.bytes[self.end..]
    }

    /// Counts `count` bytes of the room as filled.
    ///
    /// # Panics
    ///
    /// If the room is smaller, which is a fault of the reader that claims to have filled it.
    pub(crate) fn fill(&mut self, count: usize) {
        let room = self.bytes.len() - self.end;
        assert!(
            count <= room,
            "the reader says it read {count} bytes into room for {room}"
        );
        self.end += count;
    }

    /// Puts bytes behind what it holds.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        self.room(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.fill(bytes.len());
    }

    /// Drops `count` bytes, or all if it holds fewer.
    pub(crate) fn consume(&mut self, count: usize) {
        self.start += count.min(self.len());
        if self.is_empty() {
            self.clear();
        }
    }

    /// Drops everything; memory that a rare large read took is given back.
    pub(crate) fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
        if self.bytes.len() > KEPT_BYTES_MAX {
            self.bytes = Vec::new();
        }
    }

    /// Takes `count` bytes out, or all if it holds fewer.
    pub(crate) fn take(&mut self, count: usize) -> Vec<u8> {
        let count = count.min(self.len());
        // Moving the memory out saves a copy, but must not hand out 8 KiB for a line of 20 bytes.
        if self.start == 0 && count == self.end && count > self.bytes.len() / 2 {
            let mut taken = mem::take(self).bytes;
            taken.truncate(count);
            return taken;
        }
        let taken = self.bytes[self.start..self.start + count].to_vec();
        self.consume(count);
        taken
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.len())
    }
}

/// How much memory an empty buffer keeps: two of the largest reads that are usual, as the default limit is one.
const KEPT_BYTES_MAX: usize = 128 * 1024;
