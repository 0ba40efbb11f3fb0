//! A stream that a helper thread reads and writes, one call at a time.
//!
//! The thread is started for a call and ends with it, or with the process if the call does not return: nobody waits for
//! it. Not one of the blocking pool's, whose runtime may wait for its threads, and which has few of them.
//!
//! What a read has brought lies in `brought` until a reader takes it, so a dropped one loses nothing. A write belongs to
//! whoever began it; one that was dropped goes on, and the next one waits for it.

use std::io;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use trill_cell::Kind;

use crate::job::Job;
use crate::sys::Device;

#[derive(Debug)]
pub(crate) struct Slow {
    device: Arc<Device>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// The call that is being made, or was the last one.
    job: Option<Arc<Job>>,
    /// What a read has brought and nobody has taken.
    brought: Vec<u8>,
}

impl Slow {
    pub(crate) fn new(device: Device) -> Slow {
        Slow {
            device: Arc::new(device),
            state: Arc::default(),
        }
    }

    /// Reads what a call brings.
    pub(crate) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let unit = ready!(turn(cx, location));
        loop {
            let mut state = lock(&self.state);
            if !state.brought.is_empty() || buffer.is_empty() {
                let count = state.brought.len().min(buffer.len());
                buffer[..count].copy_from_slice(&state.brought[..count]);
                state.brought.drain(..count);
                return Poll::Ready(Ok(count));
            }
            let Some(job) = state.job.clone() else {
                let (device, shared) = (self.device.clone(), self.state.clone());
                // No more than is asked for: what is left is for others who have the stream.
                let len = buffer.len().min(CALL_BYTES_MAX);
                let job = Job::new(Vec::new());
                let done = job.clone();
                start(move || {
                    let mut bytes = vec![0; len];
                    let result = device.read(&mut bytes);
                    bytes.truncate(*result.as_ref().unwrap_or(&0));
                    lock(&shared).brought = bytes;
                    done.end(result);
                })?;
                state.job = Some(job);
                continue;
            };
            drop(state);
            let Poll::Ready(result) = job.poll(cx) else {
                unit.refund();
                trill_cell::waiting(Kind::Blocking, self.device.number(), location);
                return Poll::Pending;
            };
            let mut state = lock(&self.state);
            if state
                .job
                .as_ref()
                .is_some_and(|last| Arc::ptr_eq(last, &job))
            {
                state.job = None;
            }
            drop(state);
            match result {
                // The bytes are in `brought`, or another reader was quicker.
                Some(Ok(1..)) | None => {}
                Some(end) => return Poll::Ready(end),
            }
        }
    }

    /// Writes the beginning of `bytes`. `mine` is the call that this writer has begun.
    pub(crate) fn poll_write(
        &self,
        mine: &mut Option<Arc<Job>>,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let unit = ready!(turn(cx, location));
        loop {
            if let Some(job) = mine {
                let Poll::Ready(result) = job.poll(cx) else {
                    unit.refund();
                    trill_cell::waiting(Kind::Blocking, self.device.number(), location);
                    return Poll::Pending;
                };
                // What another write of this handle had begun and did not wait for has other bytes.
                let is_this = bytes.starts_with(&job.bytes);
                *mine = None;
                match result {
                    Some(result) if is_this => return Poll::Ready(result),
                    _ => continue,
                }
            }
            let mut state = lock(&self.state);
            match &state.job {
                Some(job) if !job.is_over() => {
                    let job = job.clone();
                    drop(state);
                    // Its result is for who began it: only its end is waited for.
                    if job.poll_end(cx).is_pending() {
                        unit.refund();
                        trill_cell::waiting(Kind::Blocking, self.device.number(), location);
                        return Poll::Pending;
                    }
                }
                _ => {
                    let job = Job::new(bytes[..bytes.len().min(CALL_BYTES_MAX)].to_vec());
                    let (device, done) = (self.device.clone(), job.clone());
                    start(move || done.end(device.write(&done.bytes)))?;
                    state.job = Some(job.clone());
                    *mine = Some(job);
                }
            }
        }
    }

    /// Waits for the end of the last call of `mine`.
    pub(crate) fn poll_flush(
        &self,
        mine: &mut Option<Arc<Job>>,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
    ) -> Poll<io::Result<()>> {
        let Some(job) = mine else {
            return Poll::Ready(Ok(()));
        };
        let Poll::Ready(result) = job.poll(cx) else {
            trill_cell::waiting(Kind::Blocking, self.device.number(), location);
            return Poll::Pending;
        };
        *mine = None;
        Poll::Ready(result.unwrap_or(Ok(0)).map(drop))
    }
}

fn start(call: impl FnOnce() + Send + 'static) -> io::Result<()> {
    trill_world::start_thread("trill-stdio", call)
}

/// Takes a unit of the budget; without one the task waits for its turn.
fn turn(cx: &mut Context<'_>, location: &'static Location<'static>) -> Poll<trill_cell::Proceed> {
    let unit = trill_cell::proceed(cx);
    if unit.is_pending() {
        trill_cell::waiting(Kind::Turn, 0, location);
    }
    unit
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The most that one call moves: as much as a pipe holds.
const CALL_BYTES_MAX: usize = 64 << 10;
