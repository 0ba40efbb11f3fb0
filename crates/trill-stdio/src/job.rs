//! One call of the helper thread.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// A call that a thread makes, and those who wait for its end.
#[derive(Debug)]
pub(crate) struct Job {
    /// What is to be written; empty for a read.
    pub(crate) bytes: Vec<u8>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    result: Option<io::Result<usize>>,
    /// Whether it has ended; the result may have been taken since.
    is_over: bool,
    waiting: Vec<Waker>,
}

impl Job {
    pub(crate) fn new(bytes: Vec<u8>) -> Arc<Job> {
        Arc::new(Job {
            bytes,
            state: Mutex::default(),
        })
    }

    pub(crate) fn is_over(&self) -> bool {
        self.state().is_over
    }

    /// Waits for the end, and takes the result; a second one gets none.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<io::Result<usize>>> {
        match self.poll_end(cx) {
            Poll::Ready(()) => Poll::Ready(self.state().result.take()),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Waits for the end alone.
    pub(crate) fn poll_end(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state();
        if state.is_over {
            return Poll::Ready(());
        }
        if !state
            .waiting
            .iter()
            .any(|waker| waker.will_wake(cx.waker()))
        {
            state.waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Tells the end.
    pub(crate) fn end(&self, result: io::Result<usize>) {
        let mut state = self.state();
        state.result = Some(result);
        state.is_over = true;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        for waker in waiting {
            waker.wake();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
