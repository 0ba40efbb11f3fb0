//! Unix: handlers by `sigaction`, listeners woken through a socket each.

mod action;
mod bell;
mod errno;
mod handler;
mod listener;
mod nodes;
mod numbers;
mod registry;

pub(crate) use handler::{end_process, raise};
pub(crate) use listener::Listener;
pub(crate) use numbers::KNOWN;
pub(crate) use registry::disposition;

/// The bit of a signal in a set.
fn bit(number: i32) -> u64 {
    1 << (number - 1)
}

/// How many numbers a set holds: from 1 to this.
const NUMBER_MAX: i32 = 64;
