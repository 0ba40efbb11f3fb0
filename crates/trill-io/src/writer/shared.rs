//! The stream of a writer, moved on by whoever waits for it.
//!
//! No task of its own writes the buffer out. Each call that writes or waits takes the stream out of the shared state,
//! polls it without the lock, and puts it back. Who finds it taken leaves a note, and whoever has it looks once more
//! before it is idle. The stream wakes all who wait ([`Fan`]).

use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_io::AsyncWrite;
use trill_cell::Kind;

use super::fan::{Fan, OwnedSeat, Seat};
use super::state::{Engine, Place, State, Step};
use crate::fault::Fault;

/// What the handles, futures and pumps of a writer share.
pub(crate) struct Shared<W> {
    state: Mutex<State<W>>,
    pub(super) fan: Arc<Fan>,
    /// Of the fan.
    waker: Waker,
}

impl<W> Shared<W> {
    pub(crate) fn new(stream: W) -> Shared<W> {
        let fan = Arc::new(Fan::default());
        Shared {
            state: Mutex::new(State::new(stream)),
            waker: Waker::from(fan.clone()),
            fan,
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State<W>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place among those who wait, left when it is dropped.
    pub(crate) fn seat(&self) -> OwnedSeat {
        OwnedSeat::new(self.fan.clone())
    }

    pub(super) fn into_state(self) -> State<W> {
        self.state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Loses the stream on purpose: drops it, and what is not sent.
    pub(super) fn abort(&self) {
        let text = "the writer was aborted";
        let mut state = self.lock();
        state.fail(Fault::new(io::ErrorKind::ConnectionAborted, text));
        let place = match &state.place {
            Place::Here(_) => std::mem::replace(&mut state.place, Place::Gone),
            // Whoever has it finds out when it puts it back.
            Place::Away | Place::Gone => {
                state.place = Place::Gone;
                Place::Gone
            }
        };
        drop(state);
        drop(place);
        self.fan.wake_others(&Seat::default());
    }
}

impl<W: AsyncWrite + Unpin> Shared<W> {
    /// Writes `bytes`: what the stream takes at once, and the rest to the buffer.
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.lock();
        if let Some(refusal) = state.refusal() {
            return Err(refusal);
        }
        if bytes.is_empty() {
            return Ok(());
        }
        let has_backlog = state.size() > 0;
        state.written += bytes.len() as u64;
        // The budget of a task is for what waits; a write does not.
        let direct = if has_backlog || !matches!(state.place, Place::Here(_)) {
            state.queue.extend_from_slice(bytes);
            &[]
        } else {
            bytes
        };
        let lease = self.lease(&mut state);
        drop(state);
        trill_cell::unbudgeted(|| {
            if let Some(mut lease) = lease {
                lease.run(direct);
                if lease.put_back(&Seat::default()) {
                    self.advance(&Seat::default());
                }
            }
        });
        let mut state = self.lock();
        state.pause_if_high();
        match &state.fault {
            Some(fault) => Err(fault.again()),
            None => Ok(()),
        }
    }

    /// Marks the writer as closing. What was written still goes out.
    pub(super) fn begin_close(&self) {
        self.lock().is_closing = true;
    }

    /// The last handle is gone: what was written goes out as far as it can, and the rest if somebody pumps.
    pub(super) fn abandon(&self) {
        self.begin_close();
        trill_cell::unbudgeted(|| self.advance(&Seat::default()));
        // A pump that waited for more to write finds that it can end.
        self.fan.wake_others(&Seat::default());
    }

    /// Moves the stream on as far as it goes now. Returns whether it was polled; if not, it is idle or with somebody
    /// who will look once more.
    #[track_caller]
    pub(super) fn advance(&self, own: &Seat) -> bool {
        let mut polled = false;
        loop {
            let mut state = self.lock();
            if matches!(state.place, Place::Here(_)) && state.is_idle() {
                return polled;
            }
            let Some(mut lease) = self.lease(&mut state) else {
                return polled;
            };
            drop(state);
            polled |= lease.run(&[]);
            if !lease.put_back(own) {
                return polled;
            }
        }
    }

    /// Waits while the buffer is above the mark.
    #[track_caller]
    pub(super) fn poll_drain(
        &self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
        seat: &mut Seat,
        since: &mut Option<u64>,
    ) -> Poll<io::Result<()>> {
        let state = self.lock();
        // Who waited when writing was resumed goes on, as all who waited then, even if it is paused again by now.
        if since.is_some_and(|since| since != state.resumes) {
            drop(state);
            self.fan.leave(seat);
            return Poll::Ready(Ok(()));
        }
        if state.is_paused {
            *since = Some(state.resumes);
        }
        if !state.is_paused && state.is_idle() {
            return Poll::Ready(
                state
                    .fault
                    .as_ref()
                    .map_or(Ok(()), |fault| Err(fault.again())),
            );
        }
        drop(state);
        self.fan.sit(seat, cx.waker());
        let polled = self.advance(seat);
        let state = self.lock();
        let result = match &state.fault {
            // It may have been resumed and lost in one go.
            Some(_) if since.is_some_and(|since| since != state.resumes) => Ok(()),
            Some(fault) => Err(fault.again()),
            None if state.is_paused && since.is_none_or(|since| since == state.resumes) => {
                since.get_or_insert(state.resumes);
                drop(state);
                tell(polled, location);
                return Poll::Pending;
            }
            None => Ok(()),
        };
        drop(state);
        self.fan.leave(seat);
        Poll::Ready(result)
    }

    /// Waits until all that was written before the first poll is flushed. `target` remembers how much that is.
    #[track_caller]
    pub(super) fn poll_flush(
        &self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
        seat: &mut Seat,
        target: &mut Option<u64>,
    ) -> Poll<io::Result<()>> {
        let mut state = self.lock();
        if let (None, Some(fault)) = (&target, &state.fault) {
            return Poll::Ready(Err(fault.again()));
        }
        let until = *target.get_or_insert(state.written);
        if state.flushed < until {
            state.flush_wanted = Some(state.flush_wanted.map_or(until, |other| other.min(until)));
        }
        drop(state);
        self.poll_until(cx, location, seat, |state| state.flushed >= until)
    }

    /// Closes the stream once everything is flushed.
    #[track_caller]
    pub(super) fn poll_close(
        &self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
        seat: &mut Seat,
    ) -> Poll<io::Result<()>> {
        self.begin_close();
        self.poll_until(cx, location, seat, |state| state.is_closed)
    }

    /// Moves the stream on until the writer is closed, by whomever, or lost.
    #[track_caller]
    pub(super) fn poll_pump(
        &self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
        seat: &mut Seat,
    ) -> Poll<io::Result<()>> {
        self.poll_until(cx, location, seat, |state| state.is_closed)
    }

    /// Moves the stream on while somebody waits for something else, and has it wake that one.
    #[track_caller]
    pub(crate) fn drive(&self, cx: &mut Context<'_>, seat: &mut Seat) {
        self.fan.sit(seat, cx.waker());
        self.advance(seat);
    }

    #[track_caller]
    fn poll_until(
        &self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
        seat: &mut Seat,
        is_done: impl Fn(&State<W>) -> bool,
    ) -> Poll<io::Result<()>> {
        let mut polled = false;
        if !is_done(&self.lock()) {
            self.fan.sit(seat, cx.waker());
            polled = self.advance(seat);
        }
        let state = self.lock();
        let result = match &state.fault {
            _ if is_done(&state) => Ok(()),
            Some(fault) => Err(fault.again()),
            None => {
                drop(state);
                tell(polled, location);
                return Poll::Pending;
            }
        };
        drop(state);
        self.fan.leave(seat);
        Poll::Ready(result)
    }

    /// Takes the stream, to poll it; leaves a note if somebody has it.
    fn lease<'a>(&'a self, state: &mut State<W>) -> Option<Lease<'a, W>> {
        match std::mem::replace(&mut state.place, Place::Away) {
            Place::Here(engine) => Some(Lease {
                shared: self,
                engine: Some(engine),
                changed: false,
            }),
            Place::Away => {
                state.again = true;
                None
            }
            Place::Gone => {
                state.place = Place::Gone;
                None
            }
        }
    }
}

/// Says what the task waits for if the stream, which was not polled, could not.
fn tell(polled: bool, location: &'static Location<'static>) {
    if !polled {
        trill_cell::waiting(Kind::Writable, 0, location);
    }
}

/// The stream, out of the shared state.
struct Lease<'a, W> {
    shared: &'a Shared<W>,
    /// There until it is put back.
    engine: Option<Engine<W>>,
    /// Whether something happened that somebody may wait for.
    changed: bool,
}

impl<W: AsyncWrite + Unpin> Lease<'_, W> {
    /// Polls the stream until it has nothing to do or must wait; returns whether it was polled. What cannot be sent of
    /// `direct` is buffered.
    #[track_caller]
    fn run(&mut self, mut direct: &[u8]) -> bool {
        let Some(engine) = &mut self.engine else {
            return false;
        };
        let mut cx = Context::from_waker(&self.shared.waker);
        let mut has_polled = false;
        loop {
            let mut state = self.shared.lock();
            if engine.sending.is_empty() && direct.is_empty() && !state.queue.is_empty() {
                engine.sending = crate::buffer::Buffer::of(std::mem::take(&mut state.queue));
            }
            let step = state.step(engine, direct);
            drop(state);
            if step == Step::Rest {
                return has_polled;
            }
            let Poll::Ready(unit) = trill_cell::proceed(&mut cx) else {
                return has_polled;
            };
            has_polled = true;
            let stream = Pin::new(&mut engine.stream);
            let polled = match step {
                Step::Send if engine.sending.is_empty() => stream.poll_write(&mut cx, direct),
                Step::Send => stream.poll_write(&mut cx, engine.sending.filled()),
                Step::Flush => stream.poll_flush(&mut cx).map_ok(|()| 0),
                Step::Close | Step::Rest => stream.poll_close(&mut cx).map_ok(|()| 0),
            };
            let result = match polled {
                Poll::Ready(Ok(0)) if step == Step::Send => Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(result) => result,
                Poll::Pending => {
                    unit.refund();
                    engine.sending.extend(direct);
                    return has_polled;
                }
            };
            match result {
                Ok(count) => {
                    if step == Step::Send && engine.sending.is_empty() {
                        direct = &direct[count..];
                    } else {
                        engine.sending.consume(count);
                    }
                    self.changed |= self.shared.lock().done(step, count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    engine.sending.clear();
                    self.shared.lock().fail(Fault::of(&error));
                    self.changed = true;
                    return has_polled;
                }
            }
        }
    }

    /// Puts the stream back and wakes those for whom something happened. Returns whether somebody left a note.
    #[must_use]
    fn put_back(mut self, own: &Seat) -> bool {
        let mut state = self.shared.lock();
        // One that was aborted meanwhile is dropped, after the lock is.
        let dropped = match state.place {
            Place::Gone => self.engine.take(),
            _ => {
                if let Some(engine) = self.engine.take() {
                    state.place = Place::Here(engine);
                }
                None
            }
        };
        let again = std::mem::take(&mut state.again);
        drop(state);
        drop(dropped);
        if self.changed {
            self.shared.fan.wake_others(own);
        }
        again
    }
}

impl<W> Drop for Lease<'_, W> {
    fn drop(&mut self) {
        // Only if the stream has panicked is it still here: what it has sent is not known any more.
        if let Some(engine) = self.engine.take() {
            let text = "the stream panicked";
            let mut state = self.shared.lock();
            state.fail(Fault::new(io::ErrorKind::Other, text));
            state.place = Place::Gone;
            drop(state);
            drop(engine);
            self.shared.fan.wake_others(&Seat::default());
        }
    }
}
