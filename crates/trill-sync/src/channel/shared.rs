//! What all handles of a channel share: the queue, who waits, and how many handles there are.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::task::{Poll, Waker};

use crate::channel::error::{RecvError, SendError, TryRecvError, TryReserveError, TrySendError};
use crate::channel::padded::Padded;
use crate::channel::queue::Queue;
use crate::channel::ring::{Nothing, Refused};
use crate::channel::wait::poll_with;
use crate::primitive::{AtomicUsize, Ordering};
use crate::waiters::{Ticket, Waiters};

/// The part of a channel that all its handles share.
pub(crate) struct Shared<T> {
    queue: Queue<T>,
    /// Woken by senders.
    receiving: Padded<Receiving>,
    /// Woken by receivers: futures that wait for room.
    sending: Padded<Waiters>,
    /// Futures that wait for the channel to be closed.
    closing: Waiters,
    senders: AtomicUsize,
    receivers: AtomicUsize,
}

/// Who waits for a message.
struct Receiving {
    /// Each message wakes one of these; one that does not use its turn passes it on when dropped.
    futures: Waiters,
    /// Each message wakes all of these: a receiver that was polled as a stream need not be polled again, so it must
    /// not be the only one that knows of a message.
    streams: Waiters,
}

/// Which of the waiting receivers a ticket belongs to.
#[derive(Clone, Copy)]
pub(crate) enum Line {
    Futures,
    Streams,
}

impl<T> Shared<T> {
    /// Makes a channel with one sender and one receiver.
    pub(crate) fn new(queue: Queue<T>) -> Shared<T> {
        Shared {
            queue,
            receiving: Padded(Receiving {
                futures: Waiters::new(),
                streams: Waiters::new(),
            }),
            sending: Padded(Waiters::new()),
            closing: Waiters::new(),
            senders: AtomicUsize::new(1),
            receivers: AtomicUsize::new(1),
        }
    }

    pub(crate) fn queue(&self) -> &Queue<T> {
        &self.queue
    }

    #[inline]
    pub(crate) fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        match self.queue.push(message) {
            Ok(()) => {
                self.message_came();
                Ok(())
            }
            Err((message, Refused::Full)) => Err(TrySendError::Full(message)),
            Err((message, Refused::Closed)) => Err(TrySendError::Closed(message)),
        }
    }

    #[inline]
    pub(crate) fn try_recv(&self) -> Result<T, TryRecvError> {
        match self.queue.pop() {
            Ok(message) => {
                self.room_came(1);
                Ok(message)
            }
            Err(nothing) => Err(nothing.into()),
        }
    }

    pub(crate) fn try_recv_many(
        &self,
        to: &mut Vec<T>,
        limit: usize,
    ) -> Result<usize, TryRecvError> {
        if limit == 0 {
            return Ok(0);
        }
        let count = self.queue.pop_many(to, limit)?;
        self.room_came(count);
        Ok(count)
    }

    pub(crate) fn force_send(&self, message: T) -> Result<Option<T>, SendError<T>> {
        let displaced = self.queue.push_displacing(message).map_err(SendError)?;
        if displaced.is_some() {
            // Two calls at once may have made more room than they used.
            self.room_came(1);
        }
        self.message_came();
        Ok(displaced)
    }

    pub(crate) fn try_reserve(&self) -> Result<(), TryReserveError> {
        self.queue.reserve().map_err(|refused| match refused {
            Refused::Full => TryReserveError::Full,
            Refused::Closed => TryReserveError::Closed,
        })
    }

    pub(crate) fn send_reserved(&self, message: T) -> Result<(), SendError<T>> {
        self.queue.push_reserved(message).map_err(SendError)?;
        self.message_came();
        Ok(())
    }

    pub(crate) fn release(&self) {
        self.queue.release();
        self.room_came(1);
    }

    /// Sends `message`, taking it out, or registers the waker.
    #[inline]
    pub(crate) fn poll_send(
        &self,
        message: &mut Option<T>,
        ticket: &mut Ticket,
        waker: &Waker,
    ) -> Poll<Result<(), SendError<T>>> {
        poll_with(&self.sending.0, ticket, waker, || {
            let taken = message
                .take()
                .expect("a send is not polled after it completed");
            match self.try_send(taken) {
                Ok(()) => Some(Ok(())),
                Err(TrySendError::Closed(given_back)) => Some(Err(SendError(given_back))),
                Err(TrySendError::Full(given_back)) => {
                    *message = Some(given_back);
                    None
                }
            }
        })
    }

    /// Reserves a place or registers the waker.
    pub(crate) fn poll_reserve(
        &self,
        ticket: &mut Ticket,
        waker: &Waker,
    ) -> Poll<Result<(), SendError<()>>> {
        poll_with(&self.sending.0, ticket, waker, || {
            match self.try_reserve() {
                Ok(()) => Some(Ok(())),
                Err(TryReserveError::Closed) => Some(Err(SendError(()))),
                Err(TryReserveError::Full) => None,
            }
        })
    }

    /// Receives with `receive` or registers the waker.
    #[inline]
    pub(crate) fn poll_recv<R>(
        &self,
        line: Line,
        ticket: &mut Ticket,
        waker: &Waker,
        mut receive: impl FnMut(&Shared<T>) -> Result<R, TryRecvError>,
    ) -> Poll<Result<R, RecvError>> {
        poll_with(self.line(line), ticket, waker, || match receive(self) {
            Ok(received) => Some(Ok(received)),
            Err(TryRecvError::Closed) => Some(Err(RecvError)),
            Err(TryRecvError::Empty) => None,
        })
    }

    /// Waits until the channel is closed.
    pub(crate) fn poll_closed(&self, ticket: &mut Ticket, waker: &Waker) -> Poll<()> {
        poll_with(&self.closing, ticket, waker, || {
            self.queue.is_closed().then_some(())
        })
    }

    /// Takes a receiving future out of its line; if it was woken the next one takes its turn.
    pub(crate) fn leave_receiving(&self, line: Line, ticket: &mut Ticket) {
        let waiters = self.line(line);
        if waiters.remove(ticket) {
            waiters.notify_one();
        }
    }

    /// Takes a sending future out of its line; if it was woken the next one takes its turn.
    pub(crate) fn leave_sending(&self, ticket: &mut Ticket) {
        if self.sending.0.remove(ticket) {
            self.sending.0.notify_one();
        }
    }

    pub(crate) fn leave_closing(&self, ticket: &mut Ticket) {
        self.closing.remove(ticket);
    }

    /// Closes the channel and wakes everyone who waits; returns whether this call closed it.
    pub(crate) fn close(&self) -> bool {
        let closed = self.queue.close();
        if closed {
            // Each is tried even when a waker of the one before panics.
            let _streams = Broadcast(&self.receiving.0.streams);
            let _sending = Broadcast(&self.sending.0);
            let _closing = Broadcast(&self.closing);
            self.receiving.0.futures.broadcast();
        }
        closed
    }

    pub(crate) fn waiting_senders(&self) -> usize {
        self.sending.0.len()
    }

    pub(crate) fn waiting_receivers(&self) -> usize {
        self.receiving.0.futures.len() + self.receiving.0.streams.len()
    }

    pub(crate) fn senders(&self) -> usize {
        self.senders.load(Ordering::Relaxed)
    }

    pub(crate) fn receivers(&self) -> usize {
        self.receivers.load(Ordering::Relaxed)
    }

    pub(crate) fn add_sender(&self) {
        add(&self.senders);
    }

    pub(crate) fn add_receiver(&self) {
        add(&self.receivers);
    }

    /// Adds a sender unless the last one is gone or the channel is closed.
    pub(crate) fn revive_sender(&self) -> bool {
        !self.queue.is_closed() && add_unless_zero(&self.senders)
    }

    /// Adds a receiver unless the last one is gone or the channel is closed.
    pub(crate) fn revive_receiver(&self) -> bool {
        !self.queue.is_closed() && add_unless_zero(&self.receivers)
    }

    pub(crate) fn remove_sender(&self) {
        // AcqRel: pairs with itself, so that the last one sees all that the others did.
        if self.senders.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.close();
        }
    }

    pub(crate) fn remove_receiver(&self) {
        // AcqRel: pairs with itself, so that the last one sees all that the others did.
        if self.receivers.fetch_sub(1, Ordering::AcqRel) == 1 {
            // Nobody can receive what is left. Senders that live on must not keep it, least of all if it is what
            // somebody waits on: the sender of a reply, for instance.
            let drain = Drain(self);
            self.close();
            drop(drain);
        }
    }

    /// Wakes a receiver for a message that was just put in.
    #[inline]
    fn message_came(&self) {
        let receiving = &self.receiving.0;
        if !receiving.streams.is_empty() {
            receiving.streams.broadcast();
        }
        receiving.futures.notify_one_unfenced();
    }

    /// Wakes senders for places that just became free.
    #[inline]
    fn room_came(&self, places: usize) {
        if places == 1 {
            self.sending.0.notify_one_unfenced();
        } else if !self.sending.0.is_empty() {
            self.sending.0.notify(places);
        }
    }

    fn line(&self, line: Line) -> &Waiters {
        match line {
            Line::Futures => &self.receiving.0.futures,
            Line::Streams => &self.receiving.0.streams,
        }
    }
}

impl From<Nothing> for TryRecvError {
    fn from(nothing: Nothing) -> TryRecvError {
        match nothing {
            Nothing::Empty => TryRecvError::Empty,
            Nothing::Closed => TryRecvError::Closed,
        }
    }
}

/// A panic while the queue is changed cannot happen: it runs no foreign code.
impl<T> UnwindSafe for Shared<T> {}
impl<T> RefUnwindSafe for Shared<T> {}

/// Wakes everybody when dropped.
struct Broadcast<'a>(&'a Waiters);

impl Drop for Broadcast<'_> {
    fn drop(&mut self) {
        self.0.broadcast();
    }
}

/// Drops what is left in the queue, also when a waker or the drop of a message panics.
struct Drain<'a, T>(&'a Shared<T>);

impl<T> Drop for Drain<'_, T> {
    fn drop(&mut self) {
        /// Goes on with the rest.
        struct Rest<'a, T>(&'a Queue<T>);
        impl<T> Drop for Rest<'_, T> {
            fn drop(&mut self) {
                while self.0.pop().is_ok() {}
            }
        }
        let rest = Rest(&self.0.queue);
        while rest.0.pop().is_ok() {}
    }
}

/// Counts one handle more.
fn add(handles: &AtomicUsize) {
    let before = handles.fetch_add(1, Ordering::Relaxed);
    // Forgotten clones could wrap the count, and then a live channel would close.
    assert!(
        before < HANDLES_MAX,
        "a channel has too many handles: are clones forgotten?"
    );
}

/// Counts one handle more unless there is none.
fn add_unless_zero(handles: &AtomicUsize) -> bool {
    let mut count = handles.load(Ordering::Relaxed);
    while count != 0 {
        assert!(
            count < HANDLES_MAX,
            "a channel has too many handles: are clones forgotten?"
        );
        match handles.compare_exchange_weak(count, count + 1, Ordering::Relaxed, Ordering::Relaxed)
        {
            Ok(_) => return true,
            Err(now) => count = now,
        }
    }
    false
}

/// Leaves room for as many threads as there can be to add one each before the first of them panics.
const HANDLES_MAX: usize = usize::MAX / 2;
