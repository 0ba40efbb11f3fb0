//! What is written, sent and waited for.

use std::io;

use super::marks::Marks;
use crate::buffer::Buffer;
use crate::fault::Fault;

/// What the handles of a writer share, behind a lock that is never held while the stream is polled.
pub(super) struct State<W> {
    pub(super) place: Place<W>,
    /// Somebody came while the stream was being polled: whoever polls it looks once more.
    pub(super) again: bool,
    /// Written while the stream was being polled, or behind what could not be sent at once.
    pub(super) queue: Vec<u8>,
    /// How many bytes were ever written, sent, and flushed by the stream.
    pub(super) written: u64,
    pub(super) sent: u64,
    pub(super) flushed: u64,
    /// The smallest count that a flush waits for.
    pub(super) flush_wanted: Option<u64>,
    pub(super) marks: Marks,
    pub(super) is_paused: bool,
    /// How often writing was resumed: who waited then goes on, whatever happened since.
    pub(super) resumes: u64,
    pub(super) is_closing: bool,
    pub(super) is_closed: bool,
    pub(super) fault: Option<Fault>,
}

/// Where the stream is.
pub(super) enum Place<W> {
    Here(Engine<W>),
    /// With whoever polls it.
    Away,
    /// Dropped.
    Gone,
}

/// The stream, and what it is to take next.
pub(super) struct Engine<W> {
    pub(super) stream: W,
    /// Goes out before the queue does.
    pub(super) sending: Buffer,
}

/// What the stream is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Send,
    Flush,
    Close,
    Rest,
}

impl<W> State<W> {
    pub(super) fn new(stream: W) -> State<W> {
        let sending = Buffer::default();
        State {
            place: Place::Here(Engine { stream, sending }),
            again: false,
            queue: Vec::new(),
            written: 0,
            sent: 0,
            flushed: 0,
            flush_wanted: None,
            marks: Marks::default(),
            is_paused: false,
            resumes: 0,
            is_closing: false,
            is_closed: false,
            fault: None,
        }
    }

    /// How many bytes are written and not sent.
    pub(super) fn size(&self) -> usize {
        // No more than lie in memory.
        (self.written - self.sent) as usize
    }

    /// Whether there is nothing that the stream has to do.
    pub(super) fn is_idle(&self) -> bool {
        self.flushed == self.written && self.is_closing == self.is_closed
    }

    /// Why nothing can be written.
    pub(super) fn refusal(&self) -> Option<io::Error> {
        if let Some(fault) = &self.fault {
            return Some(fault.again());
        }
        let text = "the writer was closed: write before closing it";
        self.is_closing
            .then(|| io::Error::new(io::ErrorKind::BrokenPipe, text))
    }

    /// What the stream is to do next; `direct` are bytes that go out first if nothing else waits to.
    pub(super) fn step(&self, engine: &Engine<W>, direct: &[u8]) -> Step {
        if self.fault.is_some() || self.is_closed {
            return Step::Rest;
        }
        let wanted = self
            .flush_wanted
            .is_some_and(|wanted| self.flushed < wanted && wanted <= self.sent);
        let all_sent = engine.sending.is_empty() && self.queue.is_empty() && direct.is_empty();
        match (wanted, all_sent) {
            (false, false) => Step::Send,
            (false, true) if self.flushed == self.sent && self.is_closing => Step::Close,
            (false, true) if self.flushed == self.sent => Step::Rest,
            _ => Step::Flush,
        }
    }

    /// Pauses if there is too much.
    pub(super) fn pause_if_high(&mut self) {
        self.is_paused |= self.fault.is_none() && self.size() > self.marks.high;
    }

    /// Resumes if there is little enough; returns whether it did.
    pub(super) fn resume_if_low(&mut self) -> bool {
        let resumes = self.is_paused && self.size() <= self.marks.low;
        if resumes {
            self.is_paused = false;
            self.resumes += 1;
        }
        resumes
    }

    /// Notes that the stream has done a step; returns whether somebody else may wait for that.
    pub(super) fn done(&mut self, step: Step, count: usize) -> bool {
        if self.fault.is_some() {
            // Aborted meanwhile, and everything is counted as gone.
            return false;
        }
        match step {
            Step::Send => {
                self.sent += count as u64;
                self.resume_if_low()
            }
            Step::Flush => {
                self.flushed = self.sent;
                self.flush_wanted
                    .take_if(|wanted| *wanted <= self.flushed)
                    .is_some()
            }
            Step::Close => {
                self.is_closed = true;
                true
            }
            Step::Rest => false,
        }
    }

    /// Notes that the stream is lost. Only the first reason counts.
    pub(super) fn fail(&mut self, fault: Fault) {
        if self.fault.is_none() && !self.is_closed {
            self.fault = Some(fault);
        }
        self.queue = Vec::new();
        self.sent = self.written;
        self.is_paused = false;
    }
}
