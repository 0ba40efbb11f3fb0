//! Hands the panics of tasks to the hook of the runtime that polls them.

use std::sync::Once;

use trill_cell::{Ended, Header, Observer};

use super::current;

/// Hears of every task's end in the process and picks the panics.
struct Panics;

impl Observer for Panics {
    fn ended(&self, task: &Header, how: Ended<'_>) {
        if let Ended::Panicked(payload) = how {
            current::try_with(|inner| {
                if let Some(hook) = &inner.hook {
                    hook(task, payload);
                }
            });
        }
    }
}

/// Starts listening; the first runtime with a hook calls it.
pub(super) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| trill_cell::observe(&Panics));
}
