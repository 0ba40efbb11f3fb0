//! Transfers at a position, with buffers that are given and come back.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use trill_cell::Kind;
use trill_reactor::op::{Read, Write};

use crate::flow::Shared;
use crate::leaf::Leaf;
use crate::now::NOW_MAX;
use crate::work::turn;

/// Reads at a position; from [`File::read_at`](crate::File::read_at).
///
/// Its output is the number of bytes read, and the buffer, which also comes back with an error.
///
/// # Cancel safety
///
/// Dropping it drops the buffer, at the latest when the system is done with it. Nothing else is changed.
///
/// # Examples
///
/// See [`File::read_at`](crate::File::read_at).
#[must_use = "futures do nothing unless awaited"]
pub struct ReadAt<B: AsMut<[u8]> + Send + Unpin + 'static> {
    shared: Arc<Shared>,
    step: Step<B, Read<B>>,
}

/// Writes at a position; from [`File::write_at`](crate::File::write_at).
///
/// Its output is the number of bytes written, and the buffer, which also comes back with an error.
///
/// # Cancel safety
///
/// Dropping it before its first poll means that nothing is written. After that all, a part or nothing of the buffer
/// may be written; a write that has begun runs to its end, and the buffer is dropped then.
///
/// # Examples
///
/// See [`File::read_at`](crate::File::read_at).
#[must_use = "futures do nothing unless awaited"]
pub struct WriteAt<B: AsRef<[u8]> + Send + Unpin + 'static> {
    shared: Arc<Shared>,
    step: Step<B, Write<B>>,
}

/// How far it has come.
enum Step<B, O: crate::leaf::Block> {
    Begin(B, u64),
    Leaf(Leaf<O>),
    Over,
}

impl<B: AsMut<[u8]> + Send + Unpin + 'static> ReadAt<B> {
    pub(crate) fn new(shared: Arc<Shared>, buffer: B, offset: u64) -> ReadAt<B> {
        ReadAt {
            shared,
            step: Step::Begin(buffer, offset),
        }
    }

    fn poll_untold(&mut self, cx: &mut Context<'_>) -> Poll<(io::Result<usize>, B)> {
        loop {
            match std::mem::replace(&mut self.step, Step::Over) {
                Step::Begin(mut buffer, offset) => {
                    // What this handle has written is to be seen.
                    if self.shared.poll_written(cx).is_pending() {
                        self.step = Step::Begin(buffer, offset);
                        return Poll::Pending;
                    }
                    if let Err(error) = positive(offset) {
                        return Poll::Ready((Err(error), buffer));
                    }
                    let room = buffer.as_mut();
                    if room.len() <= NOW_MAX {
                        if let Some(result) = self.shared.try_read(room, offset) {
                            return Poll::Ready((result, buffer));
                        }
                    }
                    let file = self.shared.file().clone();
                    self.step = Step::Leaf(Leaf::new(Read::new(file, buffer, Some(offset))));
                }
                Step::Leaf(mut leaf) => match leaf.poll_untold(cx) {
                    Poll::Ready(output) => return Poll::Ready(output),
                    Poll::Pending => {
                        self.step = Step::Leaf(leaf);
                        return Poll::Pending;
                    }
                },
                Step::Over => panic!("a future is not polled after it was ready"),
            }
        }
    }
}

impl<B: AsRef<[u8]> + Send + Unpin + 'static> WriteAt<B> {
    pub(crate) fn new(shared: Arc<Shared>, buffer: B, offset: u64) -> WriteAt<B> {
        WriteAt {
            shared,
            step: Step::Begin(buffer, offset),
        }
    }

    fn poll_untold(&mut self, cx: &mut Context<'_>) -> Poll<(io::Result<usize>, B)> {
        loop {
            match std::mem::replace(&mut self.step, Step::Over) {
                Step::Begin(buffer, offset) => {
                    // In the order of the program.
                    if self.shared.poll_written(cx).is_pending() {
                        self.step = Step::Begin(buffer, offset);
                        return Poll::Pending;
                    }
                    if let Err(error) = positive(offset) {
                        return Poll::Ready((Err(error), buffer));
                    }
                    let bytes = buffer.as_ref();
                    let is_long = bytes.len() > NOW_MAX;
                    if !is_long {
                        if let Some(result) = self.shared.try_write(bytes, offset) {
                            return Poll::Ready((result, buffer));
                        }
                    }
                    let file = self.shared.file().clone();
                    self.shared.will_be_written();
                    let write = Write::new(file, buffer, Some(offset));
                    // Most file systems cannot write without waiting, so a ring would hand it to a worker of the kernel,
                    // who takes longer than a thread of the pool.
                    self.step = Step::Leaf(match is_long {
                        true => Leaf::on_pool(write),
                        false => Leaf::new(write),
                    });
                }
                Step::Leaf(mut leaf) => match leaf.poll_untold(cx) {
                    Poll::Ready(output) => return Poll::Ready(output),
                    Poll::Pending => {
                        self.step = Step::Leaf(leaf);
                        return Poll::Pending;
                    }
                },
                Step::Over => panic!("a future is not polled after it was ready"),
            }
        }
    }
}

impl<B: AsMut<[u8]> + Send + Unpin + 'static> Future for ReadAt<B> {
    type Output = (io::Result<usize>, B);

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<(io::Result<usize>, B)> {
        let location = Location::caller();
        let unit = ready!(turn(cx, location));
        let polled = self.poll_untold(cx);
        if polled.is_pending() {
            unit.refund();
            trill_cell::waiting(Kind::File, 0, location);
        }
        polled
    }
}

impl<B: AsRef<[u8]> + Send + Unpin + 'static> Future for WriteAt<B> {
    type Output = (io::Result<usize>, B);

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<(io::Result<usize>, B)> {
        let location = Location::caller();
        let unit = ready!(turn(cx, location));
        let polled = self.poll_untold(cx);
        if polled.is_pending() {
            unit.refund();
            trill_cell::waiting(Kind::File, 0, location);
        }
        polled
    }
}

impl<B: AsMut<[u8]> + Send + Unpin + 'static> fmt::Debug for ReadAt<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadAt").finish_non_exhaustive()
    }
}

impl<B: AsRef<[u8]> + Send + Unpin + 'static> fmt::Debug for WriteAt<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteAt").finish_non_exhaustive()
    }
}

/// The system takes positions as signed numbers, and means the file's own by one below zero.
fn positive(offset: u64) -> io::Result<()> {
    if i64::try_from(offset).is_err() {
        return Err(rustix::io::Errno::INVAL.into());
    }
    Ok(())
}
