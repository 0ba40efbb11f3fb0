//! Work that says how often it began, and whether it is gone.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use trill_executor::{Task, ambient};

use crate::harness::ms;

/// Counts work, also that of tasks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Work(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    open: AtomicU32,
    done: AtomicU32,
}

impl Work {
    /// Work of `delay` milliseconds that returns `value`.
    pub(crate) fn of<T: Send + 'static>(
        &self,
        delay: u32,
        value: T,
    ) -> impl Future<Output = T> + Send + use<T> {
        let work = self.clone();
        async move {
            let _open = Open::new(&work);
            trill_timer::sleep(ms(delay)).await;
            work.0.done.fetch_add(1, Ordering::Relaxed);
            value
        }
    }

    /// Work that never ends by itself.
    pub(crate) fn endless<T: Send + 'static>(&self) -> impl Future<Output = T> + Send + use<T> {
        let work = self.clone();
        async move {
            let _open = Open::new(&work);
            std::future::pending().await
        }
    }

    /// A task of `delay` milliseconds.
    pub(crate) fn task<T: Send + 'static>(&self, delay: u32, value: T) -> Task<T> {
        spawn(self.of(delay, value))
    }

    /// How much work came to its end.
    pub(crate) fn done(&self) -> u32 {
        self.0.done.load(Ordering::Relaxed)
    }

    /// Asserts that nothing is left of it, after as long as executors need to drop what was cancelled.
    pub(crate) async fn is_gone(&self) {
        trill_timer::sleep(ms(2)).await;
        let open = self.0.open.load(Ordering::Relaxed);
        assert_eq!(open, 0, "work goes on that was cancelled");
    }
}

/// Spawns on the executor of the play.
pub(crate) fn spawn<T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> Task<T> {
    ambient::spawn(future).expect("a play runs within an executor")
}

/// Counts how much of it lives.
struct Open<'a>(&'a Work);

impl<'a> Open<'a> {
    fn new(work: &'a Work) -> Open<'a> {
        work.0.open.fetch_add(1, Ordering::Relaxed);
        Open(work)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}
