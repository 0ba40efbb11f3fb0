//! Asking work to end.

mod cancelled;
mod checkpoint;
mod node;
mod on_cancel;
mod run;
mod wait;

use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

pub use cancelled::{Cancelled, CancelledError};
pub use checkpoint::{Checkpoint, checkpoint};
use node::{Listening, Node};
pub use on_cancel::{CancelOnDrop, OnCancel};
pub use run::{RunToken, shielded};
pub use wait::WhenCancelled;

use crate::local::{LocalScope, TaskLocal};

/// Asks work to end, and all work below it: a node of a tree of requests.
///
/// A request is a level and no event: once made it stays, and everybody who asks later is told, too. The first reason
/// stays. Cancelling a token cancels all its [children](CancelToken::child), from any thread, and none of its parents.
///
/// Clones are the same token. A token that is dropped cancels nothing; use [`CancelToken::cancel_on_drop`] for that.
///
/// # Two ways to be cancelled
///
/// Dropping a future ends it at once, and only destructors run. A request lets it end itself: it sees the request at a
/// [`checkpoint`] or through [`CancelToken::cancelled`], cleans up, awaits what it needs for that, and returns.
/// [`CancelToken::run`] joins the two: what does not end by itself is dropped where it next waits.
///
/// # Examples
///
/// ```
/// use trill_task::CancelToken;
///
/// let token = CancelToken::new();
/// let child = token.child();
/// assert!(token.cancel("the user left"));
/// assert!(!token.cancel("again"));
///
/// let ended = trill_park::block_on(child.run(std::future::pending::<()>()));
/// assert_eq!(ended.unwrap_err().reason(), "the user left");
/// ```
#[derive(Clone)]
pub struct CancelToken {
    node: Arc<Node>,
}

/// The token that the running code is asked through.
static CURRENT: TaskLocal<CancelToken> = TaskLocal::inherited();

impl CancelToken {
    /// Makes a token that no other one cancels.
    ///
    /// # Examples
    ///
    /// See [`CancelToken`].
    #[allow(clippy::new_without_default)] // A token that nobody else has is hardly ever meant.
    pub fn new() -> CancelToken {
        CancelToken { node: Node::root() }
    }

    /// Makes a token that is cancelled with this one, and can be cancelled alone.
    ///
    /// It is cancelled from its begin if this is.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::CancelToken;
    ///
    /// let token = CancelToken::new();
    /// let child = token.child();
    /// child.cancel("only this one");
    /// assert!(!token.is_cancelled());
    /// ```
    pub fn child(&self) -> CancelToken {
        CancelToken {
            node: self.node.child(),
        }
    }

    /// Returns the token that the running code is asked through: that of the innermost [`scope`](CancelToken::scope) or
    /// [`run`](CancelToken::run), also when the code runs in a task that was spawned inside.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::CancelToken;
    ///
    /// let token = CancelToken::new();
    /// trill_park::block_on(token.scope(async {
    ///     CancelToken::current().unwrap().cancel("from inside");
    /// }));
    /// assert!(token.is_cancelled());
    /// assert!(CancelToken::current().is_none());
    /// ```
    pub fn current() -> Option<CancelToken> {
        CURRENT.get()
    }

    /// Cancels this token and all below it; returns whether it was not cancelled before.
    ///
    /// All of them say that they are cancelled before the first task is woken and the first callback runs. Takes time and
    /// memory in proportion to the number of tokens and waiting tasks below.
    ///
    /// Of two calls at the same time the one that returns `false` may return while the other is still on its way down.
    ///
    /// # Examples
    ///
    /// See [`CancelToken`].
    #[track_caller]
    pub fn cancel(&self, reason: impl Into<Box<str>>) -> bool {
        self.cancel_as(&Cancelled::new(reason))
    }

    /// Cancels this token as another one was: with its reason and origin.
    ///
    /// # Examples
    ///
    /// See [`Cancelled::new`].
    pub fn cancel_as(&self, cancelled: &Cancelled) -> bool {
        self.node.cancel(cancelled)
    }

    /// Says whether it is cancelled.
    ///
    /// # Examples
    ///
    /// See [`CancelToken`].
    #[inline]
    pub fn is_cancelled(&self) -> bool {
        self.node.is_cancelled()
    }

    /// Returns why it is cancelled, if it is.
    ///
    /// # Examples
    ///
    /// ```
    /// let token = trill_task::CancelToken::new();
    /// assert_eq!(token.reason(), None);
    /// token.cancel("too late");
    /// assert_eq!(token.reason().unwrap().reason(), "too late");
    /// ```
    pub fn reason(&self) -> Option<Cancelled> {
        self.node.cause()
    }

    /// Says whether to go on, without waiting; [`checkpoint`] does so for the current token.
    ///
    /// # Errors
    ///
    /// [`Cancelled`] if the token is.
    ///
    /// # Examples
    ///
    /// See [`Cancelled`].
    pub fn check(&self) -> Result<(), Cancelled> {
        self.node.cause().map_or(Ok(()), Err)
    }

    /// Waits until the token is cancelled, and returns why.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::CancelToken;
    ///
    /// let token = CancelToken::new();
    /// let waiting = token.cancelled();
    /// token.cancel("too late");
    /// assert_eq!(trill_park::block_on(waiting).reason(), "too late");
    /// ```
    pub fn cancelled(&self) -> WhenCancelled {
        WhenCancelled::new(Arc::clone(&self.node))
    }

    /// Calls `callback` when the token is cancelled: on the thread that cancels it, or at once if it is cancelled.
    ///
    /// Dropping what is returned takes the callback back, unless it runs already. A callback that panics is
    /// [reported](trill_cell::report).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use trill_task::CancelToken;
    ///
    /// let token = CancelToken::new();
    /// let (sender, receiver) = mpsc::channel();
    /// let _kept = token.on_cancel(move |cancelled| {
    ///     let _ = sender.send(cancelled.reason().to_string());
    /// });
    /// token.cancel("too late");
    /// assert_eq!(receiver.recv().as_deref(), Ok("too late"));
    /// ```
    pub fn on_cancel(&self, callback: impl FnOnce(&Cancelled) + Send + 'static) -> OnCancel {
        let mut listening = Listening::new(Arc::clone(&self.node));
        listening.call(Box::new(callback));
        OnCancel::new(listening)
    }

    /// Cancels the token when what is returned is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::CancelToken;
    ///
    /// let token = CancelToken::new();
    /// {
    ///     let _guard = token.clone().cancel_on_drop("the block was left");
    /// }
    /// assert!(token.is_cancelled());
    /// ```
    #[track_caller]
    pub fn cancel_on_drop(self, reason: impl Into<Box<str>>) -> CancelOnDrop {
        CancelOnDrop::new(self, Cancelled::new(reason))
    }

    /// Runs a future with this as the [current](CancelToken::current) token, and lets it run to its end.
    ///
    /// # Cancel safety
    ///
    /// As cancel safe as `future`, which is dropped with it.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::{CancelToken, checkpoint};
    ///
    /// let token = CancelToken::new();
    /// token.cancel("too late");
    /// trill_park::block_on(token.scope(async {
    ///     assert!(checkpoint().await.is_err());
    /// }));
    /// ```
    pub fn scope<F: IntoFuture>(&self, future: F) -> LocalScope<F::IntoFuture> {
        CURRENT.scope(self.clone(), future)
    }

    /// Runs a future until it is done or the token is cancelled; inside, this is the current token.
    ///
    /// The future is polled first, and the token is looked at when it waits. So a value is never thrown away: if it is
    /// done in the turn in which the token is cancelled, its value is returned. And it always gets one poll in which it
    /// can see the request; then it is dropped where it next waits. If the token is cancelled from the begin, it runs to
    /// where it first waits.
    ///
    /// # Errors
    ///
    /// The output is [`Cancelled`] if the token was cancelled first. The future is gone then.
    ///
    /// # Cancel safety
    ///
    /// As cancel safe as `future`, which is dropped with it, and when the token is cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::CancelToken;
    ///
    /// let token = CancelToken::new();
    /// let sum = trill_park::block_on(token.run(async { 1 + 2 }));
    /// assert_eq!(sum, Ok(3));
    /// ```
    pub fn run<F: IntoFuture>(&self, future: F) -> RunToken<F::IntoFuture> {
        RunToken::new(self, self.scope(future), Duration::ZERO)
    }

    /// As [`run`](CancelToken::run), but the future gets `grace` to end by itself after the cancel: it goes on as it likes
    /// until then, and is dropped where it next waits after that.
    ///
    /// `Duration::MAX` waits for as long as it takes.
    ///
    /// # Errors
    ///
    /// As [`run`](CancelToken::run).
    ///
    /// # Panics
    ///
    /// In a simulated world, if it is polled outside a `block_on` of that world.
    ///
    /// # Cancel safety
    ///
    /// As [`run`](CancelToken::run).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_task::{CancelToken, checkpoint};
    /// use trill_timer::sleep;
    ///
    /// let token = CancelToken::new();
    /// token.cancel("too late");
    /// let ended = trill_park::block_on(token.run_with_grace(Duration::from_secs(60), async {
    ///     while checkpoint().await.is_ok() {}
    ///     sleep(Duration::from_millis(1)).await; // cleans up
    ///     "cleaned up"
    /// }));
    /// assert_eq!(ended, Ok("cleaned up"));
    /// ```
    pub fn run_with_grace<F: IntoFuture>(
        &self,
        grace: Duration,
        future: F,
    ) -> RunToken<F::IntoFuture> {
        RunToken::new(self, self.scope(future), grace)
    }

    /// Says whether both are the same token.
    ///
    /// # Examples
    ///
    /// ```
    /// let token = trill_task::CancelToken::new();
    /// assert!(token.same_token(&token.clone()));
    /// assert!(!token.same_token(&token.child()));
    /// ```
    pub fn same_token(&self, other: &CancelToken) -> bool {
        Arc::ptr_eq(&self.node, &other.node)
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelToken")
            .field("cancelled", &self.reason())
            .field("children", &self.node.children())
            .finish()
    }
}
