//! Which runtime the calling thread works for.

use std::cell::RefCell;
use std::sync::{Arc, Once};

use trill_executor::Executor;
use trill_executor::ambient::{self, Provide, Whose};
use trill_world::PerProcess;

use super::builder::Builder;
use super::inner::Inner;
use super::shared::Shared;

thread_local! {
    static CURRENT: RefCell<Option<Arc<Inner>>> = const { RefCell::new(None) };
}

/// Makes `inner` the thread's runtime until the guard is dropped.
pub(super) fn enter(inner: Arc<Inner>) -> Current {
    provide();
    // While the thread's locals are being destroyed it belongs to no runtime.
    let outer = CURRENT.try_with(|current| current.replace(Some(inner)));
    Current(outer.unwrap_or_default())
}

/// Runs `with` on the thread's runtime, or on the process-wide one.
///
/// The process-wide runtime is started on first use and never ends. `with` must not enter or leave a runtime.
pub(crate) fn with<R>(with: impl FnOnce(&Arc<Inner>) -> R) -> R {
    let mut with = Some(with);
    // The runtime is borrowed and not counted: a count would be a line that all workers write for each spawn.
    // A thread whose locals are being destroyed belongs to no runtime any more.
    let done = CURRENT
        .try_with(|current| {
            let current = current.borrow();
            current
                .as_ref()
                .zip(with.take_if(|_| current.is_some()))
                .map(|(inner, with)| with(inner))
        })
        .ok()
        .flatten();
    match (done, with) {
        (Some(done), _) => done,
        (None, Some(with)) => with(global()),
        (None, None) => unreachable!("`with` is taken only if it is run"),
    }
}

/// Runs `with` on the thread's runtime, if there is one.
pub(crate) fn try_with<R>(with: impl FnOnce(&Arc<Inner>) -> R) -> Option<R> {
    CURRENT
        .try_with(|current| current.borrow().as_ref().map(with))
        .ok()
        .flatten()
}

/// The runtime of those who are in none; a child made by `fork` has one of its own.
fn global() -> &'static Arc<Inner> {
    static GLOBAL: PerProcess<Arc<Inner>> = PerProcess::new();
    GLOBAL.get_or_init(|| {
        let inner = Arc::new(Inner::new(Arc::new(Shared {
            name: "trill-global".to_owned(),
            ..Shared::default()
        })));
        // A bad TRILL_WORKERS is reported where a runtime is built; here one worker will do.
        let workers = Builder::new().worker_count().map_or(1, usize::from);
        for number in 1..=workers {
            if inner.start_worker(number).is_err() {
                break;
            }
        }
        inner
    })
}

/// Lets code that has no handle spawn on the thread's runtime, or on the process-wide one.
///
/// Costs one load after the first call.
pub(crate) fn provide() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| ambient::provide(&Runtimes));
}

/// The runtimes of threads, as `trill-executor` asks for them.
struct Runtimes;

impl Provide for Runtimes {
    fn with(&self, whose: Whose, body: &mut dyn FnMut(&Executor<'static>)) {
        match whose {
            Whose::Thread => {
                try_with(|inner| body(&inner.executor));
            }
            Whose::Process => body(&global().executor),
            _ => {}
        }
    }
}

/// Keeps a runtime current.
pub(super) struct Current(Option<Arc<Inner>>);

impl Drop for Current {
    fn drop(&mut self) {
        let left = CURRENT.try_with(|current| current.replace(self.0.take()));
        // Outside the cell: dropping a runtime runs the destructors of its tasks.
        drop(left);
    }
}
