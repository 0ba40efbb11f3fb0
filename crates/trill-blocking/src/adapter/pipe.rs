//! Bytes on their way from a task to a job that writes them.

use std::io::{self, Write};
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

/// Bytes that were accepted and are not written yet.
///
/// While a job drains the pipe, the task adds bytes and the job takes all there are, in turns, until there are none;
/// that and the end of draining happen under one lock, so bytes that were accepted while a job drains are written
/// by it.
#[derive(Default)]
pub(super) struct Pipe(Mutex<State>);

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    /// Whether a job that was submitted will look at `bytes` once more.
    draining: bool,
    /// Whether that job is to flush when all is written.
    flush: bool,
    /// Counts what could make a flush necessary.
    changes: u64,
    /// What `changes` was when the last successful flush began.
    flushed: u64,
    /// What went wrong and was not reported yet.
    error: Option<io::Error>,
    /// The task that waits for room.
    waker: Option<Waker>,
}

/// What became of an attempt to add bytes.
pub(super) enum Added {
    /// So many bytes were accepted. If `needs_job`, a job must be submitted, or the bytes withdrawn.
    Bytes { count: usize, needs_job: bool },
    /// There is no room; the task will be woken if a job drains the pipe. If `needs_job`, none does.
    Full { needs_job: bool },
}

impl Pipe {
    /// Adds what fits into `bytes_max`; `may_start` says whether the caller can submit a job.
    ///
    /// Without a job that drains and without the right to submit one, nothing is added.
    pub(super) fn add(
        &self,
        from: &[u8],
        bytes_max: usize,
        may_start: bool,
        cx: &mut Context<'_>,
    ) -> io::Result<Added> {
        let mut state = self.lock();
        if let Some(error) = state.error.take() {
            return Err(error);
        }
        let needs_job = !state.draining;
        let count = from.len().min(bytes_max.saturating_sub(state.bytes.len()));
        if count == 0 || (needs_job && !may_start) {
            state.waker = Some(cx.waker().clone());
            return Ok(Added::Full { needs_job });
        }
        state.bytes.extend_from_slice(&from[..count]);
        state.changes += 1;
        state.draining = true;
        Ok(Added::Bytes { count, needs_job })
    }

    /// Takes back the last bytes: there is no job that could write them.
    pub(super) fn withdraw(&self, count: usize) {
        let mut state = self.lock();
        let kept = state.bytes.len() - count;
        state.bytes.truncate(kept);
        state.draining = false;
    }

    /// Notes that a job will be submitted that drains.
    pub(super) fn begin(&self, flush: bool) {
        let mut state = self.lock();
        state.draining = true;
        state.flush |= flush;
    }

    /// Notes that the job was refused.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.draining = false;
        state.flush = false;
    }

    /// Asks a job that drains, if there is one, to flush as well.
    pub(super) fn ask_flush(&self) {
        let mut state = self.lock();
        state.flush = state.draining;
    }

    /// Says whether a job was submitted that has not finished draining.
    pub(super) fn is_draining(&self) -> bool {
        self.lock().draining
    }

    /// Says whether there are no bytes.
    pub(super) fn is_empty(&self) -> bool {
        self.lock().bytes.is_empty()
    }

    /// Says whether all is written and flushed.
    pub(super) fn is_flushed(&self) -> bool {
        let state = self.lock();
        state.bytes.is_empty() && state.changes == state.flushed
    }

    /// Notes that the object may have changed otherwise.
    pub(super) fn mark_changed(&self) {
        self.lock().changes += 1;
    }

    /// Takes what went wrong and was not reported.
    pub(super) fn take_error(&self) -> Option<io::Error> {
        self.lock().error.take()
    }

    /// Writes until there are no bytes, then flushes if that is asked for; the job's part.
    pub(super) fn drain<T: Write>(&self, object: &mut T) {
        let mut batch = Batch {
            pipe: self,
            bytes: Vec::new(),
            written: 0,
        };
        loop {
            let step = batch.next();
            let result = match step {
                Step::Write => batch.write(object),
                Step::Flush { changes } => object.flush().map(|()| batch.note_flush(changes)),
                Step::End => return,
            };
            if let Err(error) = result {
                self.lock().error = Some(error);
                // The drop of the batch puts back what is not written.
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the job does next.
enum Step {
    Write,
    Flush { changes: u64 },
    End,
}

/// Bytes that the job is writing.
struct Batch<'a> {
    pipe: &'a Pipe,
    bytes: Vec<u8>,
    written: usize,
}

impl Batch<'_> {
    /// Takes all there is to write; if there is nothing, finds out what else there is to do.
    fn next(&mut self) -> Step {
        self.bytes.clear();
        self.written = 0;
        let mut state = self.pipe.lock();
        if !state.bytes.is_empty() {
            mem::swap(&mut state.bytes, &mut self.bytes);
            let waker = state.waker.take();
            drop(state);
            if let Some(waker) = waker {
                trill_park::wake(waker);
            }
            return Step::Write;
        }
        // One that is asked for while the same is under way has nothing left to do.
        if mem::take(&mut state.flush) && state.changes != state.flushed {
            return Step::Flush {
                changes: state.changes,
            };
        }
        state.draining = false;
        Step::End
    }

    /// Writes the batch.
    fn write(&mut self, object: &mut impl Write) -> io::Result<()> {
        while self.written < self.bytes.len() {
            match object.write(&self.bytes[self.written..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => self.written = (self.written + count).min(self.bytes.len()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn note_flush(&self, changes: u64) {
        self.pipe.lock().flushed = changes;
    }
}

impl Drop for Batch<'_> {
    /// Puts back what is not written, after an error or a panic, and lets the task see.
    fn drop(&mut self) {
        let mut state = self.pipe.lock();
        self.bytes.drain(..self.written);
        if !self.bytes.is_empty() {
            self.bytes.append(&mut state.bytes);
            mem::swap(&mut state.bytes, &mut self.bytes);
        }
        state.draining = false;
        state.flush = false;
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            trill_park::wake(waker);
        }
    }
}
