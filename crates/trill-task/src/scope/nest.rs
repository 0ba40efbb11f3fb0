//! What a scope's future and its handles share: the children that were spawned and not yet taken over.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use crate::caught::Payload;

/// What a child's future returns: its panic, if it panicked.
pub(crate) type ChildEnd = Option<Payload>;

/// A kind of scope. It cannot be implemented elsewhere.
pub trait Nested: Sized {
    /// A child, its type forgotten.
    type Child: Future<Output = ChildEnd> + ?Sized;

    /// Makes the handle that the body gets.
    fn new(nest: Arc<Nest<Self::Child>>) -> Self;
}

/// Children on their way into a scope.
pub struct Nest<D: ?Sized>(Mutex<State<D>>);

struct State<D: ?Sized> {
    spawned: Vec<Pin<Box<D>>>,
    /// No children are taken any more.
    is_closed: bool,
    /// Who polls the scope, while it has to be told.
    driver: Option<Waker>,
}

/// What the scope's future finds in its nest.
pub(crate) struct Found<D: ?Sized> {
    pub(crate) spawned: Vec<Pin<Box<D>>>,
    pub(crate) is_closed: bool,
}

impl<D: ?Sized> Nest<D> {
    pub(crate) fn new() -> Nest<D> {
        Nest(Mutex::new(State {
            spawned: Vec::new(),
            is_closed: false,
            driver: None,
        }))
    }

    /// Adds a child; drops it if the nest is closed.
    pub(crate) fn add(&self, child: Pin<Box<D>>) {
        let mut state = self.lock();
        if state.is_closed {
            drop(state);
            // Outside the lock: its drop is the program's.
            return drop(child);
        }
        state.spawned.push(child);
        let driver = state.driver.take();
        drop(state);
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    /// Takes no more children, and lets the scope's future drop those that it has.
    pub(crate) fn cancel(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        let driver = state.driver.take();
        drop(state);
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    /// Takes no more children; returns those that were not taken over.
    pub(crate) fn close(&self) -> Vec<Pin<Box<D>>> {
        let mut state = self.lock();
        state.is_closed = true;
        let driver = state.driver.take();
        let spawned = std::mem::take(&mut state.spawned);
        drop(state);
        drop(driver);
        spawned
    }

    /// Takes over what was spawned; from now on `driver` is called once if there is more to do.
    pub(crate) fn take(&self, driver: &Waker) -> Found<D> {
        let mut state = self.lock();
        let known = state.driver.as_ref();
        let before = match known.is_some_and(|known| known.will_wake(driver)) {
            true => None,
            false => state.driver.replace(driver.clone()),
        };
        let found = Found {
            spawned: std::mem::take(&mut state.spawned),
            is_closed: state.is_closed,
        };
        drop(state);
        drop(before);
        found
    }

    /// Nobody has to be told of children: the scope's future looks for them by itself.
    pub(crate) fn forget_driver(&self) {
        let driver = self.lock().driver.take();
        drop(driver);
    }

    fn lock(&self) -> MutexGuard<'_, State<D>> {
        // Nothing in here panics while the lock is held but an allocation.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<D: ?Sized> fmt::Debug for Nest<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Nest")
            .field("spawned", &state.spawned.len())
            .field("is_closed", &state.is_closed)
            .finish()
    }
}
