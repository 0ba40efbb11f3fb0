//! Every interleaving of cancel, child creation, waiting and drop in a tree of cancel tokens.
//!
//! Reference counts are the standard library's and are not modelled: loom has no weak ones. Each lock and each look at the
//! flag is.
#![cfg(loom)]

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

use loom::sync::{Condvar, Mutex};
use loom::thread;
use trill_task::CancelToken;

/// Tries all orders with at most this many preemptions.
fn model(preemptions: usize, body: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(body);
}

struct Unpark {
    is_woken: Mutex<bool>,
    changed: Condvar,
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        *self.is_woken.lock().expect("nobody panics here") = true;
        self.changed.notify_one();
    }
}

/// Polls until it is ready. A lost wake-up is a deadlock, which loom reports.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let thread = Arc::new(Unpark {
        is_woken: Mutex::new(false),
        changed: Condvar::new(),
    });
    let waker = Waker::from(thread.clone());
    loop {
        if let std::task::Poll::Ready(value) =
            future.as_mut().poll(&mut Context::from_waker(&waker))
        {
            return value;
        }
        let mut is_woken = thread.is_woken.lock().expect("nobody panics here");
        while !*is_woken {
            is_woken = thread.changed.wait(is_woken).expect("nobody panics here");
        }
        *is_woken = false;
    }
}

#[test]
fn no_child_slips_through_a_cancel() {
    model(3, || {
        let root = CancelToken::new();
        let middle = root.child();
        let making = {
            let middle = middle.clone();
            thread::spawn(move || {
                let child = middle.child();
                let grandchild = child.child();
                (child, grandchild)
            })
        };
        root.cancel("all");
        let (child, grandchild) = making.join().unwrap();
        assert!(middle.is_cancelled() && child.is_cancelled() && grandchild.is_cancelled());
        assert_eq!(grandchild.reason().unwrap().reason(), "all");
    });
}

#[test]
fn waiting_for_a_child_hears_of_a_cancel_above() {
    model(3, || {
        let root = CancelToken::new();
        let child = root.child();
        let waiting = thread::spawn(move || block_on(child.cancelled()));
        root.cancel("all");
        assert_eq!(waiting.join().unwrap().reason(), "all");
    });
}

#[test]
fn of_two_cancels_one_is_first_and_both_find_everything_below_cancelled() {
    model(3, || {
        let root = CancelToken::new();
        let child = root.child();
        let other = {
            let (root, child) = (root.clone(), child.clone());
            thread::spawn(move || {
                let is_first = root.cancel("other");
                assert!(root.is_cancelled());
                (is_first, child)
            })
        };
        let is_first = root.cancel("mine");
        let (other_first, child) = other.join().unwrap();
        assert_ne!(is_first, other_first);
        let reason = if is_first { "mine" } else { "other" };
        assert_eq!(root.reason().unwrap().reason(), reason);
        assert!(child.is_cancelled());
    });
}

#[test]
fn cancel_of_a_child_and_of_its_parent_give_each_one_reason() {
    model(3, || {
        let root = CancelToken::new();
        let child = root.child();
        let leaf = child.child();
        let other = thread::spawn({
            let child = child.clone();
            move || child.cancel("child")
        });
        assert!(root.cancel("root"));
        let is_first = other.join().unwrap();
        let reason = if is_first { "child" } else { "root" };
        assert_eq!(child.reason().unwrap().reason(), reason);
        assert!(leaf.is_cancelled());
    });
}

#[test]
fn callback_runs_once_or_was_taken_back() {
    model(3, || {
        let calls = Arc::new(AtomicUsize::new(0));
        let token = CancelToken::new();
        let other = thread::spawn({
            let token = token.clone();
            move || token.cancel("over")
        });
        let counted = calls.clone();
        let callback = token.on_cancel(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
        });
        let is_taken_back = callback.take_back();
        other.join().unwrap();
        assert_eq!(calls.load(Ordering::SeqCst), usize::from(!is_taken_back));
    });
}

#[test]
fn tokens_that_are_dropped_while_above_them_is_cancelled_are_gone() {
    model(3, || {
        let root = CancelToken::new();
        let child = root.child();
        let leaf = child.child();
        let dropping = thread::spawn(move || drop((child, leaf)));
        root.cancel("all");
        dropping.join().unwrap();
        assert!(format!("{root:?}").contains("children: 0"));
    });
}

#[test]
fn two_children_that_are_dropped_at_once_leave_their_parents_list() {
    model(3, || {
        let root = CancelToken::new();
        let (left, right) = {
            let middle = root.child();
            (middle.child(), middle.child())
        };
        let dropping = thread::spawn(move || drop(left));
        drop(right);
        dropping.join().unwrap();
        assert!(format!("{root:?}").contains("children: 0"));
    });
}

#[test]
fn dropped_wait_and_cancel_do_not_disturb_each_other() {
    model(3, || {
        let token = CancelToken::new();
        let other = thread::spawn({
            let token = token.clone();
            move || {
                let mut wait = token.cancelled();
                let polled =
                    std::pin::Pin::new(&mut wait).poll(&mut Context::from_waker(Waker::noop()));
                drop(wait);
                polled.is_ready()
            }
        });
        token.cancel("over");
        other.join().unwrap();
        assert!(token.is_cancelled());
    });
}
