//! The lines of a stream.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_io::AsyncRead;

use super::{ReadLine, Reader};
use crate::error::ReadError;

/// A stream of lines as text; see [`Reader::lines`].
///
/// It ends after an error. [`ReadError::Overrun`] and what the stream says leave everything in the reader; a line that
/// is not UTF-8 is an error of kind `InvalidData` with the line inside, as a `FromUtf8Error`, and is gone from it.
///
/// Between two items nothing is lost: the stream can be dropped and the reader used in another way.
///
/// # Examples
///
/// See [`Reader::lines`].
#[must_use = "streams do nothing unless polled"]
pub struct Lines<'a, R> {
    reader: &'a mut Reader<R>,
    /// Up to where the next line was searched in vain.
    searched: usize,
    is_over: bool,
}

impl<'a, R> Lines<'a, R> {
    pub(super) fn new(reader: &'a mut Reader<R>) -> Lines<'a, R> {
        Lines {
            reader,
            searched: 0,
            is_over: false,
        }
    }
}

impl<R: AsyncRead + Unpin> Stream for Lines<'_, R> {
    type Item = Result<String, ReadError>;

    #[track_caller]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.is_over {
            return Poll::Ready(None);
        }
        let mut read = ReadLine::new(this.reader).searched(this.searched);
        let polled = Pin::new(&mut read).poll(cx);
        this.searched = read.has_searched();
        let line = ready!(polled).and_then(text);
        this.is_over = !matches!(&line, Ok(Some(_)));
        Poll::Ready(line.transpose())
    }
}

/// The text of a line without its end; `None` for the end of the stream.
fn text(mut line: Vec<u8>) -> Result<Option<String>, ReadError> {
    if line.is_empty() {
        return Ok(None);
    }
    if line.ends_with(b"\n") {
        line.pop();
        if line.ends_with(b"\r") {
            line.pop();
        }
    }
    let text = String::from_utf8(line);
    text.map(Some)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error).into())
}

impl<R> fmt::Debug for Lines<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines")
            .field("buffer", &self.reader.buffer)
            .field("is_over", &self.is_over)
            .finish()
    }
}
