//! A child that was not spawned.

use std::error::Error;
use std::fmt;

/// A child was not spawned; gives its future back, never polled.
///
/// # Examples
///
/// ```
/// use trill_task::{Group, WhyRefused, group};
///
/// let ex = trill_executor::Executor::new();
/// trill_park::block_on(ex.run(group(async |g: Group<()>| {
///     g.cancel("enough");
///     let refused = g.spawn(async { Ok(5) }).unwrap_err();
///     assert_eq!(refused.why(), WhyRefused::Aborting);
///     assert_eq!(refused.into_inner().await, Ok::<_, ()>(5));
///     Ok(())
/// })))
/// .unwrap();
/// ```
pub struct Refused<F> {
    future: F,
    why: WhyRefused,
}

/// WhyRefused a child was not spawned.
///
/// # Examples
///
/// See [`Refused`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WhyRefused {
    /// The group does not run yet.
    NotRunning,
    /// The group is about to end: something failed, or it was cancelled.
    Aborting,
    /// The group has ended.
    Finished,
    /// As many children live as the group's width allows.
    Full,
    /// No executor was found here.
    NoExecutor,
}

impl<F> Refused<F> {
    pub(super) fn new(future: F, why: WhyRefused) -> Refused<F> {
        Refused { future, why }
    }

    /// Returns why.
    ///
    /// # Examples
    ///
    /// See [`Refused`].
    pub fn why(&self) -> WhyRefused {
        self.why
    }

    /// Returns the future, which was never polled.
    ///
    /// # Examples
    ///
    /// See [`Refused`].
    pub fn into_inner(self) -> F {
        self.future
    }
}

impl fmt::Display for WhyRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            WhyRefused::NotRunning => "the group does not run yet: spawn from its body",
            WhyRefused::Aborting => {
                "the group is about to end, because something failed or it was cancelled"
            }
            WhyRefused::Finished => "the group has ended: spawn from its body or from a child",
            WhyRefused::Full => "the group has no free place: wait for one with `spawn_when_free`",
            WhyRefused::NoExecutor => {
                "no executor polls on this thread and no runtime was started: \
                 run the group inside `Executor::run` or a runtime"
            }
        })
    }
}

impl<F> fmt::Display for Refused<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a child was not spawned: {}", self.why)
    }
}

impl<F> fmt::Debug for Refused<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused")
            .field("why", &self.why)
            .finish_non_exhaustive()
    }
}

impl<F> Error for Refused<F> {}
