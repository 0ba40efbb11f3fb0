//! What threads have ordered and the portal's task has not placed yet.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use trill_executor::ambient::{self, ExecutorId};

use crate::order::{Order, quietly};

/// Orders on their way from threads to the portal's task.
///
/// A mutex and not a channel: an order is either in the queue before it closes, and then dropped by whoever closes it, or
/// it is refused. None can lie in it for ever.
pub(crate) struct Queue(Mutex<State>);

struct State {
    orders: VecDeque<Box<dyn Order>>,
    /// Of the portal's task.
    waker: Option<Waker>,
    /// Nobody can order any more.
    abandoned: bool,
    /// The portal's task is gone.
    closed: bool,
    /// Which executor polls the portal's task; unknown until then if it is the process-wide one.
    pump_home: Option<ExecutorId>,
    /// Which executor the orders become tasks of.
    task_home: Option<ExecutorId>,
}

impl Queue {
    /// For a portal's task on that executor.
    pub(crate) fn new(home: Option<ExecutorId>) -> Queue {
        Queue(Mutex::new(State {
            orders: VecDeque::new(),
            waker: None,
            abandoned: false,
            closed: false,
            pump_home: home,
            task_home: home,
        }))
    }

    /// Says whether this thread must return before an order can be answered.
    pub(crate) fn needs_this_thread(&self) -> bool {
        let state = self.lock();
        let homes = [state.pump_home, state.task_home];
        drop(state);
        homes.into_iter().flatten().any(ambient::is_polling_here)
    }

    /// Notes where the portal's task is polled.
    pub(crate) fn note_home(&self) {
        let home = ambient::current_id();
        let mut state = self.lock();
        state.task_home = home;
        if state.pump_home.is_none() {
            state.pump_home = home;
        }
    }

    /// Adds an order. If the queue is closed it is dropped, which tells whoever waits for it.
    pub(crate) fn push(&self, order: Box<dyn Order>) {
        let mut state = self.lock();
        if state.closed {
            drop(state);
            drop(order);
            return;
        }
        state.orders.push_back(order);
        let waker = state.waker.take();
        drop(state);
        waker.into_iter().for_each(trill_park::wake);
    }

    /// Takes the next order; `None` if there is none and none can come.
    pub(crate) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<Box<dyn Order>>> {
        let fresh = cx.waker().clone();
        let mut state = self.lock();
        if let Some(order) = state.orders.pop_front() {
            return Poll::Ready(Some(order));
        }
        if state.abandoned {
            return Poll::Ready(None);
        }
        let stale = state.waker.replace(fresh);
        drop(state);
        drop(stale);
        Poll::Pending
    }

    /// Notes that nobody can order any more.
    pub(crate) fn abandon(&self) {
        let mut state = self.lock();
        state.abandoned = true;
        let waker = state.waker.take();
        drop(state);
        waker.into_iter().for_each(trill_park::wake);
    }

    /// Refuses orders from now on, and drops those that wait.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let left = std::mem::take(&mut state.orders);
        let waker = state.waker.take();
        drop(state);
        // One by one: a second panic while the first unwinds would end the process.
        for order in left {
            quietly(|| drop(order));
        }
        drop(waker);
    }

    /// Says whether the portal's task is gone.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// No order, waker or future is dropped or called while it is held.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Queue")
            .field("orders", &state.orders.len())
            .field("closed", &state.closed)
            .finish_non_exhaustive()
    }
}
