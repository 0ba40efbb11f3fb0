//! Tokens, waits and callbacks that are gone take no memory in the token they belonged to.
#![allow(unsafe_code)] // An allocator that counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};

use trill_task::CancelToken;

struct Counting;

thread_local! {
    /// Bytes that this thread holds.
    static HELD: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    let _ = HELD.try_with(|held| held.set(held.get() + bytes));
}

// SAFETY: it passes everything on to `System`, which upholds the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's layout is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that are held after `body` and were not before.
fn kept(body: impl FnOnce()) -> isize {
    let before = HELD.get();
    body();
    HELD.get() - before
}

/// What an empty list may keep.
const SLACK_BYTES: isize = 4096;

#[test]
fn million_child_tokens_made_and_dropped_leave_nothing() {
    let token = CancelToken::new();
    let one_by_one = kept(|| (0..1_000_000).for_each(|_| drop(token.child())));
    assert!(one_by_one <= SLACK_BYTES, "{one_by_one} bytes");
    let at_once = kept(|| drop((0..100_000).map(|_| token.child()).collect::<Vec<_>>()));
    assert!(at_once <= SLACK_BYTES, "{at_once} bytes");
    assert!(format!("{token:?}").contains("children: 0"));
}

#[test]
fn grandchildren_that_outlive_their_parents_handles_leave_nothing() {
    let token = CancelToken::new();
    let bytes = kept(|| {
        for _ in 0..10_000 {
            let leaf = token.child().child().child();
            assert!(!leaf.is_cancelled());
        }
    });
    assert!(bytes <= SLACK_BYTES, "{bytes} bytes");
}

#[test]
fn million_waits_and_callbacks_that_were_given_up_leave_nothing() {
    let token = CancelToken::new();
    let bytes = kept(|| {
        for _ in 0..1_000_000 {
            let mut wait = token.cancelled();
            let mut cx = Context::from_waker(Waker::noop());
            assert!(Pin::new(&mut wait).poll(&mut cx).is_pending());
            drop(token.on_cancel(|_| unreachable!("it was given up")));
        }
    });
    assert!(bytes <= SLACK_BYTES, "{bytes} bytes");
}

#[test]
fn cancelled_token_keeps_neither_children_nor_waits() {
    let token = CancelToken::new();
    let bytes = kept(|| {
        let children: Vec<_> = (0..10_000).map(|_| token.child()).collect();
        token.cancel("over");
        drop(children);
        for _ in 0..10_000 {
            let _born_cancelled = token.child();
        }
    });
    assert!(bytes <= SLACK_BYTES, "{bytes} bytes");
}
