//! The pipes to and from a child.

use std::fmt;
use std::future::{Future, Ready, ready};
use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};
use trill_reactor::Async;

/// The pipe to a child's standard input.
///
/// The child reads to the end when this is closed or dropped.
///
/// # Cancel safety
///
/// A write that has returned is in the pipe. Dropping this keeps what is in there.
///
/// # Examples
///
/// ```
/// use futures_lite::{AsyncReadExt, AsyncWriteExt};
/// use trill_process::{Command, Stdio};
///
/// trill_reactor::block_on(async {
///     let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
///     let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
///     stdin.write_all(b"meow").await?;
///     stdin.close().await?;
///     let mut said = String::new();
///     stdout.read_to_string(&mut said).await?;
///     assert_eq!(said, "meow");
///     assert!(child.wait().await?.success());
///     Ok(())
/// })
/// # as std::io::Result<()>;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct ChildStdin {
    /// `None` once it was closed.
    pipe: Option<Async<std::process::ChildStdin>>,
}

/// The pipe from a child's standard output.
///
/// # Examples
///
/// See [`ChildStdin`].
#[derive(Debug)]
pub struct ChildStdout {
    pipe: Async<std::process::ChildStdout>,
}

/// The pipe from a child's standard error.
///
/// # Examples
///
/// ```
/// use futures_lite::AsyncReadExt;
/// use trill_process::{Command, Stdio};
///
/// trill_reactor::block_on(async {
///     let mut child = Command::shell("echo oops >&2").stderr(Stdio::piped()).spawn()?;
///     let mut said = String::new();
///     child.stderr.take().unwrap().read_to_string(&mut said).await?;
///     assert_eq!(said, "oops\n");
///     Ok(())
/// })
/// # as std::io::Result<()>;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct ChildStderr {
    pipe: Async<std::process::ChildStderr>,
}

impl ChildStdin {
    /// Registers the pipe with the current reactor. Its mode is that of our end alone.
    pub(crate) fn new(pipe: std::process::ChildStdin) -> io::Result<ChildStdin> {
        Ok(ChildStdin {
            pipe: Some(Async::new(pipe)?),
        })
    }

    /// Makes this the standard input or output of another command, in blocking mode.
    ///
    /// # Errors
    ///
    /// `BrokenPipe` if it was closed, or what the system says.
    ///
    /// # Cancel safety
    ///
    /// The future is ready at once; dropping it closes the pipe.
    ///
    /// # Examples
    ///
    /// See [`ChildStdout::into_stdio`].
    pub fn into_stdio(self) -> IntoStdio {
        IntoStdio::new(OwnedFd::try_from(self))
    }

    fn open(&mut self) -> io::Result<&mut Async<std::process::ChildStdin>> {
        self.pipe.as_mut().ok_or_else(closed)
    }
}

impl ChildStdout {
    pub(crate) fn new(pipe: std::process::ChildStdout) -> io::Result<ChildStdout> {
        let pipe = Async::new(pipe)?;
        Ok(ChildStdout { pipe })
    }

    /// Makes this the standard input of another command, in blocking mode.
    ///
    /// # Errors
    ///
    /// What the system says.
    ///
    /// # Cancel safety
    ///
    /// The future is ready at once; dropping it closes the pipe.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_process::{Command, Stdio};
    ///
    /// trill_reactor::block_on(async {
    ///     let mut ls = Command::new("echo").arg("ends").stdout(Stdio::piped()).spawn()?;
    ///     let pipe = ls.stdout.take().unwrap().into_stdio().await?;
    ///     let output = Command::new("tr").args(["a-z", "A-Z"]).stdin(pipe).output().await?;
    ///     assert_eq!(output.stdout, b"ENDS\n");
    ///     Ok(())
    /// })
    /// # as std::io::Result<()>;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn into_stdio(self) -> IntoStdio {
        IntoStdio::new(OwnedFd::try_from(self))
    }
}

impl ChildStderr {
    pub(crate) fn new(pipe: std::process::ChildStderr) -> io::Result<ChildStderr> {
        let pipe = Async::new(pipe)?;
        Ok(ChildStderr { pipe })
    }

    /// Makes this the standard input of another command, in blocking mode.
    ///
    /// # Errors
    ///
    /// What the system says.
    ///
    /// # Cancel safety
    ///
    /// The future is ready at once; dropping it closes the pipe.
    ///
    /// # Examples
    ///
    /// See [`ChildStdout::into_stdio`].
    pub fn into_stdio(self) -> IntoStdio {
        IntoStdio::new(OwnedFd::try_from(self))
    }
}

/// Makes a pipe the standard stream of another command; from [`ChildStdout::into_stdio`] and the like.
///
/// # Cancel safety
///
/// It is ready at once; dropping it closes the pipe.
///
/// # Examples
///
/// See [`ChildStdout::into_stdio`].
#[must_use = "futures do nothing unless awaited"]
pub struct IntoStdio(Ready<io::Result<Stdio>>);

impl IntoStdio {
    fn new(pipe: io::Result<OwnedFd>) -> IntoStdio {
        let blocking = pipe.and_then(|pipe| {
            rustix::io::ioctl_fionbio(&pipe, false)?;
            Ok(Stdio::from(pipe))
        });
        IntoStdio(ready(blocking))
    }
}

impl Future for IntoStdio {
    type Output = io::Result<Stdio>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<Stdio>> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl fmt::Debug for IntoStdio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoStdio").finish_non_exhaustive()
    }
}

/// Writing to a child that has closed its end, or has ended, is the error `BrokenPipe`.
impl AsyncWrite for ChildStdin {
    #[track_caller]
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.open() {
            Ok(pipe) => Pin::new(pipe).poll_write(cx, buffer),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    #[track_caller]
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.open() {
            Ok(pipe) => Pin::new(pipe).poll_write_vectored(cx, buffers),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// Has nothing to do: what was written is in the pipe.
    #[track_caller]
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Closes the pipe, so that the child reads to the end.
    #[track_caller]
    fn poll_close(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pipe = None;
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for ChildStdout {
    #[track_caller]
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.pipe).poll_read(cx, buffer)
    }

    #[track_caller]
    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.pipe).poll_read_vectored(cx, buffers)
    }
}

impl AsyncRead for ChildStderr {
    #[track_caller]
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.pipe).poll_read(cx, buffer)
    }

    #[track_caller]
    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.pipe).poll_read_vectored(cx, buffers)
    }
}

/// Panics if the pipe was closed with [`AsyncWrite::poll_close`]: there is no descriptor then.
impl AsFd for ChildStdin {
    #[track_caller]
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.pipe {
            Some(pipe) => pipe.get_ref().as_fd(),
            None => panic!("the pipe to the child was closed, so it has no descriptor"),
        }
    }
}

/// Panics as [`AsFd`] does.
impl AsRawFd for ChildStdin {
    #[track_caller]
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl AsFd for ChildStdout {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.get_ref().as_fd()
    }
}

impl AsRawFd for ChildStdout {
    fn as_raw_fd(&self) -> RawFd {
        self.pipe.get_ref().as_raw_fd()
    }
}

impl AsFd for ChildStderr {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.get_ref().as_fd()
    }
}

impl AsRawFd for ChildStderr {
    fn as_raw_fd(&self) -> RawFd {
        self.pipe.get_ref().as_raw_fd()
    }
}

/// The descriptor stays in non-blocking mode.
impl TryFrom<ChildStdin> for OwnedFd {
    type Error = io::Error;

    fn try_from(stdin: ChildStdin) -> io::Result<OwnedFd> {
        let pipe = stdin.pipe.ok_or_else(closed)?;
        Ok(pipe.into_inner()?.into())
    }
}

/// The descriptor stays in non-blocking mode.
impl TryFrom<ChildStdout> for OwnedFd {
    type Error = io::Error;

    fn try_from(stdout: ChildStdout) -> io::Result<OwnedFd> {
        Ok(stdout.pipe.into_inner()?.into())
    }
}

/// The descriptor stays in non-blocking mode.
impl TryFrom<ChildStderr> for OwnedFd {
    type Error = io::Error;

    fn try_from(stderr: ChildStderr) -> io::Result<OwnedFd> {
        Ok(stderr.pipe.into_inner()?.into())
    }
}

fn closed() -> io::Error {
    io::Error::new(
        io::ErrorKind::BrokenPipe,
        "the pipe to the child was closed on this side",
    )
}
