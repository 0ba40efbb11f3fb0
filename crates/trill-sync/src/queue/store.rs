//! The orders in which a queue gives its items out.

use std::cmp::Ordering;
use std::collections::{BTreeSet, VecDeque};

/// Keeps the items of a queue, and decides which one comes out next.
///
/// The three orders of this crate implement it; it is sealed, because it runs under the queue's lock.
///
/// # Examples
///
/// ```
/// use trill_sync::queue::{BaseQueue, Store};
///
/// fn backlog<S: Store>(queue: &BaseQueue<S>) -> usize {
///     queue.len()
/// }
/// assert_eq!(backlog(&trill_sync::queue::Queue::<u8>::unbounded()), 0);
/// ```
pub trait Store: sealed::Sealed {
    /// What is queued.
    type Item;

    /// Makes an empty store.
    #[doc(hidden)]
    fn new() -> Self;

    /// Adds an item. If it panics, the store is as it was.
    #[doc(hidden)]
    fn push(&mut self, item: Self::Item);

    /// Takes the next item out. It runs none of the user's code.
    #[doc(hidden)]
    fn pop(&mut self) -> Option<Self::Item>;

    /// Counts the items.
    #[doc(hidden)]
    fn len(&self) -> usize;

    /// Whether there are none.
    #[doc(hidden)]
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

mod sealed {
    pub trait Sealed {}
    impl<T> Sealed for super::FirstInFirstOut<T> {}
    impl<T> Sealed for super::LastInFirstOut<T> {}
    impl<T: Ord> Sealed for super::SmallestFirst<T> {}
}

/// The order of arrival: first in, first out.
///
/// # Examples
///
/// ```
/// use trill_sync::queue::{BaseQueue, FirstInFirstOut, Queue};
///
/// let queue: BaseQueue<FirstInFirstOut<u8>> = Queue::unbounded();
/// assert!(queue.is_empty());
/// ```
#[derive(Debug)]
pub struct FirstInFirstOut<T>(VecDeque<T>);

/// The reverse order of arrival: last in, first out.
///
/// # Examples
///
/// ```
/// use trill_sync::queue::{BaseQueue, LastInFirstOut, LifoQueue};
///
/// let queue: BaseQueue<LastInFirstOut<u8>> = LifoQueue::unbounded();
/// assert!(queue.is_empty());
/// ```
#[derive(Debug)]
pub struct LastInFirstOut<T>(Vec<T>);

/// The order of the items themselves: the smallest first, equal ones in order of arrival.
///
/// # Examples
///
/// ```
/// use trill_sync::queue::{BaseQueue, PriorityQueue, SmallestFirst};
///
/// let queue: BaseQueue<SmallestFirst<u8>> = PriorityQueue::unbounded();
/// assert!(queue.is_empty());
/// ```
#[derive(Debug)]
pub struct SmallestFirst<T> {
    /// A set and not a heap: taking the first out compares nothing, so only `push` runs the user's code.
    items: BTreeSet<Arrived<T>>,
    /// How many items ever came.
    arrivals: u64,
}

impl<T> Store for FirstInFirstOut<T> {
    type Item = T;

    fn new() -> Self {
        FirstInFirstOut(VecDeque::new())
    }

    fn push(&mut self, item: T) {
        self.0.push_back(item);
    }

    fn pop(&mut self) -> Option<T> {
        self.0.pop_front()
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

impl<T> Store for LastInFirstOut<T> {
    type Item = T;

    fn new() -> Self {
        LastInFirstOut(Vec::new())
    }

    fn push(&mut self, item: T) {
        self.0.push(item);
    }

    fn pop(&mut self) -> Option<T> {
        self.0.pop()
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

impl<T: Ord> Store for SmallestFirst<T> {
    type Item = T;

    fn new() -> Self {
        SmallestFirst {
            items: BTreeSet::new(),
            arrivals: 0,
        }
    }

    fn push(&mut self, item: T) {
        let arrival = self.arrivals;
        self.arrivals += 1;
        self.items.insert(Arrived { item, arrival });
    }

    fn pop(&mut self) -> Option<T> {
        self.items.pop_first().map(|arrived| arrived.item)
    }

    fn len(&self) -> usize {
        self.items.len()
    }
}

/// An item and when it came; no two are equal.
#[derive(Debug)]
struct Arrived<T> {
    item: T,
    arrival: u64,
}

impl<T: Ord> Ord for Arrived<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_item = self.item.cmp(&other.item);
        by_item.then(self.arrival.cmp(&other.arrival))
    }
}

impl<T: Ord> PartialOrd for Arrived<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Ord> PartialEq for Arrived<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T: Ord> Eq for Arrived<T> {}
