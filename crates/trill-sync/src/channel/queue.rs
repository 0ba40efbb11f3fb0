//! The two queues a channel can have, behind one set of methods.

use concurrent_queue::{ConcurrentQueue, PopError};

use crate::channel::ring::{Nothing, Refused, Ring};

/// Holds the messages of a channel.
pub(crate) enum Queue<T> {
    Bounded(Ring<T>),
    /// Grows by blocks of 31 messages.
    Unbounded(ConcurrentQueue<T>),
}

impl<T> Queue<T> {
    #[inline]
    pub(crate) fn push(&self, value: T) -> Result<(), (T, Refused)> {
        match self {
            Queue::Bounded(ring) => ring.push(value),
            Queue::Unbounded(queue) => queue
                .push(value)
                .map_err(|refused| (refused.into_inner(), Refused::Closed)),
        }
    }

    #[inline]
    pub(crate) fn pop(&self) -> Result<T, Nothing> {
        match self {
            Queue::Bounded(ring) => ring.pop(),
            Queue::Unbounded(queue) => queue.pop().map_err(|nothing| match nothing {
                PopError::Empty => Nothing::Empty,
                PopError::Closed => Nothing::Closed,
            }),
        }
    }

    /// Takes up to `limit` messages out and appends them to `to`; at least one.
    pub(crate) fn pop_many(&self, to: &mut Vec<T>, limit: usize) -> Result<usize, Nothing> {
        if let Queue::Bounded(ring) = self {
            return ring.pop_many(to, limit);
        }
        // Before anything is taken: running out of memory must not lose messages.
        to.reserve(limit.min(self.len().max(1)));
        let mut count = 0;
        while count < limit && to.len() < to.capacity() {
            match self.pop() {
                Ok(value) => to.push(value),
                Err(nothing) if count == 0 => return Err(nothing),
                Err(_) => break,
            }
            count += 1;
        }
        Ok(count)
    }

    /// Puts a message in, if need be for the oldest one, which is returned.
    pub(crate) fn push_displacing(&self, value: T) -> Result<Option<T>, T> {
        match self {
            Queue::Bounded(ring) => ring.push_displacing(value),
            Queue::Unbounded(queue) => match queue.push(value) {
                Ok(()) => Ok(None),
                Err(refused) => Err(refused.into_inner()),
            },
        }
    }

    #[inline]
    pub(crate) fn reserve(&self) -> Result<(), Refused> {
        match self {
            Queue::Bounded(ring) => ring.reserve(),
            Queue::Unbounded(queue) if queue.is_closed() => Err(Refused::Closed),
            Queue::Unbounded(_) => Ok(()),
        }
    }

    pub(crate) fn push_reserved(&self, value: T) -> Result<(), T> {
        match self {
            Queue::Bounded(ring) => ring.push_reserved(value),
            Queue::Unbounded(queue) => queue.push(value).map_err(|refused| refused.into_inner()),
        }
    }

    /// Gives a reserved place back.
    pub(crate) fn release(&self) {
        if let Queue::Bounded(ring) = self {
            ring.release();
        }
    }

    pub(crate) fn close(&self) -> bool {
        match self {
            Queue::Bounded(ring) => ring.close(),
            Queue::Unbounded(queue) => queue.close(),
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        match self {
            Queue::Bounded(ring) => ring.is_closed(),
            Queue::Unbounded(queue) => queue.is_closed(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Queue::Bounded(ring) => ring.len(),
            Queue::Unbounded(queue) => queue.len(),
        }
    }

    /// Whether a push would be refused for want of room.
    pub(crate) fn is_full(&self) -> bool {
        match self {
            Queue::Bounded(ring) => ring.used() >= ring.capacity(),
            Queue::Unbounded(_) => false,
        }
    }

    pub(crate) fn capacity(&self) -> Option<usize> {
        match self {
            Queue::Bounded(ring) => Some(ring.capacity()),
            Queue::Unbounded(_) => None,
        }
    }
}
