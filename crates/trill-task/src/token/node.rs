//! The tree of cancel tokens.
//!
//! # Who may touch what
//!
//! A node's cause and its list of children and listeners lie behind one mutex; `flag` says outside it that there is a
//! cause, and never goes back. A child keeps its parent alive, a parent knows its children weakly, so a token that is
//! dropped is out of its parent's list. No code of the program runs under a lock: wakers, callbacks and values are moved
//! out first. Locks of two nodes are never held together.
//!
//! # Why no child slips through
//!
//! [`Node::mark`] sets the cause and takes all children in one hold of the lock, and [`Node::child`] looks for a cause in
//! the hold in which it enters the child. So a child is either in the list that the cancel goes through, or it is born
//! cancelled. A listener is entered in the same way.
//!
//! # Tested by
//!
//! `tests/loom_token.rs`: cancel against child creation, against drop, against a wait, against another cancel.

use std::mem;
use std::sync::{Arc, PoisonError, Weak};
use std::task::{Poll, Waker};

use trill_cell::{Unhandled, What};

use super::cancelled::Cancelled;
use crate::caught::{catch, discard};
use crate::line::{Line, Place};
use crate::primitive::{AtomicBool, Mutex, Ordering};

/// A token, as its handles, its children and those who wait share it.
pub(crate) struct Node {
    /// Whether there is a cause.
    flag: AtomicBool,
    state: Mutex<State>,
    /// The parent, and this node's number there.
    parent: Option<(Arc<Node>, u64)>,
}

#[derive(Default)]
struct State {
    cause: Option<Cancelled>,
    /// The number of the next child or listener.
    next: u64,
    /// In the order they came.
    entries: Line<Entry>,
    /// How many of the entries are children.
    children: usize,
}

/// Who is to learn of a cancel.
enum Entry {
    Child(Weak<Node>),
    Listener(Listener),
}

/// Who wants to know.
enum Listener {
    Task(Waker),
    Call(Box<dyn FnOnce(&Cancelled) + Send>),
}

impl Node {
    /// Makes the root of a tree.
    pub(crate) fn root() -> Arc<Node> {
        Arc::new(Node::made(None, None))
    }

    fn made(cause: Option<Cancelled>, parent: Option<(Arc<Node>, u64)>) -> Node {
        Node {
            flag: AtomicBool::new(cause.is_some()),
            state: Mutex::new(State {
                cause,
                ..State::default()
            }),
            parent,
        }
    }

    /// Makes a child, which is cancelled if this is.
    pub(crate) fn child(self: &Arc<Node>) -> Arc<Node> {
        self.locked(|state| match &state.cause {
            // It needs no parent any more.
            Some(cause) => Arc::new(Node::made(Some(cause.clone()), None)),
            None => {
                let number = state.number();
                let child = Arc::new(Node::made(None, Some((Arc::clone(self), number))));
                let entry = Entry::Child(Arc::downgrade(&child));
                state.entries.push(number, entry);
                state.children += 1;
                child
            }
        })
    }

    /// Whether it is cancelled.
    #[inline]
    pub(crate) fn is_cancelled(&self) -> bool {
        // Acquire: pairs with the Release in `mark`; what the canceller did before is seen.
        self.flag.load(Ordering::Acquire)
    }

    /// Why it is cancelled, if it is.
    pub(crate) fn cause(&self) -> Option<Cancelled> {
        if !self.is_cancelled() {
            return None;
        }
        self.locked(|state| state.cause.clone())
    }

    /// How many children its list holds.
    pub(crate) fn children(&self) -> usize {
        self.locked(|state| state.children)
    }

    /// Cancels this and all below it, then tells those who listen. Returns whether it was not cancelled before.
    pub(crate) fn cancel(self: &Arc<Node>, cause: &Cancelled) -> bool {
        // All are marked before anybody is told, so that whoever is told finds all below cancelled. Level by level and in
        // a list: the depth is the program's.
        let mut listeners = Vec::new();
        let mut nodes = vec![Arc::clone(self)];
        let mut next = 0;
        let mut is_first = false;
        while let Some(node) = nodes.get(next) {
            if let Some(entries) = node.mark(cause) {
                is_first |= next == 0;
                for (_, entry) in entries {
                    match entry {
                        Some(Entry::Child(child)) => nodes.extend(child.upgrade()),
                        Some(Entry::Listener(listener)) => listeners.push(listener),
                        None => {}
                    }
                }
            }
            next += 1;
        }
        for listener in listeners {
            listener.tell(cause);
        }
        is_first
    }

    /// Marks this node alone, and returns who is to learn of it; `None` if it was marked before.
    fn mark(&self, cause: &Cancelled) -> Option<Vec<Place<Entry>>> {
        self.locked(|state| {
            if state.cause.is_some() {
                return None;
            }
            state.cause = Some(cause.clone());
            // Release: pairs with the Acquire in `is_cancelled`.
            self.flag.store(true, Ordering::Release);
            state.children = 0;
            Some(state.entries.take())
        })
    }

    /// Enters a listener. Gives it back if the node is cancelled.
    fn listen(&self, number: Option<u64>, listener: Listener) -> Result<u64, Listener> {
        let (number, before) = self.locked(|state| {
            if state.cause.is_some() {
                return Err(listener);
            }
            let entry = Entry::Listener(listener);
            if let Some(number) = number {
                if let Some(known) = state.entries.at(number) {
                    return Ok((number, Some(mem::replace(known, entry))));
                }
            }
            let number = state.number();
            state.entries.push(number, entry);
            Ok((number, None))
        })?;
        // Outside the lock: it is the program's.
        drop(before);
        Ok(number)
    }

    /// Takes a listener out, if it is still there.
    fn forget(&self, number: u64) -> bool {
        let listener = self.locked(|state| state.entries.remove(number));
        listener.is_some()
    }

    /// Runs `with` under the lock. It runs no code of the program and drops no value of it.
    fn locked<R>(&self, with: impl FnOnce(&mut State) -> R) -> R {
        with(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Up the tree in a loop: dropping a chain of parents must not recurse.
        let mut above = self.parent.take();
        while let Some((parent, number)) = above {
            let child = parent.locked(|state| {
                let child = state.entries.remove(number);
                state.children -= usize::from(child.is_some());
                child
            });
            drop(child);
            above = Arc::into_inner(parent).and_then(|mut parent| parent.parent.take());
        }
    }
}

impl Listener {
    /// Tells this one. A panic does not keep the others from being told.
    fn tell(self, cause: &Cancelled) {
        match self {
            Listener::Task(waker) => trill_park::wake(waker),
            Listener::Call(call) => {
                if let Err(payload) = catch(|| call(cause)) {
                    discard(payload);
                    let message = "a callback of a cancel token panicked";
                    trill_cell::report(
                        &Unhandled::new(What::Callback, &message).at(cause.origin()),
                    );
                }
            }
        }
    }
}

/// A place among those who listen to a node; dropping it gives the place up.
pub(crate) struct Listening {
    node: Arc<Node>,
    number: Option<u64>,
    /// The waker that was entered, to compare without the lock.
    waker: Option<Waker>,
}

impl Listening {
    /// Listens to nothing yet.
    pub(crate) fn new(node: Arc<Node>) -> Listening {
        Listening {
            node,
            number: None,
            waker: None,
        }
    }

    /// Calls `call` once the node is cancelled: now, if it is.
    pub(crate) fn call(&mut self, call: Box<dyn FnOnce(&Cancelled) + Send>) {
        match self.node.listen(None, Listener::Call(call)) {
            Ok(number) => self.number = Some(number),
            Err(listener) => {
                if let Some(cause) = self.node.cause() {
                    listener.tell(&cause);
                }
            }
        }
    }

    /// Waits for the cancel.
    pub(crate) fn poll(&mut self, waker: &Waker) -> Poll<Cancelled> {
        if let Some(cause) = self.node.cause() {
            return Poll::Ready(cause);
        }
        if self
            .waker
            .as_ref()
            .is_some_and(|mine| mine.will_wake(waker))
        {
            return Poll::Pending;
        }
        let listener = Listener::Task(waker.clone());
        match self.node.listen(self.number, listener) {
            Ok(number) => {
                self.number = Some(number);
                self.waker = Some(waker.clone());
                Poll::Pending
            }
            Err(_waker) => match self.node.cause() {
                Some(cause) => Poll::Ready(cause),
                None => unreachable!("a listener is only refused once there is a cause"),
            },
        }
    }

    /// Gives the place up. Returns whether it was still held: if not, the listener was told or is being told.
    pub(crate) fn end(&mut self) -> bool {
        self.waker = None;
        self.number
            .take()
            .is_some_and(|number| self.node.forget(number))
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.node
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.end();
    }
}
