//! Choosing the limits of a pool.

use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::time::Duration;

use trill_world::World;

use crate::class::Class;
use crate::crew::Crew;
use crate::pool::Pool;

/// Chooses the limits of a [`Pool`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_blocking::{Class, Pool};
///
/// let pool = Pool::builder()
///     .max_threads(16)
///     .keep_alive(Duration::from_secs(1))
///     .class(Class::new("names", 4))
///     .build()?;
/// assert_eq!(pool.stats().max_threads, 16);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder makes a pool only when build() is called"]
pub struct Builder {
    threads_max: usize,
    keep_alive: Duration,
    classes: Vec<Class>,
    thread_name: String,
}

impl Builder {
    /// Starts with the defaults: 500 threads, which end after 10 s without work.
    ///
    /// # Examples
    ///
    /// See [`Builder`].
    pub fn new() -> Builder {
        Builder {
            threads_max: THREADS_MAX,
            keep_alive: KEEP_ALIVE,
            classes: Vec::new(),
            thread_name: THREAD_NAME.into(),
        }
    }

    /// Starts with the defaults and what the environment says.
    ///
    /// `TRILL_BLOCKING_MAX_THREADS` is the limit of threads. The pools behind [`unblock`](crate::unblock) are made
    /// so; for them a bad value means the default, and a line on standard error.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if the variable is set and is not a number of 1 or more.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = trill_blocking::Builder::from_env()?.build()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn from_env() -> io::Result<Builder> {
        Builder::from_value(env::var_os(THREADS_MAX_VARIABLE).as_deref())
    }

    /// As [`Builder::from_env`], from the variable's value.
    fn from_value(value: Option<&OsStr>) -> io::Result<Builder> {
        let Some(value) = value else {
            return Ok(Builder::new());
        };
        let number = value.to_str().and_then(|text| text.trim().parse().ok());
        match number {
            Some(threads_max) if threads_max > 0 => Ok(Builder::new().max_threads(threads_max)),
            _ => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "{THREADS_MAX_VARIABLE}={value:?} is not a number of threads: set it to 1 or more"
                ),
            )),
        }
    }

    /// As [`Builder::from_env`], for those who cannot return an error.
    pub(crate) fn from_env_or_default() -> Builder {
        Builder::from_env().unwrap_or_else(|error| {
            eprintln!("trill-blocking: {error}; using {THREADS_MAX}");
            Builder::new()
        })
    }

    /// Sets how many threads may live at once, over all classes.
    ///
    /// A class is certain to get its threads only if the limits of all classes that are used fit into this.
    ///
    /// # Examples
    ///
    /// See [`Builder`].
    pub fn max_threads(mut self, threads_max: usize) -> Builder {
        self.threads_max = threads_max;
        self
    }

    /// Sets how long a thread without work lives. [`Duration::MAX`] means for ever.
    ///
    /// # Examples
    ///
    /// See [`Builder`].
    pub fn keep_alive(mut self, keep_alive: Duration) -> Builder {
        self.keep_alive = keep_alive;
        self
    }

    /// Fixes the limit of a class, whatever limit those who use it ask for. The last call for a name counts.
    ///
    /// # Examples
    ///
    /// See [`Builder`].
    pub fn class(mut self, class: Class) -> Builder {
        self.classes.retain(|known| known.name() != class.name());
        self.classes.push(class);
        self
    }

    /// Sets what the threads are called; a hyphen and a number are added. Linux shows 15 bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = trill_blocking::Builder::new().thread_name("disk").build()?;
    /// let name = pool.unblock(|| std::thread::current().name().map(String::from));
    /// assert_eq!(trill_park::block_on(name).as_deref(), Some("disk-1"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn thread_name(mut self, name: impl Into<String>) -> Builder {
        self.thread_name = name.into();
        self
    }

    /// Makes the pool, in the current world. It has no threads until there is work.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if the limit of threads is 0: nothing would ever run.
    ///
    /// # Examples
    ///
    /// See [`Builder`].
    pub fn build(self) -> io::Result<Pool> {
        if self.threads_max == 0 {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a blocking pool with at most 0 threads would never run anything: set max_threads to 1 or more",
            ));
        }
        Ok(self.build_in(World::current()))
    }

    /// Makes the pool; the limit is known to be at least one.
    pub(crate) fn build_in(self, world: World) -> Pool {
        self.assemble(world, true)
    }

    /// As [`Builder::build_in`], for the pool that a world finds without a handle.
    pub(crate) fn build_of_world(self, world: World) -> Pool {
        self.assemble(world, false)
    }

    fn assemble(self, world: World, closes: bool) -> Pool {
        let crew = Crew::new(world, self.threads_max, self.keep_alive, &self.classes);
        Pool::assemble(crew, self.thread_name, closes)
    }
}

impl Default for Builder {
    fn default() -> Builder {
        Builder::new()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("max_threads", &self.threads_max)
            .field("keep_alive", &self.keep_alive)
            .field("classes", &self.classes)
            .field("thread_name", &self.thread_name)
            .finish()
    }
}

/// Far more than disks can use and far less than a machine can hold. Such jobs wait; they do not compute.
const THREADS_MAX: usize = 500;

/// Where the environment says otherwise.
const THREADS_MAX_VARIABLE: &str = "TRILL_BLOCKING_MAX_THREADS";

/// Longer than the pauses of a busy program, and short enough that a burst's threads do not stay for good.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// With three digits it fits the 15 bytes that Linux shows.
const THREAD_NAME: &str = "trill-block";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environment_sets_the_limit() {
        let builder = Builder::from_value(Some(OsStr::new(" 7 "))).unwrap();
        assert_eq!(builder.threads_max, 7);
        assert_eq!(Builder::from_value(None).unwrap().threads_max, THREADS_MAX);
    }

    #[test]
    fn bad_environment_says_what_to_do() {
        for bad in ["", "0", "-1", "many", "1.5", "99999999999999999999999"] {
            let error = Builder::from_value(Some(OsStr::new(bad))).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            let text = error.to_string();
            assert!(text.contains(THREADS_MAX_VARIABLE), "{text}");
            assert!(text.contains(&format!("{bad:?}")), "{text}");
            assert!(text.contains("1 or more"), "{text}");
        }
    }
}
