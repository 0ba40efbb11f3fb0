//! Standard input.

use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::AsyncRead;
use trill_reactor::Direction;

use crate::read::Read;
use crate::stream::{Stream, Way, Which};

/// Returns a handle to standard input.
///
/// # Examples
///
/// ```no_run
/// use futures_lite::{AsyncBufReadExt, StreamExt, io::BufReader};
///
/// trill_reactor::block_on(async {
///     let mut lines = BufReader::new(trill_stdio::stdin()).lines();
///     while let Some(line) = lines.next().await {
///         println!("{}", line?);
///     }
///     Ok(())
/// })
/// # as std::io::Result<()>;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn stdin() -> Stdin {
    Stdin(())
}

/// Standard input; from [`stdin`]. All handles are the same stream.
///
/// # Cancel safety
///
/// Bytes that were read for a future that was dropped are the next reader's.
///
/// # Examples
///
/// See [`stdin`].
#[derive(Clone, Copy, Debug)]
pub struct Stdin(());

impl Stdin {
    /// Reads some bytes; none at the end of the input, or for an empty buffer.
    ///
    /// # Errors
    ///
    /// `NotFound` if descriptor 0 is closed, or is something that this process has opened since; `Unsupported` in a simulated
    /// world; or what the operating system says.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: bytes leave the stream only with the poll that returns them.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// let mut buffer = [0; 80];
    /// let count = trill_reactor::block_on(trill_stdio::stdin().read(&mut buffer))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn read<'a>(&self, buffer: &'a mut [u8]) -> Read<'a> {
        Read::new(buffer)
    }

    /// Tells how the stream is waited for. It is opened if this is its first use.
    ///
    /// # Errors
    ///
    /// As [`Stdin::read`].
    ///
    /// # Examples
    ///
    /// ```no_run
    /// println!("{:?}", trill_stdio::stdin().way()?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn way(&self) -> io::Result<Way> {
        Which::Stdin.stream().map(Stream::way)
    }
}

impl AsyncRead for Stdin {
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let location = Location::caller();
        match Which::Stdin.stream()? {
            Stream::Ready(stream) => stream.source().poll_io(cx, Direction::Read, location, || {
                stream.get_ref().read(buffer)
            }),
            Stream::Slow(slow) => slow.poll_read(cx, location, buffer),
        }
    }
}
