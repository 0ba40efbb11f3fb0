//! Rows about the memory of tasks.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use super::Plan;
use crate::clock::Clock;
use crate::peers::Tasks;
use crate::{alloc, host};

/// How many tasks were polled. A static, so that counting adds nothing to a task's size.
static POLLED: AtomicUsize = AtomicUsize::new(0);

/// The row `memory-task`.
pub(crate) fn idle_tasks<P: Tasks>(plan: &Plan) -> io::Result<Vec<f64>> {
    held::<P, _>(plan, || async {
        count_poll();
        std::future::pending::<()>().await;
    })
}

/// Bytes per task of those `body` makes, handle included, once all were polled. Each of them counts
/// its first poll and then waits for longer than the measurement takes.
pub(crate) fn held<P: Tasks, F>(
    plan: &Plan,
    body: impl Fn() -> F + Send + 'static,
) -> io::Result<Vec<f64>>
where
    F: Future<Output = ()> + Send + 'static,
{
    let count = plan.count(IDLE_TASKS);
    P::run(plan.workers(), async move {
        let mut handles = Vec::with_capacity(count);
        // One task of the kind first, so that what is made once is there.
        let first = P::spawn(body());
        all_polled::<P>(1).await;
        let resident = host::resident_bytes()?;
        alloc::count();
        let heap = alloc::live_bytes();
        handles.extend((0..count).map(|_| P::spawn(body())));
        all_polled::<P>(count + 1).await;
        let heap = alloc::live_bytes() - heap;
        let resident = host::resident_bytes()?.saturating_sub(resident);
        // The process ends with these tasks alive: their end is not what is measured.
        std::mem::forget((first, handles));
        Ok(vec![
            resident as f64 / count as f64,
            heap as f64 / count as f64 + handle_bytes::<P>(),
        ])
    })?
}

/// The row `million-tasks`.
pub(crate) fn many_tasks<P: Tasks>(plan: &Plan) -> io::Result<Vec<f64>> {
    let count = plan.count(MANY_TASKS);
    P::run(plan.workers(), async move {
        let slots: Vec<Slot> = (0..count).map(|_| Slot::default()).collect();
        let slots: &'static [Slot] = slots.leak();
        let mut handles: Vec<P::Task<()>> = Vec::with_capacity(count);
        let resident = host::resident_bytes()?;
        alloc::count();
        let heap = alloc::live_bytes();

        let clock = Clock::start();
        handles.extend(slots.iter().map(|slot| P::spawn(WokenOnce { slot })));
        all_polled::<P>(count).await;
        let spawn_ns = clock.ns_per(count);
        let heap = alloc::live_bytes() - heap;
        let resident = host::resident_bytes()?.saturating_sub(resident);

        let clock = Clock::start();
        for slot in slots {
            slot.wake();
        }
        for handle in handles {
            handle.await;
        }
        let wake_ns = clock.ns_per(count);
        Ok(vec![
            resident as f64 / count as f64,
            heap as f64 / count as f64 + handle_bytes::<P>(),
            spawn_ns,
            wake_ns,
        ])
    })?
}

/// Notes that a task was polled for the first time.
pub(crate) fn count_poll() {
    POLLED.fetch_add(1, Ordering::Relaxed);
}

/// Yields until so many tasks were polled since the process began.
pub(crate) async fn all_polled<P: Tasks>(count: usize) {
    while POLLED.load(Ordering::Relaxed) < count {
        P::yield_now().await;
    }
}

/// The size of a task's handle.
pub(crate) fn handle_bytes<P: Tasks>() -> f64 {
    size_of::<P::Task<()>>() as f64
}

/// Where a task leaves its waker.
#[derive(Debug, Default)]
struct Slot(Mutex<Stage>);

impl Slot {
    fn wake(&self) {
        let stage = std::mem::replace(&mut *self.stage(), Stage::Woken);
        match stage {
            Stage::Waiting(waker) => waker.wake(),
            Stage::Fresh | Stage::Woken => unreachable!("each task was polled, each is woken once"),
        }
    }

    fn stage(&self) -> std::sync::MutexGuard<'_, Stage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
enum Stage {
    #[default]
    Fresh,
    Waiting(Waker),
    Woken,
}

/// Waits until its slot is woken.
struct WokenOnce {
    slot: &'static Slot,
}

impl Future for WokenOnce {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut stage = self.slot.stage();
        match *stage {
            Stage::Fresh => {
                count_poll();
                *stage = Stage::Waiting(cx.waker().clone());
                Poll::Pending
            }
            Stage::Waiting(ref mut waker) => {
                waker.clone_from(cx.waker());
                Poll::Pending
            }
            Stage::Woken => Poll::Ready(()),
        }
    }
}

/// Enough that what a runtime makes once does not show in the bytes per task.
const IDLE_TASKS: usize = 100_000;
/// A million, as the row's name says.
const MANY_TASKS: usize = 1_000_000;
