//! What tasks carry for their program: values by key, which children get or do not get.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// A value that a task carries, without its type.
///
/// # Examples
///
/// ```
/// let value: trill_cell::Local = std::sync::Arc::new(5_u32);
/// assert_eq!(value.downcast_ref(), Some(&5_u32));
/// ```
pub type Local = Arc<dyn Any + Send + Sync>;

/// Values by key, as a task carries them. A clone shares them and costs two counts.
///
/// This is the raw form: `trill-task` has task-locals with types, and its keys are the addresses of statics.
/// A value is either inherited, which means that tasks spawned by its task carry it from their begin, or it is not.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use trill_cell::Locals;
///
/// let mut locals = Locals::new();
/// locals.swap(1, true, Some(Arc::new("user")));
/// locals.swap(2, false, Some(Arc::new("secret")));
///
/// let child = locals.inheritable();
/// assert!(child.find(1).is_some() && child.find(2).is_none());
/// ```
#[derive(Clone, Default)]
pub struct Locals {
    /// What children get: they share the whole list, so that inheriting copies nothing.
    inherited: List,
    own: List,
}

/// Entries in no order. An emptied list keeps its memory: a scope puts its value in and takes it out in each poll.
type List = Option<Arc<Vec<Entry>>>;

#[derive(Clone)]
struct Entry {
    key: usize,
    value: Local,
}

impl Locals {
    /// Starts without values; nothing is allocated.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(trill_cell::Locals::new().is_empty());
    /// ```
    pub const fn new() -> Locals {
        Locals {
            inherited: None,
            own: None,
        }
    }

    /// Says whether there are no values.
    ///
    /// # Examples
    ///
    /// See [`Locals::new`].
    #[inline]
    pub fn is_empty(&self) -> bool {
        is_empty(&self.inherited) && is_empty(&self.own)
    }

    /// Returns the value of a key.
    ///
    /// # Examples
    ///
    /// See [`Locals`].
    pub fn find(&self, key: usize) -> Option<&Local> {
        let lists = [&self.inherited, &self.own];
        let mut entries = lists.into_iter().flatten().flat_map(|list| list.iter());
        entries
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
    }

    /// Gives a key another value, or none, and returns the one it had.
    ///
    /// Clones that share the values do not see it. A key is either always `inherited` or never.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use trill_cell::Locals;
    ///
    /// let mut locals = Locals::new();
    /// assert!(locals.swap(1, true, Some(Arc::new(5))).is_none());
    /// assert_eq!(locals.swap(1, true, None).unwrap().downcast_ref(), Some(&5));
    /// assert!(locals.is_empty());
    /// ```
    pub fn swap(&mut self, key: usize, inherited: bool, value: Option<Local>) -> Option<Local> {
        let list = if inherited {
            &mut self.inherited
        } else {
            &mut self.own
        };
        if value.is_none() && is_empty(list) {
            return None;
        }
        // Copies the list if a child or a snapshot shares it. Values are only counted, so none is dropped here, where a
        // lock may be held.
        let entries = Arc::make_mut(list.get_or_insert_default());
        let index = entries.iter().position(|entry| entry.key == key);
        match (index, value) {
            (Some(index), Some(value)) => Some(std::mem::replace(&mut entries[index].value, value)),
            (Some(index), None) => Some(entries.swap_remove(index).value),
            (None, Some(value)) => {
                entries.push(Entry { key, value });
                None
            }
            (None, None) => None,
        }
    }

    /// Returns the values that a child gets. Nothing is allocated and no value is copied.
    ///
    /// # Examples
    ///
    /// See [`Locals`].
    #[inline]
    pub fn inheritable(&self) -> Locals {
        Locals {
            inherited: shared(&self.inherited),
            own: None,
        }
    }

    /// Returns the same values, without lists that are only memory.
    pub(crate) fn snapshot(&self) -> Locals {
        Locals {
            inherited: shared(&self.inherited),
            own: shared(&self.own),
        }
    }

    /// How many values there are.
    fn len(&self) -> usize {
        let lists = [&self.inherited, &self.own];
        lists.into_iter().flatten().map(|list| list.len()).sum()
    }
}

impl fmt::Debug for Locals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Locals").field("len", &self.len()).finish()
    }
}

#[inline]
fn is_empty(list: &List) -> bool {
    list.as_ref().is_none_or(|entries| entries.is_empty())
}

#[inline]
fn shared(list: &List) -> List {
    list.as_ref().filter(|entries| !entries.is_empty()).cloned()
}
