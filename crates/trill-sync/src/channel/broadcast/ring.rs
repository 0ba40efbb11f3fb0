//! The messages of a broadcast channel and how many receivers still want each.

use std::mem;
use std::sync::PoisonError;

use super::error::TryRecvError;
use crate::primitive::{Arc, Mutex};

/// The last messages, up to a capacity.
///
/// It lies behind the channel's mutex and runs no foreign code: what it takes out the caller drops or clones after
/// unlocking.
pub(super) struct Ring<T> {
    /// Grows up to `capacity`, then is used again from the start.
    places: Vec<Place<T>>,
    capacity: usize,
    /// Position of the next message to be sent.
    next: u64,
    receivers: usize,
    /// All senders are gone.
    closed: bool,
}

/// One message.
struct Place<T> {
    message: Message<T>,
    /// How many receivers have not received it.
    wanted: usize,
}

/// A message that receivers may be cloning.
///
/// The inner mutex makes them clone one after another, because `T` need not be `Sync`.
pub(super) type Message<T> = Arc<Mutex<Option<T>>>;

/// A message as a receiver gets it.
pub(super) enum Taken<T> {
    /// Nobody else wants it.
    Owned(T),
    /// Others want it too: make a clone.
    Shared(Message<T>),
}

impl<T> Ring<T> {
    pub(super) fn new(capacity: usize) -> Ring<T> {
        Ring {
            places: Vec::new(),
            capacity,
            next: 0,
            receivers: 0,
            closed: false,
        }
    }

    /// Puts a message in; returns what made way for it, or the message if there is no receiver.
    pub(super) fn send(&mut self, message: T) -> Result<Displaced<T>, T> {
        if self.receivers == 0 {
            return Err(message);
        }
        let wanted = self.receivers;
        let index = self.index(self.next);
        self.next += 1;
        if index == self.places.len() {
            self.places.push(Place {
                message: Arc::new(Mutex::new(Some(message))),
                wanted,
            });
            return Ok(Displaced::Nothing);
        }
        let place = &mut self.places[index];
        place.wanted = wanted;
        Ok(match Arc::get_mut(&mut place.message) {
            Some(cell) => {
                let cell = cell.get_mut().unwrap_or_else(PoisonError::into_inner);
                match cell.replace(message) {
                    Some(old) => Displaced::Message { _old: old },
                    None => Displaced::Nothing,
                }
            }
            // A receiver is cloning the old message; it keeps it until then.
            None => {
                let new = Arc::new(Mutex::new(Some(message)));
                Displaced::Place {
                    _old: mem::replace(&mut place.message, new),
                }
            }
        })
    }

    /// Takes the message at `position` for a receiver, and moves the position on.
    pub(super) fn take(&mut self, position: &mut u64) -> Result<Taken<T>, TryRecvError> {
        let waiting = self.next - *position;
        if waiting == 0 {
            return Err(if self.closed {
                TryRecvError::Closed
            } else {
                TryRecvError::Empty
            });
        }
        if waiting > self.capacity as u64 {
            let missed = waiting - self.capacity as u64;
            *position += missed;
            return Err(TryRecvError::Lagged(missed));
        }
        let index = self.index(*position);
        *position += 1;
        let place = &mut self.places[index];
        place.wanted -= 1;
        if place.wanted > 0 {
            return Ok(Taken::Shared(place.message.clone()));
        }
        let alone = Arc::get_mut(&mut place.message).and_then(|cell| {
            let cell = cell.get_mut().unwrap_or_else(PoisonError::into_inner);
            cell.take()
        });
        Ok(match alone {
            Some(message) => Taken::Owned(message),
            // Another receiver is still cloning it; the last of both drops it.
            None => {
                let free = Arc::new(Mutex::new(None));
                Taken::Shared(mem::replace(&mut place.message, free))
            }
        })
    }

    /// Adds a receiver; returns the position from which on it gets messages.
    pub(super) fn subscribe(&mut self) -> u64 {
        self.receivers += 1;
        self.next
    }

    /// Removes a receiver; returns the position before which it still has to give up messages, by [`take`](Ring::take),
    /// and whether it was the last receiver.
    pub(super) fn unsubscribe(&mut self) -> (u64, bool) {
        self.receivers -= 1;
        (self.next, self.receivers == 0)
    }

    /// Says that no message will come any more.
    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    pub(super) fn receivers(&self) -> usize {
        self.receivers
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Counts the messages that some receiver has not received.
    pub(super) fn len(&self) -> usize {
        // Receivers get messages in order: before one that nobody wants there is none that somebody wants.
        (1..=self.places.len().min(self.next as usize))
            .take_while(|back| self.places[self.index(self.next - *back as u64)].wanted > 0)
            .count()
    }

    /// Counts the messages from `position` on, and those that a receiver there missed.
    pub(super) fn len_from(&self, position: u64) -> u64 {
        self.next - position
    }

    /// The place of the message at `position`.
    fn index(&self, position: u64) -> usize {
        (position % self.capacity as u64) as usize
    }
}

/// What a new message pushed out; its drop is foreign code.
pub(super) enum Displaced<T> {
    Nothing,
    Message { _old: T },
    Place { _old: Message<T> },
}
