//! Kinds of blocking work, each with a limit of its own.

use std::fmt;

/// Names a kind of blocking work and limits how many threads it may hold at once.
///
/// Each pool keeps one queue per class, so work that waits in one class never stands before work of another.
/// Within a pool a class is known by its name: the first limit that a pool learns for a name stays, and
/// [`Builder::class`](crate::Builder::class) is asked before any use. So a library names its class in a `static`,
/// and a program may still choose another limit for it.
///
/// # Examples
///
/// ```
/// use trill_blocking::{Class, Pool};
///
/// static NAMES: Class = Class::new("names", 4);
///
/// let pool = Pool::new();
/// let answer = pool.unblock_in(&NAMES, || "127.0.0.1");
/// assert_eq!(trill_park::block_on(answer), "127.0.0.1");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Class {
    name: &'static str,
    threads_max: usize,
}

impl Class {
    /// The class of work that was not given one. Only the pool's own limit holds it back.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_blocking::Class::DEFAULT.name(), "default");
    /// ```
    pub const DEFAULT: Class = Class {
        name: "default",
        threads_max: usize::MAX,
    };

    /// Makes a class called `name` whose work holds at most `threads_max` threads at once.
    ///
    /// # Panics
    ///
    /// If `threads_max` is 0: work of such a class would wait for ever. In a `const` or `static` the compiler says so.
    ///
    /// # Examples
    ///
    /// ```
    /// static FILES: trill_blocking::Class = trill_blocking::Class::new("files", 64);
    /// assert_eq!((FILES.name(), FILES.max_threads()), ("files", 64));
    /// ```
    pub const fn new(name: &'static str, threads_max: usize) -> Class {
        assert!(
            threads_max > 0,
            "a class of blocking work needs at least one thread: give it a limit of 1 or more"
        );
        Class { name, threads_max }
    }

    /// Returns the name.
    ///
    /// # Examples
    ///
    /// See [`Class::new`].
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns how many threads work of this class may hold at once.
    ///
    /// # Examples
    ///
    /// See [`Class::new`].
    pub const fn max_threads(&self) -> usize {
        self.threads_max
    }
}

impl Default for Class {
    fn default() -> Class {
        Class::DEFAULT
    }
}

impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Class")
            .field("name", &self.name)
            .field("max_threads", &self.threads_max)
            .finish()
    }
}
