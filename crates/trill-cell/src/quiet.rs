//! Running the program's code where a panic must go no further.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `body`. Returns whether it did not panic; the panic hook has told of it.
pub(crate) fn quietly(body: impl FnOnce()) -> bool {
    let Err(payload) = catch_unwind(AssertUnwindSafe(body)) else {
        return true;
    };
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        // Somebody throws things that throw: better leaked than for ever.
        std::mem::forget(again);
    }
    false
}
