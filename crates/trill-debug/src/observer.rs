//! What debug mode hears of tasks.

use trill_cell::{Ended, Header, Observer};

use crate::enable::is_enabled;
use crate::finding::{Finding, TaskInfo};
use crate::{holds, shutdown, tell};

/// Hears what tasks do.
#[derive(Debug)]
pub(crate) struct Watch;

pub(crate) static OBSERVER: Watch = Watch;

impl Observer for Watch {
    fn polled(&self, task: &Header, ticks: u64) {
        if !is_enabled() || tell::is_telling() {
            return;
        }
        // A job of a blocking pool is one poll, as long as it takes.
        if ticks >= tell::slow_ticks() && !trill_park::was_allowed(task.id()) {
            tell::tell(|| Finding::SlowPoll {
                task: TaskInfo::of(task),
                took: trill_world::ticks_to_delay(ticks),
            });
        }
        holds::polled(task);
    }

    fn ended(&self, task: &Header, how: Ended<'_>) {
        if !is_enabled() || !matches!(how, Ended::Dropped) || !shutdown::is_near() {
            return;
        }
        // A portal's task and the like live as long as their runtime.
        if task.name().is_none_or(|name| !name.starts_with(OWN)) {
            tell::tell(|| Finding::DroppedUnfinished {
                task: TaskInfo::of(task),
            });
        }
    }
}

/// How the names of tasks begin that belong to the runtime itself.
const OWN: &str = "trill: ";
