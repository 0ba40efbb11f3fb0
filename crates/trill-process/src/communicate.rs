//! Feeding a child and collecting what it writes, both at once.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::process::{ExitStatus, Output};
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};

use crate::child::Child;
use crate::streams::{ChildStderr, ChildStdin, ChildStdout};
use crate::wait::Wait;

/// Feeds a child, collects what it writes, and waits for its end; from [`Child::communicate`], [`Child::output`] and
/// [`Command::output`](crate::Command::output).
///
/// # Cancel safety
///
/// Dropping it loses what was read and not yet written, and drops the child, see [`Child`].
///
/// # Examples
///
/// See [`Child::communicate`].
#[must_use = "futures do nothing unless awaited"]
pub struct Communicate {
    /// The error is `None` once it was returned.
    work: Result<Work, Option<io::Error>>,
}

struct Work {
    feed: Feed,
    stdout: Collect<ChildStdout>,
    stderr: Collect<ChildStderr>,
    wait: Wait,
    status: Option<ExitStatus>,
    /// Kept for what its drop does.
    _child: Child,
}

impl Communicate {
    pub(crate) fn new(mut child: Child, input: Vec<u8>) -> Communicate {
        let stdin = child.stdin.take();
        if stdin.is_none() && !input.is_empty() {
            return Communicate::failed(io::Error::new(
                io::ErrorKind::InvalidInput,
                "there is input for the child, but no pipe to write it to: start it with `stdin(Stdio::piped())`",
            ));
        }
        let work = Work {
            feed: Feed {
                stdin,
                input,
                written: 0,
            },
            stdout: Collect::new(child.stdout.take()),
            stderr: Collect::new(child.stderr.take()),
            wait: child.wait(),
            status: None,
            _child: child,
        };
        Communicate { work: Ok(work) }
    }

    /// One that returns an error.
    pub(crate) fn failed(error: io::Error) -> Communicate {
        Communicate {
            work: Err(Some(error)),
        }
    }
}

impl Work {
    #[track_caller]
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Output>> {
        // All of them, so that each has its waker registered.
        let fed = self.feed.poll(cx)?;
        let stdout = self.stdout.poll(cx)?;
        let stderr = self.stderr.poll(cx)?;
        if self.status.is_none() {
            if let Poll::Ready(status) = Pin::new(&mut self.wait).poll(cx)? {
                self.status = Some(status);
            }
        }
        match self.status {
            // A child that has ended reads nothing, and somebody who inherited its input is not ours to feed.
            Some(status) if stdout.is_ready() && stderr.is_ready() => {
                if fed.is_pending() {
                    self.feed.stdin = None;
                }
                Poll::Ready(Ok(Output {
                    status,
                    stdout: std::mem::take(&mut self.stdout.bytes),
                    stderr: std::mem::take(&mut self.stderr.bytes),
                }))
            }
            _ => Poll::Pending,
        }
    }
}

impl Future for Communicate {
    type Output = io::Result<Output>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<Output>> {
        match &mut self.work {
            Ok(work) => work.poll(cx),
            Err(error) => Poll::Ready(Err(error
                .take()
                .unwrap_or_else(|| io::Error::other("polled after it had returned its error")))),
        }
    }
}

impl fmt::Debug for Communicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.work {
            Ok(work) => f
                .debug_struct("Communicate")
                .field("written", &work.feed.written)
                .field("stdout", &work.stdout.bytes.len())
                .field("stderr", &work.stderr.bytes.len())
                .field("status", &work.status)
                .finish_non_exhaustive(),
            Err(error) => f.debug_tuple("Communicate").field(error).finish(),
        }
    }
}

/// Writes what there is to write, then closes the pipe.
struct Feed {
    stdin: Option<ChildStdin>,
    input: Vec<u8>,
    written: usize,
}

impl Feed {
    #[track_caller]
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(stdin) = &mut self.stdin {
            let rest = &self.input[self.written..];
            if rest.is_empty() {
                self.stdin = None;
                break;
            }
            match Pin::new(stdin).poll_write(cx, rest) {
                Poll::Ready(Ok(count)) => self.written += count,
                Poll::Ready(Err(error)) if wants_no_more(&error) => self.stdin = None,
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// Whether the child has closed its standard input, as it may.
fn wants_no_more(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
    )
}

/// Reads a pipe to its end.
struct Collect<P> {
    pipe: Option<P>,
    bytes: Vec<u8>,
}

impl<P: AsyncRead + Unpin> Collect<P> {
    fn new(pipe: Option<P>) -> Collect<P> {
        Collect {
            pipe,
            bytes: Vec::new(),
        }
    }

    #[track_caller]
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(pipe) = &mut self.pipe {
            let filled = self.bytes.len();
            self.bytes.resize(filled + READ_BYTES, 0);
            let read = Pin::new(pipe).poll_read(cx, &mut self.bytes[filled..]);
            let count = match &read {
                Poll::Ready(Ok(count)) => *count,
                _ => 0,
            };
            self.bytes.truncate(filled + count);
            match read {
                Poll::Ready(Ok(0)) => self.pipe = None,
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// How much is read at once: a quarter of what a pipe holds on Linux, so that clearing the room for it costs little when
/// there is nothing.
const READ_BYTES: usize = 16 * 1024;
