//! An item in a consumer's hands.

use std::fmt;
use std::ops::{Deref, DerefMut};

use super::base::BaseQueue;
use super::store::Store;

/// An item that was taken out of a queue; it is marked as done when the guard is dropped.
///
/// So it is also done when its consumer returns early, is cancelled or panics.
///
/// # Examples
///
/// See [`BaseQueue::get_item`].
#[must_use = "the item is marked as done when the guard is dropped"]
pub struct Item<'a, S: Store> {
    mark: Mark<'a, S>,
    /// Gone once it was moved out.
    item: Option<S::Item>,
}

impl<'a, S: Store> Item<'a, S> {
    /// Makes the guard of an item that was just taken out.
    pub(super) fn new(queue: &'a BaseQueue<S>, item: S::Item) -> Item<'a, S> {
        Item {
            mark: Mark(Some(queue)),
            item: Some(item),
        }
    }

    /// Marks the item as done now and returns it.
    ///
    /// # Examples
    ///
    /// See [`BaseQueue::try_get_item`].
    pub fn into_inner(mut self) -> S::Item {
        self.take()
    }

    /// Returns the item and leaves it to the caller to call [`BaseQueue::task_done`].
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = trill_sync::queue::Queue::unbounded();
    /// queue.try_put(7).unwrap();
    /// assert_eq!(queue.try_get_item().unwrap().detach(), 7);
    /// assert_eq!(queue.unfinished(), 1);
    /// queue.task_done().unwrap();
    /// ```
    pub fn detach(mut self) -> S::Item {
        self.mark.0 = None;
        self.take()
    }

    fn take(&mut self) -> S::Item {
        self.item.take().expect(PRESENT)
    }
}

impl<S: Store> Deref for Item<'_, S> {
    type Target = S::Item;

    fn deref(&self) -> &S::Item {
        self.item.as_ref().expect(PRESENT)
    }
}

impl<S: Store> DerefMut for Item<'_, S> {
    fn deref_mut(&mut self) -> &mut S::Item {
        self.item.as_mut().expect(PRESENT)
    }
}

impl<S: Store> Drop for Item<'_, S> {
    fn drop(&mut self) {
        // Before the mark, which is a field and so dropped later, also if the item panics.
        drop(self.item.take());
    }
}

impl<S: Store> fmt::Debug for Item<'_, S>
where
    S::Item: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Item").field(&**self).finish()
    }
}

/// Marks an item as done when dropped.
struct Mark<'a, S: Store>(Option<&'a BaseQueue<S>>);

impl<S: Store> Drop for Mark<'_, S> {
    fn drop(&mut self) {
        if let Some(queue) = self.0 {
            // It fails only if `task_done` was called for this item, too; there is nobody to tell.
            let _ = queue.task_done();
        }
    }
}

const PRESENT: &str = "the item is moved out only with the guard";
