//! What a file is behind its handle: the descriptor, and what is under way at its own position.
//!
//! At most one operation at the file's own position is under way. It belongs to the file and not to the future that
//! began it: dropping that future changes nothing, and the next operation takes over what came of it. So a dropped read
//! loses no bytes (they are kept as *unread*), and what was accepted for writing is written.
//!
//! The state is behind a mutex that is not held while the operation is polled or a waker is called: whoever polls takes
//! the operation out and puts it back, and who comes meanwhile leaves its waker and a note. Nothing is lock-free; the
//! flags beside the mutex are hints.

use std::io::{self, SeekFrom};
use std::mem;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker, ready};

use rustix::io::Errno;
use trill_cell::{Unhandled, What};
use trill_reactor::Reactor;
use trill_reactor::op::{AnyOperation, Close, Read, Write};

use crate::leaf::Leaf;
use crate::now::{NOW_MAX, OWN_POSITION, is_on};
use crate::pool::{Job, Outcome, give, pooled};
use crate::sys;
use crate::work::Work;

/// A file behind its handle.
pub(crate) struct Shared {
    /// There until this is dropped.
    file: Option<Arc<OwnedFd>>,
    flow: Mutex<Flow>,
    /// Those who wait for what is under way. The operation knows one waker: this.
    waiting: Mutex<Vec<Waker>>,
    /// Whether trying at once is of use here; a file system that cannot say is not asked again.
    reads_now: AtomicBool,
    writes_now: AtomicBool,
    /// Whether closing may have to bring something away.
    was_written: AtomicBool,
}

/// What is under way at a file's own position.
#[derive(Default)]
struct Flow {
    busy: Option<Busy>,
    /// Somebody polls what was `busy` right now.
    taken: bool,
    /// Somebody came while it was taken.
    missed: bool,
    /// What a read has read and nobody has taken.
    unread: Vec<u8>,
    /// How much of it is used up.
    unread_start: usize,
    /// That a read has found the end, or an error.
    read_end: Option<io::Result<()>>,
    /// What is to be written, behind what is being written.
    unwritten: Vec<u8>,
    write_error: Option<io::Error>,
    /// The result of a seek, for one who asks for the same.
    sought: Option<(SeekFrom, io::Result<u64>)>,
}

///
/// Reads and writes carry the position at which they are, for the file's own to be moved when they have ended. The system
/// would do that by itself if it were not asked for a position, but io_uring forgets it after a write that is cut short.
enum Busy {
    Read(Leaf<Read<Vec<u8>>>, Option<u64>),
    Write(Leaf<Write<Vec<u8>>>, Option<u64>),
    Seek(SeekFrom, Work<io::Result<u64>>),
}

/// What came of it.
enum Came {
    Read(io::Result<usize>, Vec<u8>, Option<u64>),
    Wrote(io::Result<usize>, Vec<u8>, Option<u64>),
    Sought(SeekFrom, io::Result<u64>),
}

impl Shared {
    pub(crate) fn new(file: OwnedFd) -> Arc<Shared> {
        Arc::new(Shared {
            file: Some(Arc::new(file)),
            flow: Mutex::default(),
            waiting: Mutex::default(),
            reads_now: AtomicBool::new(true),
            writes_now: AtomicBool::new(true),
            was_written: AtomicBool::new(false),
        })
    }

    pub(crate) fn file(&self) -> &Arc<OwnedFd> {
        self.file.as_ref().expect("it is there until the drop")
    }

    /// Reads what is there, at the file's own position.
    pub(crate) fn poll_read(
        self: &Arc<Shared>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            let mut flow = ready!(self.poll_settled(cx));
            flow.sought = None;
            if let Some(count) = flow.take_unread(buffer) {
                return Poll::Ready(Ok(count));
            }
            if let Some(end) = flow.read_end.take() {
                return Poll::Ready(end.map(|()| 0));
            }
            if buffer.is_empty() {
                return Poll::Ready(Ok(0));
            }
            let len = buffer.len().min(NOW_MAX);
            if let Some(result) = self.try_read(&mut buffer[..len], OWN_POSITION) {
                return Poll::Ready(result);
            }
            let mut room = mem::take(&mut flow.unread);
            flow.unread_start = 0;
            room.clear();
            room.resize(buffer.len().min(READ_MAX), 0);
            let at = sys::position(self.file());
            let read = Read::new(self.file().clone(), room, at);
            flow.busy = Some(Busy::Read(Leaf::new(read), at));
        }
    }

    /// Accepts bytes to write, at the file's own position.
    pub(crate) fn poll_write(
        self: &Arc<Shared>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            let idle = self.poll_idle(cx).is_ready();
            let mut flow = self.flow();
            if idle && (flow.taken || flow.busy.is_some()) {
                continue;
            }
            if let Some(error) = flow.write_error.take() {
                return Poll::Ready(Err(error));
            }
            if !idle && !matches!(flow.busy, Some(Busy::Write(..))) {
                return Poll::Pending;
            }
            if bytes.is_empty() {
                return Poll::Ready(Ok(0));
            }
            self.will_be_written();
            if idle {
                self.step_back(&mut flow);
                if flow.unwritten.is_empty() {
                    let len = bytes.len().min(NOW_MAX);
                    if let Some(result) = self.try_write(&bytes[..len], OWN_POSITION) {
                        return Poll::Ready(result);
                    }
                }
            }
            let room = WRITE_MAX.saturating_sub(flow.unwritten.len());
            let count = bytes.len().min(room);
            flow.unwritten.extend_from_slice(&bytes[..count]);
            if idle {
                flow.begin_to_write(self.file());
                drop(flow);
                // It begins now, whoever polls next; its end concerns nobody yet.
                let _ = self.poll_idle(&mut Context::from_waker(Waker::noop()));
            }
            if count > 0 {
                return Poll::Ready(Ok(count));
            }
            if !idle {
                return Poll::Pending;
            }
        }
    }

    /// Waits until all that was accepted is written, and returns the error if it was not.
    pub(crate) fn poll_flush(self: &Arc<Shared>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut flow = ready!(self.poll_settled(cx));
        Poll::Ready(flow.write_error.take().map_or(Ok(()), Err))
    }

    /// As [`Shared::poll_flush`], but leaves the error for a writer.
    pub(crate) fn poll_written(self: &Arc<Shared>, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_settled(cx).map(drop)
    }

    /// Moves the file's own position.
    pub(crate) fn poll_seek(
        self: &Arc<Shared>,
        cx: &mut Context<'_>,
        to: SeekFrom,
    ) -> Poll<io::Result<u64>> {
        loop {
            let mut flow = ready!(self.poll_settled(cx));
            if let Some(error) = flow.write_error.take() {
                return Poll::Ready(Err(error));
            }
            if let Some((asked, result)) = flow.sought.take() {
                if asked == to {
                    return Poll::Ready(result);
                }
            }
            let really = match to {
                SeekFrom::Current(by) => match by.checked_sub(flow.ahead()) {
                    Some(by) => SeekFrom::Current(by),
                    None => return Poll::Ready(Err(Errno::OVERFLOW.into())),
                },
                to => to,
            };
            if let SeekFrom::End(_) = really {
                // A file on a network asks its server.
                let file = self.file().clone();
                let work = Work::new(pooled(move || sys::seek(&file, really)));
                flow.busy = Some(Busy::Seek(to, work));
                continue;
            }
            let result = sys::seek(self.file(), really);
            if result.is_ok() {
                flow.forget_unread();
            }
            return Poll::Ready(result);
        }
    }

    /// Tries to read without waiting; `None` means that it has to be done in the other way.
    pub(crate) fn try_read(&self, buffer: &mut [u8], offset: u64) -> Option<io::Result<usize>> {
        tried(&self.reads_now, || {
            sys::read_now(self.file(), buffer, offset)
        })
    }

    /// Tries to write without waiting; `None` means that it has to be done in the other way.
    pub(crate) fn try_write(&self, bytes: &[u8], offset: u64) -> Option<io::Result<usize>> {
        self.will_be_written();
        tried(&self.writes_now, || {
            sys::write_now(self.file(), bytes, offset)
        })
    }

    /// Notes that closing may have to bring something away.
    pub(crate) fn will_be_written(&self) {
        // Relaxed: the last owner's drop comes after all uses.
        self.was_written.store(true, Ordering::Relaxed);
    }

    /// Lets what was accepted be written when nobody waits for it any more.
    pub(crate) fn let_go(self: &Arc<Shared>) {
        let flow = self.flow();
        let writing = flow.taken || matches!(flow.busy, Some(Busy::Write(..)));
        if !writing && flow.unwritten.is_empty() {
            return;
        }
        drop(flow);
        if let Ok(task) = give(Box::new(Finish(self.clone()))) {
            task.detach();
        }
    }

    /// Waits until nothing is under way and all is written that can be, and then keeps it so.
    fn poll_settled(self: &Arc<Shared>, cx: &mut Context<'_>) -> Poll<MutexGuard<'_, Flow>> {
        loop {
            let mut flow = self.flow();
            if !flow.taken && flow.busy.is_none() {
                if flow.unwritten.is_empty() || flow.write_error.is_some() {
                    return Poll::Ready(flow);
                }
                flow.begin_to_write(self.file());
            }
            drop(flow);
            ready!(self.poll_idle(cx));
        }
    }

    /// Waits until nothing is under way, and notes what came of it.
    fn poll_idle(self: &Arc<Shared>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let mut flow = self.flow();
            if flow.taken {
                flow.missed = true;
                self.wait(cx.waker());
                return Poll::Pending;
            }
            let Some(mut busy) = flow.busy.take() else {
                return Poll::Ready(());
            };
            flow.taken = true;
            drop(flow);
            // Before it is polled: its end may come at any time after.
            self.wait(cx.waker());
            let waker = Waker::from(self.clone());
            let came = busy.poll(&mut Context::from_waker(&waker));
            let mut flow = self.flow();
            flow.taken = false;
            let missed = mem::take(&mut flow.missed);
            let pending = came.is_pending();
            match came {
                Poll::Pending => flow.busy = Some(busy),
                Poll::Ready(came) => flow.note(self.file(), came),
            }
            drop(flow);
            if missed {
                self.wake_all();
            }
            if pending {
                return Poll::Pending;
            }
        }
    }

    /// Takes back what was read ahead, so that a write goes where the reader has come to.
    fn step_back(&self, flow: &mut Flow) {
        let ahead = flow.ahead();
        if ahead > 0 {
            // What cannot seek has no position.
            let _ = sys::seek(self.file(), SeekFrom::Current(-ahead));
        }
        flow.forget_unread();
        flow.sought = None;
    }

    fn wait(&self, waker: &Waker) {
        let mut waiting = lock(&self.waiting);
        if !waiting.iter().any(|known| known.will_wake(waker)) {
            waiting.push(waker.clone());
        }
    }

    fn wake_all(&self) {
        let waiting = mem::take(&mut *lock(&self.waiting));
        waiting.into_iter().for_each(trill_park::wake);
    }

    fn flow(&self) -> MutexGuard<'_, Flow> {
        lock(&self.flow)
    }
}

impl Wake for Shared {
    fn wake(self: Arc<Shared>) {
        self.wake_all();
    }

    fn wake_by_ref(self: &Arc<Shared>) {
        self.wake_all();
    }
}

impl Drop for Shared {
    /// Closing what was only read is done at once; what was written may have to go to a server first.
    fn drop(&mut self) {
        if !*self.was_written.get_mut() {
            return;
        }
        // If an operation has it, too, the end of that closes.
        let Some(file) = self.file.take().and_then(Arc::into_inner) else {
            return;
        };
        let close = AnyOperation::Close(Close::new(file));
        let submitted = match Reactor::current() {
            Ok(reactor) => reactor.submit(close),
            Err(_) => Err(close),
        };
        match submitted {
            Ok(pending) => pending.detach(),
            Err(close) => {
                // If the pool refuses, it is closed here and now.
                if let Ok(task) = give(Box::new(close)) {
                    task.detach();
                }
            }
        }
    }
}

/// Writes what was accepted, when nobody waits for it any more.
struct Finish(Arc<Shared>);

impl Job for Finish {
    fn run(self: Box<Self>) -> Outcome {
        let flushed = trill_park::block_on(std::future::poll_fn(|cx| self.0.poll_flush(cx)));
        if let Err(error) = flushed {
            tell(&error);
        }
        Box::new(())
    }

    fn refused(self: Box<Self>, error: io::Error) -> Outcome {
        tell(&error);
        Box::new(())
    }
}

impl Flow {
    /// How far the file's own position is ahead of the reader.
    fn ahead(&self) -> i64 {
        (self.unread.len() - self.unread_start) as i64
    }

    fn take_unread(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let unread = &self.unread[self.unread_start..];
        if unread.is_empty() {
            return None;
        }
        let count = unread.len().min(buffer.len());
        buffer[..count].copy_from_slice(&unread[..count]);
        self.unread_start += count;
        Some(count)
    }

    fn forget_unread(&mut self) {
        self.unread.clear();
        self.unread_start = 0;
        self.read_end = None;
    }

    /// Begins to write what was accepted. Nothing is under way.
    fn begin_to_write(&mut self, file: &Arc<OwnedFd>) {
        let bytes = mem::take(&mut self.unwritten);
        let at = sys::write_position(file);
        let write = Write::new(file.clone(), bytes, at);
        self.busy = Some(Busy::Write(Leaf::new(write), at));
    }

    /// Notes what came of an operation.
    fn note(&mut self, file: &OwnedFd, came: Came) {
        match came {
            Came::Read(Ok(count), mut buffer, at) => {
                move_on(file, at, &Ok(count));
                buffer.truncate(count);
                self.unread = buffer;
                self.unread_start = 0;
                self.read_end = (count == 0).then_some(Ok(()));
            }
            Came::Read(Err(error), ..) => self.read_end = Some(Err(error)),
            Came::Wrote(result, mut bytes, at) => {
                move_on(file, at, &result);
                let (written, error) = match result {
                    Ok(0) => (0, Some(io::ErrorKind::WriteZero.into())),
                    Ok(count) => (count, None),
                    Err(error) => (0, Some(error)),
                };
                self.write_error = error;
                if written < bytes.len() {
                    // What was not written stays first in line, also after an error.
                    bytes.drain(..written);
                    bytes.append(&mut self.unwritten);
                    self.unwritten = bytes;
                } else if self.unwritten.is_empty() {
                    // Its memory serves the next one.
                    bytes.clear();
                    self.unwritten = bytes;
                }
            }
            Came::Sought(to, result) => {
                if result.is_ok() {
                    self.forget_unread();
                }
                self.sought = Some((to, result));
            }
        }
    }
}

impl Busy {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Came> {
        match self {
            Busy::Read(leaf, at) => leaf
                .poll_untold(cx)
                .map(|(result, buffer)| Came::Read(result, buffer, *at)),
            Busy::Write(leaf, at) => leaf
                .poll_untold(cx)
                .map(|(result, bytes)| Came::Wrote(result, bytes, *at)),
            Busy::Seek(to, work) => work.poll_untold(cx).map(|result| Came::Sought(*to, result)),
        }
    }
}

/// Moves the file's own position behind what was read or written at `at`.
fn move_on(file: &OwnedFd, at: Option<u64>, result: &io::Result<usize>) {
    if let (Some(at), Ok(count)) = (at, result) {
        // It could be asked for its position, so it has one.
        let _ = sys::seek(file, SeekFrom::Start(at + *count as u64));
    }
}

/// Asks for what can be done without waiting.
fn tried(
    worth: &AtomicBool,
    mut transfer: impl FnMut() -> Result<usize, Errno>,
) -> Option<io::Result<usize>> {
    // Relaxed, here and below: a hint.
    if !is_on() || !worth.load(Ordering::Relaxed) {
        return None;
    }
    loop {
        return match transfer() {
            Ok(count) => Some(Ok(count)),
            Err(Errno::INTR) => continue,
            Err(Errno::AGAIN) => None,
            Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL | Errno::PERM) => {
                worth.store(false, Ordering::Relaxed);
                None
            }
            Err(error) => Some(Err(error.into())),
        };
    }
}

/// Tells of bytes that were accepted and could not be written, when nobody can hear of it otherwise.
fn tell(error: &io::Error) {
    let failure = Unhandled::new(What::Failure, error);
    trill_cell::report(&failure.named("writing what a dropped File had accepted"));
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The most that one operation reads for a caller with a larger buffer.
const READ_MAX: usize = 1 << 20;

/// The most that lies accepted behind what is being written; so much again may be under way.
const WRITE_MAX: usize = 512 << 10;
