//! Where a callback comes from, and running it without harm to others.

use std::any::Any;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};

use trill_cell::{Locals, Unhandled, What, in_locals, locals, report};

/// What a callback has from where it was handed in: the line, and the task-locals.
pub(crate) struct Origin {
    site: &'static Location<'static>,
    locals: Locals,
}

impl Origin {
    /// Notes the current task's locals.
    pub(crate) fn new(site: &'static Location<'static>) -> Origin {
        Origin {
            site,
            locals: locals(),
        }
    }

    /// Runs a callback with these locals. A panic is reported and goes no further.
    pub(crate) fn run(&mut self, callback: impl FnOnce()) {
        let site = self.site;
        // What a panic leaves half changed belongs to the callback; the loop itself is between two steps.
        let ran = catch_unwind(AssertUnwindSafe(|| in_locals(&mut self.locals, callback)));
        if let Err(payload) = ran {
            tell(site, payload);
        }
    }

    /// Drops what a callback has left behind; a panic in that is reported and goes no further.
    pub(crate) fn discard<T>(self, rest: T) {
        let site = self.site;
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop((rest, self)))) {
            tell(site, payload);
        }
    }

    /// Reports that something failed which the callback was waiting for.
    pub(crate) fn report(&self, error: &dyn std::fmt::Display) {
        report(&Unhandled::new(What::Callback, error).at(self.site));
    }
}

/// Reports a panic.
fn tell(site: &'static Location<'static>, payload: Box<dyn Any + Send>) {
    let message = match (
        payload.downcast_ref::<&str>(),
        payload.downcast_ref::<String>(),
    ) {
        (Some(text), _) => text,
        (_, Some(text)) => text.as_str(),
        _ => "it panicked with a value that is no text",
    };
    report(&Unhandled::new(What::Callback, &message).at(site));
    // Its drop may panic again: better leaked than for ever.
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}
