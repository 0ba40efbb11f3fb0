//! What debug mode looks for, and whom it tells.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::finding::Finding;
use crate::stderr;

/// Hears findings.
pub(crate) type Listener = Arc<dyn Fn(&Finding) + Send + Sync>;

/// What debug mode looks for, and whom it tells; for [`enable`](crate::enable()).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_debug::Config;
///
/// let config = Config::new().slow_poll(Duration::from_millis(20));
/// trill_debug::enable(config);
/// assert!(trill_debug::is_enabled());
/// ```
#[derive(Clone)]
#[must_use = "it does nothing before `enable` gets it"]
pub struct Config {
    pub(crate) slow_poll: Duration,
    pub(crate) long_hold: Duration,
    pub(crate) listener: Listener,
}

impl Config {
    /// Starts with 100 ms for polls and holds, and with lines on standard error.
    ///
    /// # Examples
    ///
    /// See [`Config`].
    pub fn new() -> Config {
        Config {
            slow_poll: SLOW_POLL,
            long_hold: LONG_HOLD,
            listener: Arc::new(stderr::print),
        }
    }

    /// Sets how long a poll may take.
    ///
    /// # Examples
    ///
    /// See [`Config`].
    pub fn slow_poll(mut self, delay: Duration) -> Config {
        self.slow_poll = delay;
        self
    }

    /// Sets how long a lock may be held after a poll of its owner that returned `Pending`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_debug::Config;
    ///
    /// let _ = Config::new().long_hold(Duration::from_secs(1));
    /// ```
    pub fn long_hold(mut self, delay: Duration) -> Config {
        self.long_hold = delay;
        self
    }

    /// Gives findings to `listener`, on the thread where they are made, instead of printing them.
    ///
    /// It must not block; a panic in it is printed by the panic hook and goes no further. What it does itself is not
    /// looked at.
    ///
    /// # Examples
    ///
    /// See the [crate's page](crate).
    pub fn listener(mut self, listener: impl Fn(&Finding) + Send + Sync + 'static) -> Config {
        self.listener = Arc::new(listener);
        self
    }
}

impl Default for Config {
    fn default() -> Config {
        Config::new()
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("slow_poll", &self.slow_poll)
            .field("long_hold", &self.long_hold)
            .finish_non_exhaustive()
    }
}

/// What asyncio calls slow: a user notices it, and no poll that only moves data takes so long.
const SLOW_POLL: Duration = Duration::from_millis(100);

/// As long: whoever waits for the lock waits as for a slow poll.
const LONG_HOLD: Duration = Duration::from_millis(100);
