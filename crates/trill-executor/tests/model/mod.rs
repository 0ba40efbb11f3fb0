//! What the loom models share: how a model is run, and how two threads race in it.
#![allow(unreachable_pub)] // A module of tests has no callers outside.

use loom::thread;

/// Runs a model with at most this many preemptions. Without a bound, loom would not begin with each of the threads in turn.
pub fn check(preemptions: usize, body: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(body);
}

/// Runs both at once, each in a thread of its own; returns what they return, when both have ended.
///
/// The thread that begins a model takes no part in a race: loom tries fewer orders of its steps than of the others'. It
/// keeps a clone of each of the standard library's `Arc`s, whose counts loom does not see: the drop of the last one in a
/// racing thread would find old values.
pub fn at_once<A: 'static, B: 'static>(
    first: impl FnOnce() -> A + 'static,
    second: impl FnOnce() -> B + 'static,
) -> (A, B) {
    let first = thread::spawn(first);
    let second = thread::spawn(second);
    (first.join().unwrap(), second.join().unwrap())
}
