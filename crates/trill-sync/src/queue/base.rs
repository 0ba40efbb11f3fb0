//! What all queues share: the handle.

use std::fmt;

use super::error::{Closed, PutError, TooManyDone, TryGetError, TryPutError};
use super::get::{Get, GetItem};
use super::item::Item;
use super::join::Join;
use super::put::Put;
use super::shared::{Shared, UNBOUNDED};
use super::stats::QueueStats;
use super::store::Store;

/// A queue whose items come out in the order `S`; used as [`Queue`], [`LifoQueue`] and [`PriorityQueue`].
///
/// Share it by reference, or in an [`Arc`](std::sync::Arc).
///
/// [`Queue`]: super::Queue
/// [`LifoQueue`]: super::LifoQueue
/// [`PriorityQueue`]: super::PriorityQueue
///
/// # Examples
///
/// See the [module's page](super).
pub struct BaseQueue<S> {
    pub(super) shared: Shared<S>,
}

/// How to shut a queue down; see [`BaseQueue::shutdown`].
///
/// # Examples
///
/// See [`BaseQueue::shutdown`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// Exhaustive: what is queued either still comes out or does not.
pub enum Shutdown {
    /// What is queued still comes out.
    Graceful,
    /// What is queued is taken out at once.
    Immediate,
}

impl<S: Store> BaseQueue<S> {
    /// Makes a queue that holds up to `capacity` items.
    ///
    /// # Panics
    ///
    /// If `capacity` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::queue::Queue;
    ///
    /// let queue = Queue::bounded(1);
    /// assert!(queue.try_put(10).is_ok());
    /// assert!(queue.try_put(20).is_err());
    /// ```
    #[track_caller]
    pub fn bounded(capacity: usize) -> BaseQueue<S> {
        assert!(
            capacity > 0,
            "a queue's capacity cannot be zero: use bounded(1), or unbounded() for no limit"
        );
        BaseQueue {
            shared: Shared::new(capacity),
        }
    }

    /// Makes a queue that holds any number of items.
    ///
    /// Putting never waits, so nothing but memory holds a producer back that is faster than the consumers.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_sync::queue::Queue::<u8>::unbounded().capacity(), None);
    /// ```
    pub fn unbounded() -> BaseQueue<S> {
        BaseQueue {
            shared: Shared::new(UNBOUNDED),
        }
    }

    /// Puts `item` in, waiting until there is room.
    ///
    /// # Errors
    ///
    /// [`PutError`] with the item if the queue is shut down, also while this waits.
    ///
    /// # Panics
    ///
    /// If comparing items of a priority queue panics.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, the item is dropped with it and was not put. The place in line is lost; a turn that
    /// it had been given goes to the next.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::queue::Queue;
    ///
    /// trill_park::block_on(async {
    ///     let queue = Queue::bounded(1);
    ///     queue.put("letter").await.unwrap();
    ///     assert!(queue.is_full());
    /// });
    /// ```
    pub fn put(&self, item: S::Item) -> Put<'_, S> {
        Put::new(self, item)
    }

    /// Puts `item` in, blocking the thread until there is room.
    ///
    /// Meant for threads outside the runtime; inside a task it keeps other tasks of the thread waiting.
    ///
    /// # Errors
    ///
    /// [`PutError`] with the item if the queue is shut down.
    ///
    /// # Examples
    ///
    /// See [`PutError`].
    #[track_caller]
    pub fn put_blocking(&self, item: S::Item) -> Result<(), PutError<S::Item>> {
        trill_park::block_on(self.put(item))
    }

    /// Puts `item` in if there is room and nobody waits for it.
    ///
    /// # Errors
    ///
    /// [`TryPutError`] with the item if there is no room for it now, or the queue was shut down.
    ///
    /// # Examples
    ///
    /// See [`TryPutError`].
    pub fn try_put(&self, item: S::Item) -> Result<(), TryPutError<S::Item>> {
        self.shared.try_put(item)
    }

    /// Takes the next item out, waiting until there is one.
    ///
    /// The item counts as unfinished until [`task_done`](BaseQueue::task_done) is called for it;
    /// [`get_item`](BaseQueue::get_item) sees to that by itself. Who never joins need not care.
    ///
    /// # Errors
    ///
    /// [`Closed`] once the queue was shut down and is empty.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: an item leaves the queue only in the poll that returns it. The place in line is lost; a turn that
    /// it had been given goes to the next.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::queue::Queue;
    ///
    /// trill_park::block_on(async {
    ///     let queue = Queue::unbounded();
    ///     queue.put("letter").await.unwrap();
    ///     assert_eq!(queue.get().await, Ok("letter"));
    /// });
    /// ```
    pub fn get(&self) -> Get<'_, S> {
        Get::new(self)
    }

    /// Takes the next item out, blocking the thread until there is one.
    ///
    /// Meant for threads outside the runtime; inside a task it keeps other tasks of the thread waiting.
    ///
    /// # Errors
    ///
    /// [`Closed`] once the queue was shut down and is empty.
    ///
    /// # Examples
    ///
    /// See [`Closed`].
    #[track_caller]
    pub fn get_blocking(&self) -> Result<S::Item, Closed> {
        trill_park::block_on(self.get())
    }

    /// Takes the next item out if there is one and nobody waits for it.
    ///
    /// It counts as unfinished until [`task_done`](BaseQueue::task_done) is called for it.
    ///
    /// # Errors
    ///
    /// [`TryGetError::Empty`] if there may be one later, [`TryGetError::Closed`] if not.
    ///
    /// # Examples
    ///
    /// See [`TryGetError`].
    pub fn try_get(&self) -> Result<S::Item, TryGetError> {
        self.shared.try_get()
    }

    /// Takes the next item out in a guard that marks it as done when dropped, waiting until there is one.
    ///
    /// # Errors
    ///
    /// [`Closed`] once the queue was shut down and is empty.
    ///
    /// # Cancel safety
    ///
    /// As [`get`](BaseQueue::get).
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::queue::Queue;
    ///
    /// trill_park::block_on(async {
    ///     let queue = Queue::unbounded();
    ///     queue.put("letter").await.unwrap();
    ///     let item = queue.get_item().await.unwrap();
    ///     assert_eq!(*item, "letter");
    ///     drop(item);
    ///     queue.join().await;
    /// });
    /// ```
    pub fn get_item(&self) -> GetItem<'_, S> {
        GetItem::new(self)
    }

    /// Takes the next item out in a guard, blocking the thread until there is one.
    ///
    /// # Errors
    ///
    /// [`Closed`] once the queue was shut down and is empty.
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = trill_sync::queue::Queue::unbounded();
    /// queue.try_put(7).unwrap();
    /// assert_eq!(*queue.get_item_blocking().unwrap(), 7);
    /// assert_eq!(queue.unfinished(), 0);
    /// ```
    #[track_caller]
    pub fn get_item_blocking(&self) -> Result<Item<'_, S>, Closed> {
        trill_park::block_on(self.get_item())
    }

    /// Takes the next item out in a guard if there is one and nobody waits for it.
    ///
    /// # Errors
    ///
    /// [`TryGetError::Empty`] if there may be one later, [`TryGetError::Closed`] if not.
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = trill_sync::queue::Queue::unbounded();
    /// queue.try_put(7).unwrap();
    /// assert_eq!(queue.try_get_item().unwrap().into_inner(), 7);
    /// assert_eq!(queue.unfinished(), 0);
    /// ```
    pub fn try_get_item(&self) -> Result<Item<'_, S>, TryGetError> {
        let item = self.try_get()?;
        Ok(Item::new(self, item))
    }

    /// Marks an item as done that was taken out by [`get`](BaseQueue::get) or [`try_get`](BaseQueue::try_get).
    ///
    /// # Errors
    ///
    /// [`TooManyDone`] if no item is in anybody's hands; nothing changes then.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::queue::{Queue, TooManyDone};
    ///
    /// let queue = Queue::unbounded();
    /// queue.try_put(7).unwrap();
    /// assert_eq!(queue.task_done(), Err(TooManyDone));
    /// queue.try_get().unwrap();
    /// assert_eq!(queue.task_done(), Ok(()));
    /// ```
    pub fn task_done(&self) -> Result<(), TooManyDone> {
        self.shared.task_done()
    }

    /// Waits until no item is queued and each that was taken out was marked as done.
    ///
    /// It returns if there was such a moment, although more items may have come since.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future changes nothing for anybody else.
    ///
    /// # Examples
    ///
    /// See [`get_item`](BaseQueue::get_item).
    pub fn join(&self) -> Join<'_, S> {
        Join::new(self)
    }

    /// Blocks the thread until no item is queued and each that was taken out was marked as done.
    ///
    /// # Examples
    ///
    /// ```
    /// trill_sync::queue::Queue::<u8>::unbounded().join_blocking();
    /// ```
    #[track_caller]
    pub fn join_blocking(&self) {
        trill_park::block_on(self.join());
    }

    /// Shuts the queue down: nothing can be put any more, and producers that wait get their items back.
    ///
    /// [`Graceful`](Shutdown::Graceful): items that are queued still come out in order; consumers then get [`Closed`].
    /// [`Immediate`](Shutdown::Immediate): they are taken out and returned, in order, and do not count as unfinished
    /// any more. Consumers get [`Closed`], and who joins waits only for items in consumers' hands.
    ///
    /// It may be called from any thread, and again: an immediate shutdown after a graceful one takes out what is left,
    /// and any other repetition changes nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::queue::{Queue, Shutdown, TryGetError};
    ///
    /// let queue = Queue::unbounded();
    /// for item in [1, 2, 3] {
    ///     queue.try_put(item).unwrap();
    /// }
    /// queue.shutdown(Shutdown::Graceful);
    /// assert!(queue.try_put(4).is_err());
    /// assert_eq!(queue.try_get(), Ok(1));
    /// assert_eq!(queue.shutdown(Shutdown::Immediate), [2, 3]);
    /// assert_eq!(queue.try_get(), Err(TryGetError::Closed));
    /// ```
    pub fn shutdown(&self, how: Shutdown) -> Vec<S::Item> {
        self.shared.shut_down(how == Shutdown::Immediate)
    }

    /// Returns whether the queue was shut down; items may still come out.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(!trill_sync::queue::Queue::<u8>::unbounded().is_shut_down());
    /// ```
    pub fn is_shut_down(&self) -> bool {
        self.shared.is_shut_down()
    }

    /// Counts the items that are queued.
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = trill_sync::queue::Queue::unbounded();
    /// queue.try_put(7).unwrap();
    /// assert_eq!(queue.len(), 1);
    /// ```
    pub fn len(&self) -> usize {
        self.stats().len
    }

    /// Returns whether no item is queued.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(trill_sync::queue::Queue::<u8>::unbounded().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns whether as many items are queued as there is room for; never so without a limit.
    ///
    /// # Examples
    ///
    /// See [`put`](BaseQueue::put).
    pub fn is_full(&self) -> bool {
        self.capacity() == Some(self.len())
    }

    /// Returns for how many items there is room in all; `None` without a limit.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_sync::queue::Queue::<u8>::bounded(3).capacity(), Some(3));
    /// ```
    pub fn capacity(&self) -> Option<usize> {
        self.shared.capacity()
    }

    /// Counts the items that are queued, or were taken out and not marked as done.
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = trill_sync::queue::Queue::unbounded();
    /// queue.try_put(7).unwrap();
    /// queue.try_get().unwrap();
    /// assert_eq!((queue.len(), queue.unfinished()), (0, 1));
    /// ```
    pub fn unfinished(&self) -> usize {
        self.stats().unfinished
    }

    /// Returns the numbers of items and of those who wait, all from one moment as far as items are concerned.
    ///
    /// # Examples
    ///
    /// See [`QueueStats`].
    pub fn stats(&self) -> QueueStats {
        self.shared.stats()
    }
}

impl<S: Store> Default for BaseQueue<S> {
    /// Makes a queue without a limit.
    fn default() -> BaseQueue<S> {
        BaseQueue::unbounded()
    }
}

impl<S: Store> fmt::Debug for BaseQueue<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stats().fmt(f)
    }
}
