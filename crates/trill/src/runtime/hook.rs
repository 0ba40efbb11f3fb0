//! Hands panics and failures to the hooks of the runtime on whose thread they happen.

use std::any::Any;
use std::sync::{Arc, Once};

use trill_cell::{Ended, Header, Observer, Unhandled, on_unhandled, print_unhandled};

use super::current;
use super::shared::Shared;

/// Called when a task panics: with the task's header and the panic's payload.
pub(crate) type PanicHook = Box<dyn Fn(&Header, &(dyn Any + Send)) + Send + Sync>;

/// Called for a failure that nobody can receive.
pub(crate) type UnhandledHook = Box<dyn Fn(&Unhandled<'_>) + Send + Sync>;

/// Hears of every task's end in the process and picks the panics.
struct Panics;

impl Observer for Panics {
    fn ended(&self, task: &Header, how: Ended<'_>) {
        if let Ended::Panicked(payload) = how {
            let shared = shared();
            if let Some(hook) = shared
                .as_ref()
                .and_then(|shared| shared.panic_hook.as_ref())
            {
                hook(task, payload);
            }
        }
    }
}

/// Starts listening to panics; the first runtime with a hook calls it.
pub(super) fn listen_to_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        trill_cell::observe(&Panics);
    });
}

/// Starts listening to failures that nobody can receive; the first runtime with a hook calls it.
pub(super) fn listen_to_unhandled() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| on_unhandled(&unhandled));
}

/// Calls the hook of this thread's runtime; without one the failure is printed, as it was before anybody listened.
fn unhandled(failure: &Unhandled<'_>) {
    let shared = shared();
    match shared
        .as_ref()
        .and_then(|shared| shared.unhandled_hook.as_ref())
    {
        Some(hook) => hook(failure),
        None => print_unhandled(failure),
    }
}

/// What belongs to this thread's runtime. It is counted and not borrowed: a hook may enter or leave a runtime.
fn shared() -> Option<Arc<Shared>> {
    current::try_with(|inner| inner.shared.clone())
}
