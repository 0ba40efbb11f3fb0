//! Writing: a job that drains the pipe.

use std::io::{self, Write};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::AsyncWrite;

use super::pipe::{Added, Pipe};
use super::{Done, Unblock, closed, tell};

impl<T: Write + Send + 'static> Unblock<T> {
    /// Puts bytes into the pipe and sees to it that a job drains it.
    fn poll_add(&mut self, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        self.sought = None;
        self.writer = Some(Pipe::drain::<T>);
        loop {
            // Without a job the object must be there, or the bytes would wait for ever.
            let may_start = self.job.is_none();
            if may_start && self.object().is_none() {
                return Poll::Ready(Err(closed()));
            }
            match self.pipe.add(from, self.buffer_bytes, may_start, cx)? {
                Added::Bytes { count, needs_job } => {
                    if needs_job {
                        if let Err(refused) = self.start_drain(false) {
                            self.pipe.withdraw(count);
                            return Poll::Ready(Err(refused));
                        }
                    }
                    return Poll::Ready(Ok(count));
                }
                // Bytes are left from a failure that was reported: try them again.
                Added::Full { needs_job: true } if may_start => self.start_drain(false)?,
                // The job that drains makes room, any other one must end first.
                Added::Full { .. } => ready!(self.poll_idle(cx)),
            }
        }
    }

    /// Waits until all is written and flushed.
    fn poll_flushed(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.sought = None;
        self.writer = Some(Pipe::drain::<T>);
        loop {
            self.pipe.ask_flush();
            ready!(self.poll_settled(cx))?;
            if self.pipe.is_flushed() || self.object().is_none() {
                return Poll::Ready(Ok(()));
            }
            self.start_drain(true)?;
        }
    }
}

impl<T: Send + 'static> Unblock<T> {
    /// Waits until no job is under way and all that was accepted is written.
    pub(super) fn poll_settled(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.poll_idle(cx));
            if let Some(error) = self.pipe.take_error() {
                return Poll::Ready(Err(error));
            }
            if self.pipe.is_empty() || self.object().is_none() {
                return Poll::Ready(Ok(()));
            }
            self.start_drain(false)?;
        }
    }

    /// Submits a job that drains the pipe.
    fn start_drain(&mut self, flush: bool) -> io::Result<()> {
        let Some(drain) = self.writer else {
            return Ok(());
        };
        self.pipe.begin(flush);
        let pipe = self.pipe.clone();
        let started = self.start(move |object| {
            drain(&pipe, object);
            Done::Nothing
        });
        if started.is_err() {
            self.pipe.abandon();
        }
        started
    }
}

impl<T: Write + Send + 'static> AsyncWrite for Unblock<T> {
    #[track_caller]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        if from.is_empty() {
            return Poll::Ready(Ok(0));
        }
        tell(self.get_mut().poll_add(cx, from), Location::caller())
    }

    #[track_caller]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        tell(self.get_mut().poll_flushed(cx), Location::caller())
    }

    #[track_caller]
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            ready!(tell(this.poll_flushed(cx), Location::caller()))?;
            if this.object().is_none() {
                return Poll::Ready(Ok(()));
            }
            // The last reference to a file may take its time to close.
            this.start_owned(|held| {
                held.close();
                Done::Nothing
            })?;
        }
    }
}
