//! The methods of a file's own position.

use std::io::SeekFrom;

use crate::file::File;
use crate::futures::{Flush, Read, ReadExact, Seek, Write, WriteAll};

/// At the file's own position; the traits of futures-io do the same.
impl File {
    /// Reads some bytes at the file's own position into `buffer`; 0 of them at the end, or if the buffer is empty.
    ///
    /// # Errors
    ///
    /// What the system says.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: what a dropped read has read is there for the next one.
    ///
    /// # Examples
    ///
    /// ```
    /// trill_reactor::block_on(async {
    ///     let mut zeros = [7; 4];
    ///     let count = trill_fs::File::open("/dev/zero").await?.read(&mut zeros).await?;
    ///     assert_eq!(&zeros[..count], &[0; 4][..count]);
    ///     Ok(())
    /// })
    /// # as std::io::Result<()>;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn read<'a>(&'a mut self, buffer: &'a mut [u8]) -> Read<'a> {
        Read { file: self, buffer }
    }

    /// Fills `buffer` from the file's own position.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` if the file ends before, else what the system says.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: a dropped future may have put some bytes into the buffer, and how many is not known.
    ///
    /// # Examples
    ///
    /// ```
    /// trill_reactor::block_on(async {
    ///     let mut zeros = [7; 4];
    ///     trill_fs::File::open("/dev/zero").await?.read_exact(&mut zeros).await?;
    ///     assert_eq!(zeros, [0; 4]);
    ///     Ok(())
    /// })
    /// # as std::io::Result<()>;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn read_exact<'a>(&'a mut self, buffer: &'a mut [u8]) -> ReadExact<'a> {
        ReadExact {
            file: self,
            buffer,
            done: 0,
        }
    }

    /// Writes or accepts some of `bytes` at the file's own position, and returns how many.
    ///
    /// # Errors
    ///
    /// What this or an earlier write, which had been accepted, has failed with.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a dropped write has written and accepted nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// trill_reactor::block_on(async {
    ///     let mut sink = trill_fs::OpenOptions::new().write(true).open("/dev/null").await?;
    ///     assert_eq!(sink.write(b"text").await?, 4);
    ///     sink.flush().await
    /// })
    /// # as std::io::Result<()>;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn write<'a>(&'a mut self, bytes: &'a [u8]) -> Write<'a> {
        Write { file: self, bytes }
    }

    /// Writes or accepts all of `bytes` at the file's own position.
    ///
    /// # Errors
    ///
    /// As [`File::write`].
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: a dropped future may have written a part, and how much is not known.
    ///
    /// # Examples
    ///
    /// See [`File::sync_all`].
    pub fn write_all<'a>(&'a mut self, bytes: &'a [u8]) -> WriteAll<'a> {
        WriteAll { file: self, bytes }
    }

    /// Waits until all that was accepted is written. It is not on the disk then: see [`File::sync_all`].
    ///
    /// # Errors
    ///
    /// What a write that was accepted has failed with, once.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: what was accepted is written all the same.
    ///
    /// # Examples
    ///
    /// See [`File::write`].
    pub fn flush(&mut self) -> Flush<'_> {
        Flush { file: self }
    }

    /// Moves the file's own position, and returns it in bytes from the start.
    ///
    /// # Errors
    ///
    /// `EINVAL` for a position before the start, `ESPIPE` for a pipe, or what a write that was accepted has failed with.
    ///
    /// # Cancel safety
    ///
    /// Dropped after its first poll, the position may be moved or not.
    ///
    /// # Examples
    ///
    /// See [`File`].
    pub fn seek(&mut self, to: SeekFrom) -> Seek<'_> {
        Seek { file: self, to }
    }
}
