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

/// Runs both at once, each in a thread of its own; returns what they return, when both have ended.
///
/// The thread that begins a model takes no part in a race: loom tries fewer orders of its steps than of the others'.
fn at_once<A: 'static, B: 'static>(
    first: impl FnOnce() -> A + 'static,
    second: impl FnOnce() -> B + 'static,
) -> (A, B) {
    let first = thread::spawn(first);
    let second = thread::spawn(second);
    (first.join().unwrap(), second.join().unwrap())
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
        let (cancels, makes) = (root.clone(), middle.clone());
        let ((child, grandchild), _) = at_once(
            move || {
                let child = makes.child();
                let grandchild = child.child();
                (child, grandchild)
            },
            move || cancels.cancel("all"),
        );
        assert!(middle.is_cancelled() && child.is_cancelled() && grandchild.is_cancelled());
        assert_eq!(grandchild.reason().unwrap().reason(), "all");
    });
}

#[test]
fn waiting_for_a_child_hears_of_a_cancel_above() {
    model(3, || {
        let root = CancelToken::new();
        let child = root.child();
        let (reason, _) = at_once(
            move || block_on(child.cancelled()),
            move || root.cancel("all"),
        );
        assert_eq!(reason.reason(), "all");
    });
}

#[test]
fn of_two_cancels_one_is_first_and_after_both_everything_below_is_cancelled() {
    model(3, || {
        let root = CancelToken::new();
        let child = root.child();
        let cancel = |reason: &'static str| {
            let root = root.clone();
            move || {
                let is_first = root.cancel(reason);
                assert!(root.is_cancelled());
                is_first
            }
        };
        let (one, two) = at_once(cancel("one"), cancel("two"));
        assert_ne!(one, two);
        let reason = if one { "one" } else { "two" };
        assert_eq!(root.reason().unwrap().reason(), reason);
        assert_eq!(child.reason().unwrap().reason(), reason);
    });
}

#[test]
fn cancel_of_a_child_and_of_its_parent_give_each_one_reason() {
    model(3, || {
        let root = CancelToken::new();
        let child = root.child();
        let leaf = child.child();
        let (below, above) = (child.clone(), root.clone());
        let (is_first, is_new) =
            at_once(move || below.cancel("child"), move || above.cancel("root"));
        assert!(is_new);
        let reason = if is_first { "child" } else { "root" };
        assert_eq!(child.reason().unwrap().reason(), reason);
        assert!(leaf.is_cancelled());
    });
}

#[test]
fn who_is_told_finds_everything_below_cancelled() {
    model(3, || {
        let root = CancelToken::new();
        let child = root.child();
        let found = Arc::new(AtomicUsize::new(0));
        let (below, finds) = (child.clone(), found.clone());
        let _callback = root.on_cancel(move |_| {
            // 1 is no, 2 is yes.
            finds.store(1 + usize::from(below.is_cancelled()), Ordering::SeqCst);
        });
        let (cancels, makes) = (root.clone(), child.clone());
        let (_, leaf) = at_once(move || cancels.cancel("all"), move || makes.child());
        assert_eq!(found.load(Ordering::SeqCst), 2);
        assert!(leaf.is_cancelled());
    });
}

#[test]
fn what_was_done_before_a_cancel_is_seen_by_who_sees_it() {
    model(3, || {
        let token = CancelToken::new();
        let done = Arc::new(loom::sync::atomic::AtomicBool::new(false));
        let (cancels, does) = (token.clone(), done.clone());
        let (looks, sees) = (token.clone(), done.clone());
        at_once(
            move || {
                // Relaxed: the cancel is what publishes.
                does.store(true, Ordering::Relaxed);
                cancels.cancel("done");
            },
            move || {
                if looks.is_cancelled() {
                    assert!(sees.load(Ordering::Relaxed));
                    assert!(looks.reason().is_some());
                }
            },
        );
    });
}

#[test]
fn callback_runs_once_or_was_taken_back() {
    model(3, || {
        let calls = Arc::new(AtomicUsize::new(0));
        let token = CancelToken::new();
        let (cancels, listens, counted) = (token.clone(), token.clone(), calls.clone());
        let (_, is_taken_back) = at_once(
            move || cancels.cancel("over"),
            move || {
                let callback = listens.on_cancel(move |_| {
                    counted.fetch_add(1, Ordering::SeqCst);
                });
                callback.take_back()
            },
        );
        assert_eq!(calls.load(Ordering::SeqCst), usize::from(!is_taken_back));
    });
}

#[test]
fn tokens_that_are_dropped_while_above_them_is_cancelled_are_gone() {
    model(3, || {
        let root = CancelToken::new();
        let child = root.child();
        let leaf = child.child();
        let cancels = root.clone();
        at_once(move || drop((child, leaf)), move || cancels.cancel("all"));
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
        at_once(move || drop(left), move || drop(right));
        assert!(format!("{root:?}").contains("children: 0"));
    });
}

#[test]
fn dropped_wait_and_cancel_do_not_disturb_each_other() {
    model(3, || {
        let token = CancelToken::new();
        let (waits, cancels) = (token.clone(), token.clone());
        let ((), is_first) = at_once(
            move || {
                let mut wait = waits.cancelled();
                let _ = std::pin::Pin::new(&mut wait).poll(&mut Context::from_waker(Waker::noop()));
            },
            move || cancels.cancel("over"),
        );
        assert!(is_first && token.is_cancelled());
    });
}
