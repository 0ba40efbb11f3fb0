//! A global that each process makes for itself.

use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::forks::forks;

/// A cell for a `static` whose value is made at its first use in each process.
///
/// For what has threads or shares open files with the kernel: a child made by `fork` has neither the threads nor files of
/// its own, so it must not use its parent's value. It gets a value of its own; the parent's is leaked there, and not
/// dropped.
///
/// # Examples
///
/// ```
/// use trill_world::PerProcess;
///
/// static WORKERS: PerProcess<Vec<String>> = PerProcess::new();
///
/// let workers = WORKERS.get_or_init(|| vec!["first".to_owned()]);
/// assert_eq!(workers.len(), 1);
/// assert_eq!(WORKERS.get(), Some(workers));
/// ```
pub struct PerProcess<T> {
    /// The value, and the number of the process it was made in.
    made: OnceLock<(u32, T)>,
    making: Mutex<()>,
    /// For the next process that was forked from that one; chains are as long as forks are deep.
    next: OnceLock<Box<PerProcess<T>>>,
}

impl<T> PerProcess<T> {
    /// Makes an empty cell.
    ///
    /// # Examples
    ///
    /// See [`PerProcess`].
    pub const fn new() -> PerProcess<T> {
        PerProcess {
            made: OnceLock::new(),
            making: Mutex::new(()),
            next: OnceLock::new(),
        }
    }

    /// Returns this process's value, if it has one.
    ///
    /// # Examples
    ///
    /// See [`PerProcess`].
    #[inline]
    pub fn get(&self) -> Option<&T> {
        self.cell().made.get().map(|(_, value)| value)
    }

    /// Returns this process's value, and makes it if there is none; other threads wait meanwhile.
    ///
    /// # Examples
    ///
    /// See [`PerProcess`].
    #[inline]
    pub fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        let cell = self.cell();
        &cell.made.get_or_init(|| (forks(), make())).1
    }

    /// As [`PerProcess::get_or_init`], for a value whose making may fail; the next call tries again.
    ///
    /// # Errors
    ///
    /// What `make` returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_world::PerProcess;
    ///
    /// static PORT: PerProcess<u16> = PerProcess::new();
    ///
    /// assert!(PORT.get_or_try_init(|| "http".parse()).is_err());
    /// assert_eq!(PORT.get_or_try_init(|| "80".parse()), Ok(&80));
    /// ```
    #[inline]
    pub fn get_or_try_init<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        let cell = self.cell();
        match cell.made.get() {
            Some((_, value)) => Ok(value),
            None => cell.try_make(make),
        }
    }

    #[cold]
    fn try_make<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        let value = match self.made.get() {
            Some((_, value)) => return Ok(value),
            None => make()?,
        };
        Ok(&self.made.get_or_init(|| (forks(), value)).1)
    }

    /// The cell in which this process's value is, or comes.
    #[inline]
    fn cell(&self) -> &PerProcess<T> {
        let mut cell = self;
        while cell
            .made
            .get()
            .is_some_and(|(made_in, _)| *made_in != forks())
        {
            cell = cell.next.get_or_init(Box::default);
        }
        cell
    }
}

impl<T> Default for PerProcess<T> {
    fn default() -> PerProcess<T> {
        PerProcess::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for PerProcess<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PerProcess").field(&self.get()).finish()
    }
}
