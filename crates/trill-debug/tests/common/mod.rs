//! One listener for all tests of a file, and programs that run in a virtual world.
#![allow(dead_code, unreachable_pub)] // Each test file uses a part.

use std::future::Future;
use std::sync::{Mutex, Once};
use std::time::Duration;

use trill_debug::{Config, Finding, TaskInfo};
use trill_executor::Executor;
use trill_park::block_on;
use trill_world::VirtualWorld;

static FOUND: Mutex<Vec<Finding>> = Mutex::new(Vec::new());

/// Turns debug mode on with its default limits; tests share the listener and tell their findings apart by names.
pub fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        trill_debug::enable(
            Config::new().listener(|finding| FOUND.lock().unwrap().push(finding.clone())),
        );
    });
}

/// What was found so far and passes.
pub fn found(pass: impl Fn(&Finding) -> bool) -> Vec<Finding> {
    let found = FOUND.lock().unwrap();
    found
        .iter()
        .filter(|finding| pass(finding))
        .cloned()
        .collect()
}

/// What was found of the task with this name.
pub fn found_of(name: &str) -> Vec<Finding> {
    found(|finding| task(finding).is_some_and(|task| task.name.as_deref() == Some(name)))
}

/// The task that a finding names.
pub fn task(finding: &Finding) -> Option<&TaskInfo> {
    match finding {
        Finding::SlowPoll { task, .. }
        | Finding::LockHeld { task, .. }
        | Finding::DroppedUnfinished { task, .. } => Some(task),
        Finding::BlockingCall { task, .. } => task.as_ref(),
        _ => None,
    }
}

/// Runs a task of this name in a virtual world, whose clock it may turn.
pub fn run_task<F>(name: &str, body: impl FnOnce(VirtualWorld) -> F) -> F::Output
where
    F: Future + Send,
    F::Output: Send,
{
    let world = VirtualWorld::new(7);
    world.run(|| {
        let future = body(world.clone());
        let ex = Executor::new();
        let task = ex.builder().name(name).spawn(future);
        block_on(ex.run(task))
    })
}

/// What is looked for begins at this limit.
pub const LIMIT: Duration = Duration::from_millis(100);

/// The smallest time there is.
pub const NANO: Duration = Duration::from_nanos(1);
