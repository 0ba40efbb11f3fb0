//! What the parts of a group share: its settings, how many children live, what has failed.
//!
//! # Phases
//!
//! `Fresh` (not yet run) → `Open` → `Aborting` (something failed, or the group was cancelled) → `Finished`. A group may go
//! from any phase to `Finished`: its future is dropped, or body and children have ended. Places are only taken in `Open`,
//! under the lock, so none is taken once the group's end was decided.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;
use std::time::Duration;

use trill_cell::{TaskId, Unhandled, What, current_id, report};
use trill_sync::Semaphore;

use super::failure::Failure;
use super::holder::Hold;
use super::refused::WhyRefused;
use crate::token::{CancelToken, Cancelled};

/// How a group was made.
pub(crate) struct Settings<E> {
    pub(super) name: Option<Box<str>>,
    pub(super) width: Option<u32>,
    pub(super) grace: Duration,
    pub(super) is_cancellation: Box<dyn Fn(&E) -> bool + Send + Sync>,
}

/// A group, as its future, its handles and its children see it.
pub(crate) struct Shared<E> {
    pub(super) settings: Settings<E>,
    /// One permit for each place, if their number is limited.
    pub(super) places: Option<Arc<Semaphore>>,
    tokens: OnceLock<Tokens>,
    state: Mutex<State<E>>,
}

/// The tokens of a group that runs, and who runs it.
pub(crate) struct Tokens {
    /// Asks children and body to end.
    pub(super) token: CancelToken,
    /// Ends children without grace.
    pub(super) hard: CancelToken,
    /// The task that runs the group.
    pub(super) runner: Option<TaskId>,
}

struct State<E> {
    phase: Phase,
    /// Children that have not ended.
    children: usize,
    /// What keeps the group open: children, the body, and what they left behind.
    live: usize,
    failures: Vec<Failure<E>>,
    /// A cancel that came before the group ran.
    early: Option<Cancelled>,
    /// What the children keep open beside this group.
    outer: Option<Hold>,
    /// Who polls the group's future.
    driver: Option<Waker>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Fresh,
    Open,
    Aborting,
    Finished,
}

impl<E> Shared<E> {
    pub(super) fn new(settings: Settings<E>) -> Shared<E> {
        let places = settings.width.map(|width| Semaphore::new(width as usize));
        Shared {
            settings,
            places: places.map(Arc::new),
            tokens: OnceLock::new(),
            state: Mutex::new(State {
                phase: Phase::Fresh,
                children: 0,
                live: 0,
                failures: Vec::new(),
                early: None,
                outer: None,
                driver: None,
            }),
        }
    }

    /// Opens the group, below the token that is current here.
    pub(super) fn open(&self, outer: Option<Hold>) -> &Tokens {
        let tokens = self.tokens.get_or_init(|| Tokens {
            token: CancelToken::current().map_or_else(CancelToken::new, |token| token.child()),
            hard: CancelToken::new(),
            runner: current_id(),
        });
        let early = {
            let mut state = self.lock();
            state.outer = outer;
            let early = state.early.take();
            state.phase = match early {
                None => Phase::Open,
                Some(_) => Phase::Aborting,
            };
            early
        };
        if let Some(cancelled) = early {
            tokens.token.cancel_as(&cancelled);
        }
        tokens
    }

    /// The tokens, once the group runs.
    pub(super) fn tokens(&self) -> Option<&Tokens> {
        self.tokens.get()
    }

    /// Says whether a child could be spawned, but for the number of places.
    pub(super) fn refusal(&self) -> Option<WhyRefused> {
        let phase = self.lock().phase;
        let is_cancelled = self
            .tokens()
            .is_some_and(|tokens| tokens.token.is_cancelled());
        match phase {
            Phase::Fresh => Some(WhyRefused::NotRunning),
            Phase::Open if is_cancelled => Some(WhyRefused::Aborting),
            Phase::Open => None,
            Phase::Aborting => Some(WhyRefused::Aborting),
            Phase::Finished => Some(WhyRefused::Finished),
        }
    }

    /// Takes a place for a child.
    pub(super) fn enter(self: &Arc<Self>) -> Result<(Place<E>, Counted<E>), WhyRefused>
    where
        E: Send + 'static,
    {
        if let Some(why) = self.refusal() {
            return Err(why);
        }
        let mut state = self.lock();
        match state.phase {
            Phase::Open => {}
            Phase::Fresh => return Err(WhyRefused::NotRunning),
            Phase::Aborting => return Err(WhyRefused::Aborting),
            Phase::Finished => return Err(WhyRefused::Finished),
        }
        state.live += 1;
        state.children += 1;
        let outer = state.outer.clone();
        drop(state);
        let place = Place {
            shared: self.clone(),
            _outer: outer,
        };
        Ok((place, Counted(self.clone())))
    }

    /// Takes a place for the body.
    pub(super) fn enter_body(self: &Arc<Self>) -> Place<E> {
        let mut state = self.lock();
        state.live += 1;
        let outer = state.outer.clone();
        drop(state);
        Place {
            shared: self.clone(),
            _outer: outer,
        }
    }

    /// Asks children and body to end; returns whether nobody did before.
    pub(super) fn cancel(&self, cancelled: &Cancelled) -> bool {
        {
            let mut state = self.lock();
            match state.phase {
                Phase::Finished => return false,
                Phase::Fresh => {
                    let is_first = state.early.is_none();
                    state.early.get_or_insert_with(|| cancelled.clone());
                    return is_first;
                }
                Phase::Open | Phase::Aborting => state.phase = Phase::Aborting,
            }
        }
        self.tokens()
            .is_some_and(|tokens| tokens.token.cancel_as(cancelled))
    }

    /// Adds a failure and cancels all others. Where nobody can receive it any more it is reported.
    pub(super) fn fail(&self, failure: Failure<E>) {
        let cancelled = failure.as_cancelled();
        let late = {
            let mut state = self.lock();
            match state.phase {
                Phase::Finished => Some(failure),
                _ => {
                    state.failures.push(failure);
                    None
                }
            }
        };
        match late {
            None => drop(self.cancel(&cancelled)),
            Some(failure) => report_lost(&[failure]),
        }
    }

    /// Finishes the group if nothing lives in it any more; else `driver` is woken when that is so.
    pub(super) fn finish(&self, driver: &Waker) -> Option<Vec<Failure<E>>> {
        let mut state = self.lock();
        if state.live > 0 {
            let known = state.driver.as_ref();
            let before = match known.is_some_and(|known| known.will_wake(driver)) {
                true => None,
                false => state.driver.replace(driver.clone()),
            };
            drop(state);
            drop(before);
            return None;
        }
        state.phase = Phase::Finished;
        let (outer, driver) = (state.outer.take(), state.driver.take());
        let failures = std::mem::take(&mut state.failures);
        drop(state);
        drop((outer, driver));
        Some(failures)
    }

    /// Finishes the group at once: its future is dropped.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Finished {
            return;
        }
        state.phase = Phase::Finished;
        let (outer, driver) = (state.outer.take(), state.driver.take());
        let failures = std::mem::take(&mut state.failures);
        drop(state);
        drop((outer, driver));
        report_lost(&failures);
        if let Some(tokens) = self.tokens() {
            let cancelled = Cancelled::new("the group's future was dropped");
            tokens.token.cancel_as(&cancelled);
            tokens.hard.cancel_as(&cancelled);
        }
    }

    /// How many children live.
    pub(super) fn children(&self) -> usize {
        self.lock().children
    }

    fn lock(&self) -> MutexGuard<'_, State<E>> {
        // Nothing in here panics while the lock is held but an allocation.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E> fmt::Debug for Shared<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Group")
            .field("name", &self.settings.name)
            .field("phase", &state.phase)
            .field("children", &state.children)
            .field("failures", &state.failures.len())
            .finish()
    }
}

/// Keeps a group open.
pub(crate) struct Place<E> {
    pub(super) shared: Arc<Shared<E>>,
    _outer: Option<Hold>,
}

impl<E> Drop for Place<E> {
    fn drop(&mut self) {
        let driver = {
            let mut state = self.shared.lock();
            state.live -= 1;
            match state.live {
                0 => state.driver.take(),
                _ => None,
            }
        };
        if let Some(driver) = driver {
            trill_park::wake(driver);
        }
    }
}

/// Counts a child.
pub(crate) struct Counted<E>(Arc<Shared<E>>);

impl<E> Drop for Counted<E> {
    fn drop(&mut self) {
        self.0.lock().children -= 1;
    }
}

/// Reports failures that nobody can receive.
pub(super) fn report_lost<E>(failures: &[Failure<E>]) {
    for failure in failures {
        let what = match failure.is_panic() {
            true => What::Panic,
            false => What::Failure,
        };
        let message = failure.plain();
        let mut unhandled = Unhandled::new(what, &message);
        unhandled.task = failure.id();
        unhandled.name = failure.name();
        unhandled.site = failure.site();
        report(&unhandled);
    }
}
