//! Waiting until a child says that it is ready.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use trill_cell::{Kind, Spawned, waiting};

use super::child_error::Why;
use super::child_handle::Child;
use super::handle::Group;
use super::outcome::Outcome;
use super::refused::Refused;

/// With this a child says that it is ready; see [`Group::start`].
///
/// # Examples
///
/// See [`Group::start`].
pub struct Ready<R> {
    /// Gone once sent.
    outcome: Option<Arc<Outcome<R>>>,
}

impl<R> Ready<R> {
    /// Says that the child is ready, with a value for whoever started it.
    ///
    /// # Errors
    ///
    /// Gives the value back if nobody waits for it any more.
    ///
    /// # Examples
    ///
    /// See [`Group::start`].
    pub fn send(mut self, value: R) -> Result<(), NotReady<R>> {
        match self.outcome.take() {
            // The other count is that of whoever waits.
            Some(outcome) if Arc::strong_count(&outcome) > 1 => {
                outcome.set(Ok(value));
                Ok(())
            }
            _ => Err(NotReady(value)),
        }
    }
}

impl<R> Drop for Ready<R> {
    fn drop(&mut self) {
        if let Some(outcome) = self.outcome.take() {
            outcome.set(Err(Why::Cancelled(None)));
        }
    }
}

impl<R> fmt::Debug for Ready<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ready").finish_non_exhaustive()
    }
}

/// Nobody waits for the child to be ready; gives the value back.
///
/// # Examples
///
/// ```
/// use trill_task::NotReady;
///
/// fn value<R>(error: NotReady<R>) -> R {
///     error.0
/// }
/// # let _ = value::<u8>;
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct NotReady<R>(pub R);

impl<R> fmt::Debug for NotReady<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotReady").finish_non_exhaustive()
    }
}

impl<R> fmt::Display for NotReady<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody waits any more for this child to be ready")
    }
}

impl<R> Error for NotReady<R> {}

/// A child was not started; see [`Group::start`].
///
/// # Examples
///
/// ```
/// use trill_task::{Group, Ready, StartError, group};
///
/// let ex = trill_executor::Executor::new();
/// trill_park::block_on(ex.run(group(async |g: Group<()>| {
///     let early = g.start(|ready: Ready<()>| async { drop(ready); Ok(5) }).await;
///     let Err(StartError::NotReady(child)) = early else { panic!("it was spawned") };
///     assert_eq!(child.await.unwrap(), 5);
///     Ok(())
/// })))
/// .unwrap();
/// ```
#[non_exhaustive]
pub enum StartError<F, V> {
    /// It was not spawned.
    Refused(Refused<F>),
    /// It ended, or dropped its [`Ready`], before it was ready.
    NotReady(Child<V>),
}

impl<F, V> fmt::Debug for StartError<F, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Refused(refused) => f.debug_tuple("Refused").field(refused).finish(),
            StartError::NotReady(child) => f.debug_tuple("NotReady").field(child).finish(),
        }
    }
}

impl<F, V> fmt::Display for StartError<F, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Refused(refused) => refused.fmt(f),
            StartError::NotReady(child) => {
                write!(f, "child {} gave up before it was ready", child.id())
            }
        }
    }
}

impl<F, V> Error for StartError<F, V> {}

/// Spawns a child and waits until it is ready; made by [`Group::start`].
///
/// # Cancel safety
///
/// See [`Group::start`].
///
/// # Examples
///
/// See [`Group::start`].
#[must_use = "futures do nothing unless awaited"]
pub struct Start<E, M, F, R, V> {
    group: Group<E>,
    stage: Stage<M, F, R, V>,
}

enum Stage<M, F, R, V> {
    Fresh(M, Spawned),
    Started(Child<V>, Arc<Outcome<R>>),
    /// Ready; the type of the future is only remembered.
    Ended(Option<F>),
}

impl<E, M, F, R, V> Start<E, M, F, R, V> {
    pub(super) fn new(group: Group<E>, make: M, spawned: Spawned) -> Self {
        Start {
            group,
            stage: Stage::Fresh(make, spawned),
        }
    }
}

// No future is polled here.
impl<E, M, F, R, V> Unpin for Start<E, M, F, R, V> {}

impl<E, M, F, R, V> Future for Start<E, M, F, R, V>
where
    E: Send + 'static,
    R: Send + 'static,
    V: Send + 'static,
    M: FnOnce(Ready<R>) -> F,
    F: Future<Output = Result<V, E>> + Send + 'static,
{
    type Output = Result<(R, Child<V>), StartError<F, V>>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let (child, outcome) = match std::mem::replace(&mut this.stage, Stage::Ended(None)) {
            Stage::Started(child, outcome) => (child, outcome),
            Stage::Fresh(make, spawned) => {
                let outcome = Arc::new(Outcome::new());
                let ready = Ready {
                    outcome: Some(outcome.clone()),
                };
                match this.group.spawn_as(make(ready), spawned) {
                    Ok(child) => (child, outcome),
                    Err(refused) => return Poll::Ready(Err(StartError::Refused(refused))),
                }
            }
            Stage::Ended(_) => panic!("a future was polled after it was ready"),
        };
        if outcome.poll_set(cx).is_pending() {
            waiting(Kind::Task, child.id().as_u64(), Location::caller());
            this.stage = Stage::Started(child, outcome);
            return Poll::Pending;
        }
        Poll::Ready(match outcome.take() {
            Ok(value) => Ok((value, child)),
            Err(_) => Err(StartError::NotReady(child)),
        })
    }
}

impl<E, M, F, R, V> Drop for Start<E, M, F, R, V> {
    fn drop(&mut self) {
        if let Stage::Started(child, _) = &self.stage {
            child.cancel("nobody waits for it to be ready");
        }
    }
}

impl<E, M, F, R, V> fmt::Debug for Start<E, M, F, R, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Start")
            .field("group", &self.group)
            .finish_non_exhaustive()
    }
}
