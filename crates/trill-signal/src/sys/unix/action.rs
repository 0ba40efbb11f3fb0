//! `sigaction`, with types.
#![allow(unsafe_code)] // The call itself, and its structure that C fills.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;

use libc::{c_int, c_void, sigaction, siginfo_t};

/// What the system does when a signal comes.
#[derive(Clone, Copy)]
pub(super) struct Action(sigaction);

/// A handler as `sigaction` takes it.
pub(super) type Handler = extern "C" fn(c_int, *mut siginfo_t, *mut c_void);

impl Action {
    /// What is set for a signal now.
    pub(super) fn of(number: i32) -> io::Result<Action> {
        let mut now = MaybeUninit::<sigaction>::zeroed();
        // SAFETY: the structure is writable, and without a new action the call changes nothing. The system upholds
        // this; `disposition_is_told` would fail.
        check(unsafe { sigaction(number, ptr::null(), now.as_mut_ptr()) })?;
        // SAFETY: the call succeeded, so it is filled; all zeroes were a value before that, too.
        Ok(Action(unsafe { now.assume_init() }))
    }

    /// A call of `handler`, with system calls going on afterwards.
    pub(super) fn calling(handler: Handler) -> Action {
        // SAFETY: integers, a set of bits and an optional function: all zeroes are a value of each.
        let mut action: sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
        action.sa_sigaction = handler as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_ONSTACK;
        // SAFETY: the set is writable. The C library upholds this; every test would fail.
        unsafe { libc::sigemptyset(&raw mut action.sa_mask) };
        Action(action)
    }

    /// What the system does by itself.
    pub(super) fn default() -> Action {
        // SAFETY: as in `calling`.
        let mut action: sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
        action.sa_sigaction = libc::SIG_DFL;
        Action(action)
    }

    /// Sets this for a signal.
    ///
    /// # Safety
    ///
    /// A handler in it may be called at any instant on any thread: it is async-signal-safe and stays loaded.
    pub(super) unsafe fn set(&self, number: i32) -> io::Result<()> {
        // SAFETY: the structure is complete; the caller vouches for the handler.
        check(unsafe { sigaction(number, &raw const self.0, ptr::null_mut()) })
    }

    /// Whether this calls `handler`.
    pub(super) fn calls(&self, handler: Handler) -> bool {
        self.0.sa_sigaction == handler as usize
    }

    /// Whether this calls any handler.
    pub(super) fn is_handler(&self) -> bool {
        !self.is_default() && !self.is_ignored()
    }

    pub(super) fn is_default(&self) -> bool {
        self.0.sa_sigaction == libc::SIG_DFL
    }

    pub(super) fn is_ignored(&self) -> bool {
        self.0.sa_sigaction == libc::SIG_IGN
    }

    /// The handler's address, or what stands for the default or for ignoring.
    pub(super) fn address(&self) -> usize {
        self.0.sa_sigaction
    }

    /// Whether the handler takes three arguments.
    pub(super) fn takes_info(&self) -> bool {
        self.0.sa_flags & libc::SA_SIGINFO != 0
    }
}

fn check(result: c_int) -> io::Result<()> {
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
