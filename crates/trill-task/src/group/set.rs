//! Tasks whose ends are collected as they come.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_core::Stream;
use trill_cell::{Spawned, TaskId, current_id};
use trill_executor::ambient;

use super::child::{ChildTask, End, Sink, Terms};
use super::child_error::{ChildError, Why};
use super::holder::{self, Hold};
use super::refused::{Refused, WhyRefused};
use super::set_next::{JoinNext, JoinNextWithId, Shutdown};
use crate::caught;
use crate::line::Line;
use crate::token::CancelToken;

/// Tasks of one type of value, whose ends are collected in the order in which they come.
///
/// They run in parallel, on the executor that is found where they are spawned (see [`trill_executor::ambient`]). A task
/// that ends brings its end here by itself, so collecting costs the same however many there are. Dropping the set cancels
/// its tasks; nobody waits for them then, see [`shutdown`](TaskSet::shutdown). It is a [`Stream`], too.
///
/// Nothing fails here because one task does: for that see [`TaskGroup`](crate::TaskGroup).
///
/// # Examples
///
/// ```
/// use trill_task::TaskSet;
///
/// let ex = trill_executor::Executor::new();
/// let sum = trill_park::block_on(ex.run(async {
///     let mut set = TaskSet::new();
///     for n in 0..4 {
///         set.spawn(async move { n }).unwrap();
///     }
///     let mut sum = 0;
///     while let Some(end) = set.join_next().await {
///         sum += end.unwrap();
///     }
///     sum
/// }));
/// assert_eq!(sum, 6);
/// ```
pub struct TaskSet<T> {
    shared: Arc<Shared<T>>,
    token: CancelToken,
    /// Those that were not collected yet, by number.
    tasks: Line<TaskId>,
    next: u64,
}

impl<T> TaskSet<T> {
    /// Starts without tasks, below the token that is current here.
    ///
    /// # Examples
    ///
    /// See [`TaskSet`].
    pub fn new() -> TaskSet<T> {
        TaskSet {
            shared: Arc::default(),
            token: CancelToken::current().map_or_else(CancelToken::new, |token| token.child()),
            tasks: Line::new(),
            next: 0,
        }
    }

    /// Returns how many tasks were not collected yet.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_task::TaskSet::<u8>::new().len(), 0);
    /// ```
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Says whether all tasks were collected.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(trill_task::TaskSet::<u8>::new().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.tasks.len() == 0
    }

    /// Cancels all tasks: each is dropped where it next waits, and is collected as cancelled. Tasks that are spawned
    /// later are not touched.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::pending;
    /// use trill_task::TaskSet;
    ///
    /// let ex = trill_executor::Executor::new();
    /// trill_park::block_on(ex.run(async {
    ///     let mut set = TaskSet::new();
    ///     set.spawn(pending::<()>()).unwrap();
    ///     set.abort_all();
    ///     assert!(set.join_next().await.unwrap().unwrap_err().is_cancelled());
    /// }));
    /// ```
    #[track_caller]
    pub fn abort_all(&mut self) {
        let fresh = CancelToken::current().map_or_else(CancelToken::new, |token| token.child());
        std::mem::replace(&mut self.token, fresh).cancel("all tasks of the set were aborted");
    }

    /// Lets all tasks run on by themselves; what they end with is dropped.
    ///
    /// A [`TaskGroup`](crate::TaskGroup) in which they were spawned still waits for them.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::TaskSet;
    ///
    /// let ex = trill_executor::Executor::new();
    /// let (done, seen) = std::sync::mpsc::channel();
    /// trill_park::block_on(ex.run(async {
    ///     let mut set = TaskSet::new();
    ///     set.spawn(async move { done.send(1).unwrap() }).unwrap();
    ///     set.detach_all();
    /// }));
    /// while ex.try_tick() {}
    /// assert_eq!(seen.recv(), Ok(1));
    /// ```
    pub fn detach_all(&mut self) {
        // A token that is dropped cancels nothing, but the set's drop cancels the one it has.
        self.token = CancelToken::current().map_or_else(CancelToken::new, |token| token.child());
        self.shared = Arc::default();
        self.tasks.take();
    }

    /// Waits for the next task to end, and returns how; `None` if there are no tasks.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: an end is taken only in the poll that returns it.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::TaskSet;
    ///
    /// let ex = trill_executor::Executor::new();
    /// trill_park::block_on(ex.run(async {
    ///     let mut set = TaskSet::new();
    ///     set.spawn(async { std::panic::panic_any(7) }).unwrap();
    ///     let end: Result<(), _> = set.join_next().await.unwrap();
    ///     assert_eq!(end.unwrap_err().into_panic().unwrap().downcast_ref(), Some(&7));
    ///     assert!(set.join_next().await.is_none());
    /// }));
    /// ```
    pub fn join_next(&mut self) -> JoinNext<'_, T> {
        JoinNext::new(self)
    }

    /// As [`join_next`](TaskSet::join_next), with the task's identity.
    ///
    /// # Cancel safety
    ///
    /// As [`join_next`](TaskSet::join_next).
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::TaskSet;
    ///
    /// let ex = trill_executor::Executor::new();
    /// trill_park::block_on(ex.run(async {
    ///     let mut set = TaskSet::new();
    ///     let task = set.spawn(async { 5 }).unwrap();
    ///     let (id, end) = set.join_next_with_id().await.unwrap();
    ///     assert_eq!((id, end.unwrap()), (task.id(), 5));
    /// }));
    /// ```
    pub fn join_next_with_id(&mut self) -> JoinNextWithId<'_, T> {
        JoinNextWithId::new(self)
    }

    /// Takes the end of a task that has ended, if there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(trill_task::TaskSet::<u8>::new().try_join_next().is_none());
    /// ```
    pub fn try_join_next(&mut self) -> Option<Result<T, ChildError>> {
        let ended = self.shared.lock().ended.pop_front()?;
        Some(self.collected(ended).1)
    }

    /// Cancels all tasks and waits until all have ended; drops what they ended with.
    ///
    /// # Cancel safety
    ///
    /// The tasks are cancelled by the call. Dropping the future only stops the wait.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::TaskSet;
    ///
    /// let ex = trill_executor::Executor::new();
    /// trill_park::block_on(ex.run(async {
    ///     let mut set = TaskSet::new();
    ///     set.spawn(std::future::pending::<()>()).unwrap();
    ///     set.shutdown().await;
    ///     assert!(set.is_empty());
    /// }));
    /// ```
    #[track_caller]
    pub fn shutdown(&mut self) -> Shutdown<'_, T> {
        self.abort_all();
        Shutdown::new(self)
    }

    /// Polls for the next end.
    pub(super) fn poll_next_end(&mut self, cx: &mut Context<'_>) -> Poll<Option<Collected<T>>> {
        if self.is_empty() {
            return Poll::Ready(None);
        }
        let mut state = self.shared.lock();
        let Some(ended) = state.ended.pop_front() else {
            let known = state.waiter.as_ref();
            let before = match known.is_some_and(|known| known.will_wake(cx.waker())) {
                true => None,
                false => state.waiter.replace(cx.waker().clone()),
            };
            drop(state);
            drop(before);
            return Poll::Pending;
        };
        drop(state);
        Poll::Ready(Some(self.collected(ended)))
    }

    fn collected(&mut self, (number, end): (u64, End<T>)) -> Collected<T> {
        let id = take_known(&mut self.tasks, number);
        let id = id.expect("a task is known from its spawn until it is collected");
        let result = match end {
            End::Returned(value) => Ok(value),
            End::Panicked(payload) => Err(Why::Panicked(Some(Mutex::new(payload)))),
            End::Cancelled(cancelled) => Err(Why::Cancelled(cancelled)),
        };
        (id, result.map_err(|why| ChildError::new(id, why)))
    }
}

// Apart from the set, so that programs do not compile them for each type of value.

fn add_known(tasks: &mut Line<TaskId>, number: u64, id: TaskId) {
    tasks.push(number, id);
}

fn take_known(tasks: &mut Line<TaskId>, number: u64) -> Option<TaskId> {
    tasks.remove(number)
}

/// How a task ended, with its identity.
pub(super) type Collected<T> = (TaskId, Result<T, ChildError>);

impl<T: Send + 'static> TaskSet<T> {
    /// Spawns a task. What is returned may be dropped: it only identifies the task and can abort it.
    ///
    /// # Errors
    ///
    /// Gives the future back if no executor is found here.
    ///
    /// # Examples
    ///
    /// See [`TaskSet`].
    #[track_caller]
    pub fn spawn<F>(&mut self, future: F) -> Result<SetTask, Refused<F>>
    where
        F: Future<Output = T> + Send + 'static,
    {
        self.spawn_as(future, Spawned::at(Location::caller()))
    }

    /// Spawns a task that is known by more than its future, as a name; see [`spawn`](TaskSet::spawn).
    ///
    /// # Errors
    ///
    /// As [`spawn`](TaskSet::spawn).
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_cell::Spawned;
    /// use trill_task::TaskSet;
    ///
    /// let ex = trill_executor::Executor::new();
    /// trill_park::block_on(ex.run(async {
    ///     let mut set = TaskSet::new();
    ///     set.spawn_as(async {}, Spawned::here().named("reader")).unwrap();
    /// }));
    /// ```
    pub fn spawn_as<F>(&mut self, future: F, spawned: Spawned) -> Result<SetTask, Refused<F>>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let number = self.next;
        let token = self.token.child();
        let terms = Terms {
            token: token.clone(),
            grace: Duration::ZERO,
            hard: None,
            holder: holder::current(),
            awaiter: current_id(),
        };
        let sink = SetSink {
            shared: self.shared.clone(),
            number,
            _hold: holder::current().and_then(|holder| holder.upgrade()),
        };
        match ambient::spawn_as(ChildTask::new(future, terms, sink), spawned) {
            Ok(task) => {
                let id = task.id();
                self.next += 1;
                add_known(&mut self.tasks, number, id);
                task.detach();
                Ok(SetTask { id, token })
            }
            Err(refused) => {
                let future = refused.into_inner().into_future();
                let future = future.expect("a task that was not spawned was not polled");
                Err(Refused::new(future, WhyRefused::NoExecutor))
            }
        }
    }
}

impl<T> Drop for TaskSet<T> {
    fn drop(&mut self) {
        self.token.cancel("its set was dropped");
    }
}

impl<T> Default for TaskSet<T> {
    fn default() -> Self {
        TaskSet::new()
    }
}

impl<T> Stream for TaskSet<T> {
    type Item = Result<T, ChildError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.get_mut().poll_next_end(cx);
        polled.map(|end| end.map(|(_, end)| end))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), Some(self.len()))
    }
}

impl<T> fmt::Debug for TaskSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskSet")
            .field("len", &self.len())
            .field("ended", &self.shared.lock().ended.len())
            .finish_non_exhaustive()
    }
}

/// Identifies a task of a [`TaskSet`], and aborts it alone.
///
/// # Examples
///
/// ```
/// use trill_task::TaskSet;
///
/// let ex = trill_executor::Executor::new();
/// trill_park::block_on(ex.run(async {
///     let mut set = TaskSet::new();
///     let task = set.spawn(std::future::pending::<()>()).unwrap();
///     task.abort("too slow");
///     let error = set.join_next().await.unwrap().unwrap_err();
///     assert_eq!((error.id(), error.cancelled().unwrap().reason()), (task.id(), "too slow"));
/// }));
/// ```
#[derive(Clone, Debug)]
pub struct SetTask {
    id: TaskId,
    token: CancelToken,
}

impl SetTask {
    /// Returns the task's identity.
    ///
    /// # Examples
    ///
    /// See [`SetTask`].
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// Asks the task to end: it is dropped where it next waits. Returns whether nobody did before.
    ///
    /// # Examples
    ///
    /// See [`SetTask`].
    #[track_caller]
    pub fn abort(&self, reason: impl Into<Box<str>>) -> bool {
        self.token.cancel(reason)
    }
}

/// Where tasks bring their ends.
struct Shared<T>(Mutex<State<T>>);

struct State<T> {
    ended: VecDeque<(u64, End<T>)>,
    waiter: Option<Waker>,
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Shared(Mutex::new(State {
            ended: VecDeque::new(),
            waiter: None,
        }))
    }
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Nothing in here panics while the lock is held but an allocation.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Brings a task's end to its set.
struct SetSink<T> {
    shared: Arc<Shared<T>>,
    number: u64,
    /// A group that spawned the task in a child of its own ends after it.
    _hold: Option<Hold>,
}

impl<T: Send + 'static> Sink<T> for SetSink<T> {
    fn ended(self, _: Option<TaskId>, end: End<T>) {
        let waiter = {
            let mut state = self.shared.lock();
            state.ended.push_back((self.number, end));
            state.waiter.take()
        };
        if let Some(waiter) = waiter {
            trill_park::wake(waiter);
        }
        // If the set is gone the ends are dropped here.
        caught::discard(self.shared);
    }
}
