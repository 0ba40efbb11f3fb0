//! What lies between two ends: a pipe, or memory.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::sys;

/// Holds what was read and not written yet.
pub(crate) enum Middle {
    /// Nothing was tried yet.
    Unmade,
    Pipe {
        read: OwnedFd,
        write: OwnedFd,
        len: usize,
    },
    Memory {
        buffer: Vec<u8>,
        start: usize,
        end: usize,
    },
}

impl Middle {
    /// Takes what goes through memory.
    pub(crate) fn memory() -> Middle {
        Middle::holding(vec![0; MIDDLE_BYTES], 0)
    }

    fn holding(buffer: Vec<u8>, len: usize) -> Middle {
        Middle::Memory {
            buffer,
            start: 0,
            end: len,
        }
    }

    /// How many bytes it holds.
    pub(crate) fn len(&self) -> usize {
        match self {
            Middle::Unmade => 0,
            Middle::Pipe { len, .. } => *len,
            Middle::Memory { start, end, .. } => end - start,
        }
    }

    /// Whether bytes go through a pipe.
    pub(crate) fn is_pipe(&self) -> bool {
        matches!(self, Middle::Pipe { .. })
    }

    /// Reads up to `max` bytes of a stream into it, when it is empty; 0 is the end. Says `WouldBlock` if there are none.
    pub(crate) fn fill(&mut self, from: BorrowedFd<'_>, max: u64) -> io::Result<usize> {
        debug_assert_eq!(
            self.len(),
            0,
            "a full pipe and an empty stream are told alike"
        );
        let max = usize::try_from(max).map_or(MIDDLE_BYTES, |max| max.min(MIDDLE_BYTES));
        if let Middle::Unmade = self {
            *self = Middle::choose();
        }
        if let Middle::Pipe { write, len, .. } = self {
            match sys::splice(from, write.as_fd(), None, max) {
                Err(error) if sys::cannot_move(&error) => *self = Middle::memory(),
                result => {
                    let count = result?;
                    *len = count;
                    return Ok(count);
                }
            }
        }
        let Middle::Memory { buffer, start, end } = self else {
            unreachable!("it is a pipe or memory by now");
        };
        (*start, *end) = (0, 0);
        let count = sys::read_now(from, &mut buffer[..max])?;
        *end = count;
        Ok(count)
    }

    /// Writes some of what it holds to a stream, or says `WouldBlock`.
    pub(crate) fn drain(&mut self, to: BorrowedFd<'_>) -> io::Result<usize> {
        if let Middle::Pipe { read, len, .. } = self {
            match sys::splice(read.as_fd(), to, None, *len) {
                Err(error) if sys::cannot_move(&error) => self.fetch()?,
                result => {
                    let count = result?;
                    *len -= count;
                    return Ok(count);
                }
            }
        }
        let Middle::Memory { buffer, start, end } = self else {
            return Ok(0);
        };
        let count = sys::write_now(to, &buffer[*start..*end])?;
        *start += count;
        Ok(count)
    }

    /// Brings what a pipe holds into memory, and goes on there.
    pub(crate) fn fetch(&mut self) -> io::Result<()> {
        if let Middle::Pipe { read, len, .. } = self {
            let mut buffer = vec![0; MIDDLE_BYTES];
            let mut fetched = 0;
            while fetched < *len {
                match sys::read_now(read.as_fd(), &mut buffer[fetched..*len])? {
                    0 => break,
                    count => fetched += count,
                }
            }
            *self = Middle::holding(buffer, fetched);
        }
        Ok(())
    }

    /// Takes out what it holds.
    pub(crate) fn into_rest(mut self) -> io::Result<Vec<u8>> {
        self.fetch()?;
        Ok(match self {
            Middle::Memory { buffer, start, end } => buffer[start..end].to_vec(),
            _ => Vec::new(),
        })
    }

    /// A pipe, if the kernel may write to streams on its own here.
    fn choose() -> Middle {
        if sys::sigpipe_ends_this_process() {
            return Middle::memory();
        }
        match sys::pipe() {
            Ok((read, write)) => Middle::Pipe {
                read,
                write,
                len: 0,
            },
            // No descriptors left, or no such system: memory does.
            Err(_) => Middle::memory(),
        }
    }
}

/// How much lies between two ends at most: what a pipe of Linux holds, and a good buffer.
pub(crate) const MIDDLE_BYTES: usize = 64 * 1024;
