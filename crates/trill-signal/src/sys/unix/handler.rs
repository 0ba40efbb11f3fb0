//! What runs when a signal comes.
//!
//! It runs on any thread at any instant: it takes no lock, allocates nothing, and leaves the thread's error number as
//! it was.
#![allow(unsafe_code)] // Calling the handler that was there before, by its address.

use std::io;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use libc::{c_int, c_void, siginfo_t};

use super::action::{Action, Handler};
use super::nodes::{self, Heard};
use super::{NUMBER_MAX, errno};
use crate::signal::Signal;

/// What was set for a signal before our handler, as our handler reads it.
#[derive(Debug)]
struct Before {
    /// The handler's address, or what stands for the default or for ignoring.
    address: AtomicUsize,
    /// Whether it takes three arguments.
    takes_info: AtomicBool,
}

/// Puts our handler in the place of `before`, which it calls from then on.
pub(super) fn install(number: i32, before: &Action) -> io::Result<()> {
    let slot = &BEFORE[index(number)];
    slot.takes_info
        .store(before.takes_info(), Ordering::Relaxed);
    // Release: pairs with the Acquire in `pass_on`, so that the flag belongs to the address.
    slot.address.store(before.address(), Ordering::Release);
    let ours = Action::calling(on_signal);
    // SAFETY: `on_signal` is async-signal-safe, see above, and a program is not unloaded while it runs.
    // `storms_do_not_allocate_in_the_handler` would fail.
    unsafe { ours.set(number) }
}

/// Whether the action is a call of our handler.
pub(super) fn is_ours(action: &Action) -> bool {
    action.calls(on_signal)
}

extern "C" fn on_signal(number: c_int, info: *mut siginfo_t, context: *mut c_void) {
    errno::keeping(|| {
        let heard = nodes::deliver(number);
        let address = pass_on(number, info, context);
        // The default, if ours was left below a handler that is gone, or if the program was told before and is still
        // there: what the system would have done without us.
        if heard != Heard::Somebody && address == libc::SIG_DFL {
            take_default(number);
        }
    });
}

/// Calls the handler that was there before, if there was one; returns what was there.
fn pass_on(number: c_int, info: *mut siginfo_t, context: *mut c_void) -> usize {
    let slot = &BEFORE[index(number)];
    // Acquire: pairs with the Release in `install`.
    let address = slot.address.load(Ordering::Acquire);
    if address == libc::SIG_DFL || address == libc::SIG_IGN {
        return address;
    }
    if slot.takes_info.load(Ordering::Relaxed) {
        // SAFETY: `sigaction` returned this address as that of a handler with three arguments. Who installed it
        // upholds this; `a_previous_handler_is_called_too` would crash.
        let handler: Handler = unsafe { mem::transmute(address) };
        handler(number, info, context);
    } else {
        // SAFETY: as above, with one argument.
        let handler: extern "C" fn(c_int) = unsafe { mem::transmute(address) };
        handler(number);
    }
    address
}

/// Sends a signal to the calling thread.
pub(crate) fn raise(signal: Signal) {
    if let Some(number) = signal.number() {
        // SAFETY: a number that does not exist is refused.
        unsafe { libc::raise(number) };
    }
}

/// Lets the system do what it does by default, now, and ends the process if that did not.
pub(crate) fn end_process(number: i32) -> ! {
    take_default(number);
    // The number that a shell shows for the signal. Reached if the default of the signal is to go on, or if it is
    // blocked.
    std::process::exit(128 + number)
}

/// Lets the system do what it does by default. In a handler it happens when the handler returns: until then the signal is blocked.
fn take_default(number: c_int) {
    // SAFETY: there is no handler in it.
    if unsafe { Action::default().set(number) }.is_ok() {
        // SAFETY: async-signal-safe by POSIX, and the number came from the system.
        unsafe { libc::raise(number) };
    }
}

/// Where a signal stands in a table.
pub(super) fn index(number: i32) -> usize {
    debug_assert!((1..=NUMBER_MAX).contains(&number));
    number.unsigned_abs() as usize
}

/// How long such a table is.
pub(super) const TABLE_LEN: usize = NUMBER_MAX as usize + 1;

/// What was set before, by the signal's number.
static BEFORE: [Before; TABLE_LEN] = [const {
    Before {
        address: AtomicUsize::new(libc::SIG_DFL),
        takes_info: AtomicBool::new(false),
    }
}; TABLE_LEN];
