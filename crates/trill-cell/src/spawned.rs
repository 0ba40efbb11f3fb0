//! What is known of a task when it is spawned.

use std::panic::Location;

/// Says where a task is spawned and what it is called.
///
/// # Examples
///
/// ```
/// let spawned = trill_cell::Spawned::here().named("reader");
/// assert_eq!(spawned.site().file(), file!());
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Spawned {
    pub(crate) site: &'static Location<'static>,
    pub(crate) name: Option<Box<str>>,
}

impl Spawned {
    /// Starts with the caller's location and no name.
    ///
    /// # Examples
    ///
    /// ```
    /// let spawned = trill_cell::Spawned::here();
    /// assert_eq!(spawned.site().line(), line!() - 1);
    /// ```
    #[track_caller]
    #[inline]
    pub fn here() -> Spawned {
        Spawned {
            site: Location::caller(),
            name: None,
        }
    }

    /// Starts with the given location and no name.
    ///
    /// # Examples
    ///
    /// ```
    /// let spawned = trill_cell::Spawned::at(std::panic::Location::caller());
    /// assert_eq!(spawned.site().file(), file!());
    /// ```
    #[inline]
    pub fn at(site: &'static Location<'static>) -> Spawned {
        Spawned { site, name: None }
    }

    /// Gives the task a name, for people; several tasks may have the same.
    ///
    /// # Examples
    ///
    /// ```
    /// let spawned = trill_cell::Spawned::here().named("reader");
    /// assert_eq!(spawned.name(), Some("reader"));
    /// ```
    pub fn named(mut self, name: impl Into<Box<str>>) -> Spawned {
        self.name = Some(name.into());
        self
    }

    /// Returns where the task is spawned.
    ///
    /// # Examples
    ///
    /// See [`Spawned::here`].
    pub fn site(&self) -> &'static Location<'static> {
        self.site
    }

    /// Returns the task's name.
    ///
    /// # Examples
    ///
    /// See [`Spawned::named`].
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}
