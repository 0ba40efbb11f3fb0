//! Futures of one type that come and go, polled when they were woken.

use std::fmt;
use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::ready_set::ReadySet;

/// Any number of futures that are polled together.
pub(crate) struct Members<F: ?Sized> {
    ready: ReadySet,
    /// By place; a place is used again.
    entries: Vec<Option<Entry<F>>>,
    /// Places without a member.
    free: Vec<usize>,
}

struct Entry<F: ?Sized> {
    future: Pin<Box<F>>,
    waker: Waker,
}

impl<F: ?Sized> Members<F> {
    pub(crate) fn new() -> Members<F> {
        Members {
            ready: ReadySet::new(),
            entries: Vec::new(),
            free: Vec::new(),
        }
    }

    /// Adds a future, which is polled in the next pass; returns its place.
    pub(crate) fn insert(&mut self, future: Pin<Box<F>>) -> usize {
        let index = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            self.entries.len() - 1
        });
        let waker = self.ready.enter(index);
        self.entries[index] = Some(Entry { future, waker });
        index
    }

    /// Takes a future out.
    pub(crate) fn remove(&mut self, index: usize) -> Option<Pin<Box<F>>> {
        let entry = self.entries.get_mut(index)?.take()?;
        self.ready.leave(index);
        self.free.push(index);
        Some(entry.future)
    }

    /// Takes all futures out.
    pub(crate) fn take_all(&mut self) -> Vec<Pin<Box<F>>> {
        let all = self.entries.drain(..).enumerate();
        let taken = all.filter_map(|(index, entry)| {
            let future = entry?.future;
            self.ready.leave(index);
            Some(future)
        });
        let taken = taken.collect();
        self.free.clear();
        taken
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<F: Future + ?Sized> Members<F> {
    /// Polls each woken future once, until `ended` breaks, which hears of each one that ends.
    ///
    /// The future is dropped before `ended` is called. Where this returns `None` the task of `cx` is woken when another
    /// pass is due.
    #[track_caller]
    pub(crate) fn poll_woken<B>(
        &mut self,
        cx: &mut Context<'_>,
        mut ended: impl FnMut(usize, F::Output) -> ControlFlow<B>,
    ) -> Option<B> {
        for _ in 0..self.ready.begin(cx.waker()) {
            let Some(index) = self.ready.pop() else { break };
            let Some(entry) = &mut self.entries[index] else {
                continue;
            };
            let mut cx = Context::from_waker(&entry.waker);
            let Poll::Ready(output) = entry.future.as_mut().poll(&mut cx) else {
                continue;
            };
            drop(self.remove(index));
            if let ControlFlow::Break(value) = ended(index, output) {
                return Some(value);
            }
        }
        None
    }
}

impl<F: ?Sized> fmt::Debug for Members<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Members")
            .field("len", &self.len())
            .field("ready", &self.ready)
            .finish()
    }
}
