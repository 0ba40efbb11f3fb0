//! Which signals have our handler, and what is put back when nobody listens any more.
//!
//! What may be found in the place of our handler while it is thought to be there, and what is done then:
//!
//! * Somebody has put a handler over ours. It is taken to pass signals on, as ours does. It stays when our last
//!   listener leaves, and ours stays below it; a later listener uses that.
//! * Somebody has set the default, or ignores the signal. That stays when our last listener leaves; a later listener
//!   installs ours anew.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::action::Action;
use super::bit;
use super::handler::{self, TABLE_LEN, index};
use super::numbers::refusal;
use crate::disposition::Disposition;

/// What is known of a signal.
#[derive(Clone, Copy)]
struct Entry {
    /// How many listeners there are.
    listeners: usize,
    /// What was there before our handler, once that was installed.
    before: Option<Action>,
    /// Whether ours was left below somebody else's handler.
    below: bool,
}

/// Adds a listener for each signal in `numbers`, or for none if the system refuses one.
pub(super) fn add(numbers: &[i32]) -> io::Result<()> {
    let mut entries = entries();
    for (done, number) in numbers.iter().enumerate() {
        if let Err(error) = entries[index(*number)].add(*number) {
            for number in &numbers[..done] {
                entries[index(*number)].remove(*number);
            }
            return Err(error);
        }
    }
    Ok(())
}

/// Removes a listener for each signal in `numbers`; returns the set of those that have no other one.
pub(super) fn remove(numbers: &[i32]) -> u64 {
    let mut entries = entries();
    let mut last = 0;
    for number in numbers {
        let entry = &mut entries[index(*number)];
        entry.remove(*number);
        if entry.listeners == 0 {
            last |= bit(*number);
        }
    }
    last
}

/// What happens when a signal comes and nobody listens here.
pub(crate) fn disposition(number: i32) -> io::Result<Disposition> {
    if !(1..=super::NUMBER_MAX).contains(&number) {
        let text = refusal(number).unwrap_or_default();
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    let entries = entries();
    let now = Action::of(number)?;
    let without_ours = match entries[index(number)].before {
        Some(before) if handler::is_ours(&now) => before,
        _ => now,
    };
    Ok(if without_ours.is_default() {
        Disposition::Default
    } else if without_ours.is_ignored() {
        Disposition::Ignored
    } else {
        Disposition::Handled
    })
}

impl Entry {
    fn add(&mut self, number: i32) -> io::Result<()> {
        if self.listeners == 0 {
            let now = Action::of(number)?;
            // Over a handler that passes on to ours, ours would be called by itself without end.
            let reached = handler::is_ours(&now) || (self.below && now.is_handler());
            if !reached {
                handler::install(number, &now)?;
                self.before = Some(now);
                self.below = false;
            }
        }
        self.listeners += 1;
        Ok(())
    }

    fn remove(&mut self, number: i32) {
        self.listeners -= 1;
        if self.listeners > 0 {
            return;
        }
        let (Ok(now), Some(before)) = (Action::of(number), self.before) else {
            return;
        };
        if handler::is_ours(&now) {
            // SAFETY: it was set when we came, so whoever set it vouched for it.
            #[allow(unsafe_code)]
            let restored = unsafe { before.set(number) };
            self.below = restored.is_err();
        } else {
            self.below = true;
        }
    }
}

fn entries() -> MutexGuard<'static, [Entry; TABLE_LEN]> {
    const NONE: Entry = Entry {
        listeners: 0,
        before: None,
        below: false,
    };
    static ENTRIES: Mutex<[Entry; TABLE_LEN]> = Mutex::new([NONE; TABLE_LEN]);
    ENTRIES.lock().unwrap_or_else(PoisonError::into_inner)
}
