//! A group, as its body and its children see it.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use trill_cell::{Spawned, TaskId};
use trill_executor::ambient;
use trill_sync::SemaphoreGuardArc;

use super::child::{ChildTask, End, Sink, Terms};
use super::child_error::Why;
use super::child_handle::Child;
use super::failure::{Failure, Origin};
use super::holder::{Hold, Holder};
use super::outcome::Outcome;
use super::refused::{Refused, WhyRefused};
use super::spawn_when_free::SpawnWhenFree;
use super::start::{Ready, Start};
use super::state::{Counted, Place, Shared};
use crate::caught::catch;
use crate::token::Cancelled;

/// Spawns children of a [`TaskGroup`](crate::TaskGroup) and cancels them; its clones are the same group.
///
/// Keeping it does not keep the group open.
///
/// # Examples
///
/// See [`TaskGroup`](crate::TaskGroup).
pub struct Group<E> {
    shared: Arc<Shared<E>>,
}

impl<E: Send + 'static> Group<E> {
    pub(super) fn new(shared: Arc<Shared<E>>) -> Group<E> {
        Group { shared }
    }

    /// Spawns a child, which runs in parallel with the body.
    ///
    /// Never waits. Dropping the handle changes nothing: the child belongs to the group.
    ///
    /// # Errors
    ///
    /// Gives the future back, never polled, if the group does not run, is about to end or has ended, has no free place,
    /// or if no executor is found here.
    ///
    /// # Cancel safety
    ///
    /// Dropping the handle loses only the child's value, see [`Child`].
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::{Group, group};
    ///
    /// let ex = trill_executor::Executor::new();
    /// let text = trill_park::block_on(ex.run(group(async |g: Group<std::io::Error>| {
    ///     let child = g.spawn(async { Ok("read") }).unwrap();
    ///     Ok(child.await.unwrap())
    /// })));
    /// assert_eq!(text.unwrap(), Some("read"));
    /// ```
    #[track_caller]
    pub fn spawn<V, F>(&self, future: F) -> Result<Child<V>, Refused<F>>
    where
        V: Send + 'static,
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        self.spawn_as(future, Spawned::at(Location::caller()))
    }

    /// Spawns a child that is known by more than its future, as a name; see [`spawn`](Group::spawn).
    ///
    /// # Errors
    ///
    /// As [`spawn`](Group::spawn).
    ///
    /// # Cancel safety
    ///
    /// As [`spawn`](Group::spawn).
    ///
    /// # Examples
    ///
    /// See [`Failure`].
    pub fn spawn_as<V, F>(&self, future: F, spawned: Spawned) -> Result<Child<V>, Refused<F>>
    where
        V: Send + 'static,
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        if let Some(why) = self.shared.refusal() {
            return Err(Refused::new(future, why));
        }
        let permit = match &self.shared.places {
            None => None,
            Some(places) => match places.try_acquire_arc() {
                Some(permit) => Some(permit),
                None => return Err(Refused::new(future, WhyRefused::Full)),
            },
        };
        self.spawn_at(future, spawned, permit)
    }

    /// Waits for a free place, then spawns a child; in a group without a [`width`](crate::TaskGroup::width) at once.
    ///
    /// Those that wait get places in the order in which they came.
    ///
    /// # Errors
    ///
    /// Gives the future back, never polled, if the group does not run, is about to end or has ended, also while this
    /// waits, or if no executor is found here.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the child's, never polled, and gives the place in the row up.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::{Group, TaskGroup};
    ///
    /// let ex = trill_executor::Executor::new();
    /// trill_park::block_on(ex.run(TaskGroup::new().width(2).run(async |g: Group<()>| {
    ///     for page in 0..10 {
    ///         let fetch = async move { Ok(page) };
    ///         g.spawn_when_free(fetch).await.unwrap();
    ///         assert!(g.len() <= 2);
    ///     }
    ///     Ok(())
    /// })))
    /// .unwrap();
    /// ```
    #[track_caller]
    pub fn spawn_when_free<V, F>(&self, future: F) -> SpawnWhenFree<E, F>
    where
        V: Send + 'static,
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        SpawnWhenFree::new(self.clone(), future, Spawned::at(Location::caller()))
    }

    /// Spawns a child and waits until it says that it is ready; returns what it said and its handle.
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) if the child was not spawned, or if it dropped the [`Ready`] unsent, as it does
    /// when it ends before. If it failed then, its failure is in the group's error.
    ///
    /// # Cancel safety
    ///
    /// The child is spawned in the first poll. Dropping the future before the child is ready cancels the child.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::pending;
    /// use trill_task::{Group, Ready, group};
    ///
    /// let ex = trill_executor::Executor::new();
    /// trill_park::block_on(ex.run(group(async |g: Group<()>| {
    ///     let (port, server) = g
    ///         .start(|ready: Ready<u16>| async {
    ///             let _ = ready.send(8080);
    ///             pending::<Result<(), ()>>().await
    ///         })
    ///         .await
    ///         .unwrap();
    ///     assert_eq!(port, 8080);
    ///     server.cancel("enough");
    ///     Ok(())
    /// })))
    /// .unwrap();
    /// ```
    #[track_caller]
    pub fn start<R, V, M, F>(&self, make: M) -> Start<E, M, F, R, V>
    where
        R: Send + 'static,
        V: Send + 'static,
        M: FnOnce(Ready<R>) -> F,
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        Start::new(self.clone(), make, Spawned::at(Location::caller()))
    }

    /// Asks body and children to end, which is no failure; returns whether nobody did before.
    ///
    /// It may be called from anywhere and at any time: before the group runs it takes effect when it does, after its end
    /// it does nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::pending;
    /// use trill_task::{Group, group};
    ///
    /// let ex = trill_executor::Executor::new();
    /// let ended = trill_park::block_on(ex.run(group(async |g: Group<()>| {
    ///     g.spawn(pending::<Result<(), ()>>()).unwrap();
    ///     g.cancel("enough");
    ///     Ok(5)
    /// })));
    /// assert_eq!(ended.unwrap(), Some(5));
    /// ```
    #[track_caller]
    pub fn cancel(&self, reason: impl Into<Box<str>>) -> bool {
        self.shared.cancel(&Cancelled::new(reason))
    }

    /// Spawns a child that has a place.
    pub(super) fn spawn_at<V, F>(
        &self,
        future: F,
        spawned: Spawned,
        permit: Option<SemaphoreGuardArc>,
    ) -> Result<Child<V>, Refused<F>>
    where
        V: Send + 'static,
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        let (place, counted) = match self.shared.enter() {
            Ok((place, counted)) => (Arc::new(place), counted),
            Err(why) => return Err(Refused::new(future, why)),
        };
        let Some(tokens) = self.shared.tokens() else {
            return Err(Refused::new(future, WhyRefused::NotRunning));
        };
        let token = tokens.token.child();
        let grace = self.shared.settings.grace;
        let hold: Hold = place.clone();
        let holder: Holder = Arc::downgrade(&hold);
        let terms = Terms {
            token: token.clone(),
            grace,
            hard: (!grace.is_zero()).then(|| tokens.hard.clone()),
            holder: Some(holder),
            awaiter: tokens.runner,
        };
        let origin = Origin {
            name: spawned.name().map(Box::from),
            site: spawned.site(),
        };
        let outcome = Arc::new(Outcome::new());
        let sink = GroupSink {
            outcome: outcome.clone(),
            origin: origin.clone(),
            counted,
            permit,
            place,
        };
        match ambient::spawn_as(ChildTask::new(future, terms, sink), spawned) {
            Ok(task) => {
                let id = task.id();
                // The child belongs to the group, which ends it through its token.
                task.detach();
                Ok(Child::new(id, origin, outcome, token))
            }
            Err(refused) => {
                let future = refused.into_inner().into_future();
                let future = future.expect("a child that was not spawned was not polled");
                Err(Refused::new(future, WhyRefused::NoExecutor))
            }
        }
    }
}

impl<E> Group<E> {
    /// Returns how many children have not ended.
    ///
    /// # Examples
    ///
    /// See [`Group::spawn_when_free`].
    pub fn len(&self) -> usize {
        self.shared.children()
    }

    /// Says whether no child lives.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::TaskGroup;
    ///
    /// let (handle, run) = TaskGroup::<()>::new().split(async |_| Ok(()));
    /// assert!(handle.is_empty());
    /// # drop(run);
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the group's name, if it was given one.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::TaskGroup;
    ///
    /// let (handle, run) = TaskGroup::<()>::new().name("readers").split(async |_| Ok(()));
    /// assert_eq!(handle.name(), Some("readers"));
    /// # drop(run);
    /// ```
    pub fn name(&self) -> Option<&str> {
        self.shared.settings.name.as_deref()
    }

    pub(super) fn shared(&self) -> &Arc<Shared<E>> {
        &self.shared
    }
}

impl<E> Clone for Group<E> {
    fn clone(&self) -> Self {
        Group {
            shared: self.shared.clone(),
        }
    }
}

impl<E> fmt::Debug for Group<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.fmt(f)
    }
}

/// Brings a child's end to its group and its handle.
struct GroupSink<V, E> {
    outcome: Arc<Outcome<V>>,
    origin: Origin,
    // Given back in this order: who gets the permit counts no more children than there may be, and the place may be the
    // last thing that keeps the group open.
    counted: Counted<E>,
    permit: Option<SemaphoreGuardArc>,
    place: Arc<Place<E>>,
}

impl<V, E> Sink<Result<V, E>> for GroupSink<V, E>
where
    V: Send + 'static,
    E: Send + 'static,
{
    fn ended(self, id: Option<TaskId>, end: End<Result<V, E>>) {
        let GroupSink {
            outcome,
            origin,
            counted,
            permit,
            place,
        } = self;
        let shared = &place.shared;
        let origin = Some(origin);
        match end {
            End::Returned(Ok(value)) => {
                // If nobody has the handle the value is dropped here, and its panic is the child's.
                let given = catch(move || {
                    outcome.set(Ok(value));
                    drop(outcome);
                });
                if let Err(payload) = given {
                    shared.fail(Failure::panic_of(id, origin, payload));
                }
            }
            End::Returned(Err(error)) => {
                match catch(|| (shared.settings.is_cancellation)(&error)) {
                    Ok(false) => {
                        shared.fail(Failure::error_of(id, origin, error));
                        outcome.set(Err(Why::Failed));
                    }
                    Ok(true) => {
                        let dropped = catch(|| drop(error));
                        if let Err(payload) = dropped {
                            shared.fail(Failure::panic_of(id, origin, payload));
                        }
                        outcome.set(Err(Why::Cancelled(None)));
                    }
                    Err(payload) => {
                        shared.fail(Failure::error_of(id, origin.clone(), error));
                        shared.fail(Failure::panic_of(id, origin, payload));
                        outcome.set(Err(Why::Failed));
                    }
                }
            }
            End::Panicked(payload) => {
                shared.fail(Failure::panic_of(id, origin, payload));
                outcome.set(Err(Why::Panicked(None)));
            }
            End::Cancelled(cancelled) => outcome.set(Err(Why::Cancelled(cancelled))),
        }
        drop(counted);
        drop(permit);
        drop(place);
    }
}
