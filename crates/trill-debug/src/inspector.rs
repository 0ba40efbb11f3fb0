//! What debug mode hears of threads and locks.

use std::panic::Location;

use trill_cell::current;
use trill_park::Inspect;

use crate::enable::is_enabled;
use crate::finding::{Finding, TaskInfo};
use crate::{holds, tell};

/// Hears what threads do.
#[derive(Debug)]
pub(crate) struct Ear;

pub(crate) static INSPECTOR: Ear = Ear;

impl Inspect for Ear {
    fn blocking(&self, at: &'static Location<'static>) {
        if is_enabled() {
            tell::tell(|| Finding::BlockingCall {
                task: current(TaskInfo::of),
                at,
            });
        }
    }

    fn locked(&self, address: usize, at: &'static Location<'static>) {
        if is_enabled() && !tell::is_telling() {
            holds::locked(address, at);
        }
    }

    fn unlocked(&self, address: usize) {
        if is_enabled() && !tell::is_telling() {
            holds::unlocked(address);
        }
    }
}
