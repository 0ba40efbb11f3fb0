//! How a runtime ends, in order: tasks, async drops, the blocking pool, the reactor.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

use trill_blocking::Pool;
use trill_cell::{Unhandled, What, report};
use trill_timer::{sleep, timeout};

use super::exits::Exit;
use super::inner::Inner;
use super::shared::Shared;
use super::{Ending, current, debug, unfinished};

/// How long each part of the end may take.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    /// For tasks to end by themselves.
    pub(super) grace: Duration,
    /// For tasks in the middle of a poll to come to its end.
    pub(super) polls: Duration,
    /// For all async drops together.
    pub(super) exits: Duration,
    /// For work of the runtime's own blocking pool.
    pub(super) blocking: Duration,
}

impl Limits {
    pub(super) fn new() -> Limits {
        Limits {
            grace: Duration::ZERO,
            polls: POLLS_MAX,
            exits: EXITS_MAX,
            blocking: BLOCKING_MAX,
        }
    }
}

/// Ends a runtime.
pub(super) fn tear_down(inner: Arc<Inner>, limits: &Limits, ending: Ending) {
    let shared = inner.shared.clone();
    let crew = inner.crew().clone();
    // On a worker of its own the runtime cannot wait for itself: what is left is dropped when that worker leaves.
    let on_worker = current::try_with(|current| Arc::ptr_eq(&current.shared, &shared));
    if on_worker == Some(true) {
        crew.stop();
        return;
    }
    shared.token.0.cancel("the runtime ends");
    if !limits.grace.is_zero() && !inner.executor.is_empty() {
        inner.run_unit(pin!(until_empty(&inner, limits.grace)));
    }
    crew.stop();
    let mut all_left = false;
    block_on_unit(pin!(async {
        all_left = timeout(limits.polls, crew.left()).await.is_ok();
    }));
    if !all_left {
        warn(
            &shared,
            format_args!(
                "{} threads are still in the middle of a poll after {:?}, and are left alone",
                crew.alive(),
                limits.polls
            ),
        );
    }
    // What tasks spawn while they are dropped comes to a place of its own, and so does what exits spawn.
    let naming = Naming::begin(&inner, ending);
    let inner = end_tasks(inner);
    drop(naming);
    run_exits(&inner, limits.exits);
    drop(end_tasks(inner));
    if let Some(pool) = &shared.pool {
        join(&shared, pool, limits.blocking);
    }
    // The last share, unless a thread is stuck: the reactor and the pool are let go of.
    drop(shared);
}

/// Tells of the tasks that are dropped until this is.
enum Naming {
    /// By debug mode.
    Debug { _guard: debug::ShuttingDown },
    /// By a report.
    Report { _names: unfinished::Names },
}

impl Naming {
    fn begin(inner: &Inner, ending: Ending) -> Option<Naming> {
        if debug::is_enabled() {
            let _guard = debug::shutting_down();
            return Some(Naming::Debug { _guard });
        }
        let is_told = cfg!(debug_assertions) && ending == Ending::Dropped;
        (is_told && !inner.executor.is_empty()).then(|| Naming::Report {
            _names: unfinished::names(inner.shared.clone()),
        })
    }
}

/// Runs until no task is left, or `grace` is over.
async fn until_empty(inner: &Inner, grace: Duration) {
    let end = trill_world::now().checked_add(grace);
    let mut pause = PAUSE_MIN;
    // Tasks do not tell when the last of them ends, so it is looked for.
    while !inner.executor.is_empty() && !left(end).is_zero() {
        sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Drops the tasks of a runtime whose workers have left, and returns the same runtime without tasks.
///
/// A task whose thread is stuck is dropped when that thread comes back.
fn end_tasks(mut inner: Arc<Inner>) -> Arc<Inner> {
    // A destructor may spawn, and what it spawns may be dropped and spawn again.
    for _ in 0..ROUNDS_MAX {
        if inner.executor.is_empty() {
            break;
        }
        let next = Arc::new(Inner::new(inner.shared.clone()));
        next.enter(|| drop(inner));
        inner = next;
    }
    inner
}

/// Runs what was registered for the end, the last first.
fn run_exits(inner: &Arc<Inner>, limit: Duration) {
    let shared = &inner.shared;
    let end = trill_world::now().checked_add(limit);
    while let Some(Exit { work, site }) = shared.exits.pop() {
        // A panic may come from the work, or from what it owns when it is dropped late or unrun.
        let outcome = catch_unwind(AssertUnwindSafe(|| match left(end) {
            // Those before it took all the time.
            Duration::ZERO => Outcome::Late,
            left => {
                let mut outcome = Outcome::Late;
                let work = timeout(left, async { work().await });
                inner.run_unit(pin!(async {
                    if work.await.is_ok() {
                        outcome = Outcome::Done;
                    }
                }));
                outcome
            }
        }));
        let outcome = outcome.unwrap_or_else(|payload| {
            // Its drop might panic, too.
            std::mem::forget(payload);
            Outcome::Panicked
        });
        let what = match outcome {
            Outcome::Done => continue,
            Outcome::Panicked => (What::Panic, "an async drop panicked".to_owned()),
            Outcome::Late => (
                What::Unfinished,
                format!("the async drops took longer than {limit:?}"),
            ),
        };
        report_in(
            shared,
            &Unhandled::new(what.0, &what.1).named("at_exit").at(site),
        );
    }
}

/// How work that was registered for the end has ended.
enum Outcome {
    Done,
    Panicked,
    Late,
}

/// Waits for the work of a pool, queued or begun.
fn join(shared: &Arc<Shared>, pool: &Pool, limit: Duration) {
    let end = trill_world::now().checked_add(limit);
    let mut pause = PAUSE_MIN;
    // The pool does not tell when the last job ends, so it is looked for.
    loop {
        let stats = pool.stats();
        let jobs: usize = stats
            .classes
            .iter()
            .map(|class| class.running + class.queued)
            .sum();
        if jobs == 0 {
            return;
        }
        if left(end).is_zero() {
            // Somebody who gives no time knows.
            if !limit.is_zero() {
                let classes: Vec<_> = stats
                    .classes
                    .iter()
                    .filter(|class| class.running + class.queued > 0)
                    .map(|class| class.class.name())
                    .collect();
                warn(
                    shared,
                    format_args!(
                        "{jobs} jobs of the blocking pool (classes {classes:?}) have not ended after {limit:?}, and \
                         are left alone"
                    ),
                );
            }
            return;
        }
        block_on_unit(pin!(async { sleep(pause).await }));
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// As `block_on`, compiled once for all that an end waits for.
fn block_on_unit(future: Pin<&mut dyn Future<Output = ()>>) {
    trill_park::block_on(future);
}

/// Reports what is left behind.
fn warn(shared: &Arc<Shared>, message: fmt::Arguments<'_>) {
    report_in(
        shared,
        &Unhandled::new(What::Unfinished, &message).named(&shared.name),
    );
}

/// Reports a failure in the runtime, whose hook is to hear of it.
pub(super) fn report_in(shared: &Arc<Shared>, failure: &Unhandled<'_>) {
    let inner = Arc::new(Inner::new(shared.clone()));
    inner.enter(|| report(failure));
}

/// How long it is until `end`; `None` is never.
fn left(end: Option<Instant>) -> Duration {
    end.map_or(Duration::MAX, |end| {
        end.saturating_duration_since(trill_world::now())
    })
}

/// Longer than any poll should take, short enough that a program with a stuck task still ends.
const POLLS_MAX: Duration = Duration::from_secs(5);

/// Enough to say goodbye over a network, short enough for somebody who waits for a prompt.
const EXITS_MAX: Duration = Duration::from_secs(5);

/// Enough for a write that is under way. A read from a terminal, which nobody ends, holds up the end for so long.
const BLOCKING_MAX: Duration = Duration::from_secs(1);

/// How often destructors that spawn tasks are followed up; what is still spawned then is dropped unpolled, or left to
/// the process-wide runtime.
const ROUNDS_MAX: usize = 16;

/// Between looks that have to be repeated: a fraction of what an exit takes, growing to what nobody notices.
const PAUSE_MIN: Duration = Duration::from_micros(50);
const PAUSE_MAX: Duration = Duration::from_millis(10);
