//! Rows that do the same with ten, a hundred and up to a million items.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::Plan;
use crate::alloc;
use crate::clock::{self, Clock};
use crate::peers::{Sync, Time};
use crate::rows::{Growing, SIZES, Work};

/// Runs a row of this file; `None` if `work` is another's.
pub(crate) fn run<P: Sync + Time>(work: Work, plan: &Plan) -> Option<io::Result<Vec<f64>>> {
    let Work::Growth(growing) = work else {
        return None;
    };
    let sizes = sizes(plan);
    let figures = P::run(plan.workers(), async move {
        let mut figures = Vec::with_capacity(2 * SIZES.len());
        for &size in &sizes {
            // Small sizes are repeated, until all do about the same work.
            let rounds = (ITEMS_MIN / size).max(1);
            let mut spent = Duration::ZERO;
            for round in 0..=rounds {
                let once = cost::<P>(growing, size).await.spent;
                // The first is to warm up.
                if round > 0 {
                    spent += once;
                }
            }
            figures.push(clock::per(spent, rounds * size));
        }
        figures.resize(SIZES.len(), f64::NAN);
        // Counting costs time, so memory is looked at afterwards.
        alloc::count();
        for &size in &sizes {
            figures.push(cost::<P>(growing, size).await.bytes / size as f64);
        }
        figures.resize(2 * SIZES.len(), f64::NAN);
        figures
    });
    Some(figures)
}

/// The sizes to measure: with less work, those up to a hundred thousand.
pub(crate) fn sizes(plan: &Plan) -> Vec<usize> {
    let most = plan.count(1_000_000);
    SIZES.iter().copied().filter(|size| *size <= most).collect()
}

/// What `size` items took.
struct Cost {
    spent: Duration,
    /// Heap in use while all were there.
    bytes: f64,
}

async fn cost<P: Sync + Time>(growing: Growing, size: usize) -> Cost {
    match growing {
        Growing::Spawn => tasks::<P>(size, true).await,
        Growing::Wake => tasks::<P>(size, false).await,
        Growing::Timer => timers::<P>(size).await,
        Growing::Channel => channel::<P>(size).await,
        Growing::Accept | Growing::Idle => unreachable!("these rows have a server of their own"),
    }
}

/// Spawns tasks that wait, wakes them all and joins them; the time of one half.
async fn tasks<P: Sync + Time>(size: usize, is_spawn: bool) -> Cost {
    let waiting = Arc::new(AtomicUsize::new(0));
    let seats: Arc<[Seat]> = (0..size).map(|_| Seat::default()).collect();
    let mut handles = Vec::with_capacity(size);
    let heap = alloc::live_bytes();
    let clock = Clock::start();
    handles.extend((0..size).map(|index| {
        P::spawn(Waits {
            seats: seats.clone(),
            index,
            waiting: waiting.clone(),
        })
    }));
    while waiting.load(Ordering::Relaxed) < size {
        P::yield_now().await;
    }
    let spawned = clock.elapsed();
    let bytes = (alloc::live_bytes() - heap) as f64;
    let clock = Clock::start();
    for seat in seats.iter() {
        seat.wake();
    }
    for handle in handles {
        handle.await;
    }
    Cost {
        spent: if is_spawn { spawned } else { clock.elapsed() },
        bytes,
    }
}

/// Arms timers that are not due, and cancels them.
async fn timers<P: Sync + Time>(size: usize) -> Cost {
    let first = clock::now() + FAR;
    let mut sleeps: Vec<Option<Pin<Box<P::Sleep>>>> = (0..size).map(|_| None).collect();
    let heap = alloc::live_bytes();
    let clock = Clock::start();
    poll_fn(|cx| {
        for (index, place) in sleeps.iter_mut().enumerate() {
            // Near and far in turn, as timeouts of many kinds are.
            let deadline =
                first + Duration::from_micros((index as u64).wrapping_mul(7919) % 1_000_000);
            let mut sleep = Box::pin(P::sleep_until(deadline));
            assert!(sleep.as_mut().poll(cx).is_pending(), "it is not due");
            *place = Some(sleep);
        }
        Poll::Ready(())
    })
    .await;
    let bytes = (alloc::live_bytes() - heap) as f64;
    for place in &mut sleeps {
        *place = None;
    }
    Cost {
        spent: clock.elapsed(),
        bytes,
    }
}

/// Receives from a channel of one place on which so many tasks wait to send.
async fn channel<P: Sync + Time>(size: usize) -> Cost {
    let (sender, mut receiver) = P::bounded(1);
    let begun = Arc::new(AtomicUsize::new(0));
    let mut handles = Vec::with_capacity(size);
    let heap = alloc::live_bytes();
    handles.extend((0..size).map(|_| {
        let (sender, begun) = (sender.clone(), begun.clone());
        P::spawn(async move {
            begun.fetch_add(1, Ordering::Relaxed);
            P::send(&sender, 1).await;
        })
    }));
    while begun.load(Ordering::Relaxed) < size {
        P::yield_now().await;
    }
    let bytes = (alloc::live_bytes() - heap) as f64;
    drop(sender);
    let clock = Clock::start();
    let mut sum = 0;
    while let Some(number) = P::recv(&mut receiver).await {
        sum += number;
    }
    let spent = clock.elapsed();
    assert_eq!(sum, size as u64);
    for handle in handles {
        handle.await;
    }
    Cost { spent, bytes }
}

#[derive(Debug, Default)]
struct Seat(Mutex<(bool, Option<Waker>)>);

impl Seat {
    fn wake(&self) {
        let waker = {
            let mut seat = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            seat.0 = true;
            seat.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Waits until its seat is woken.
struct Waits {
    seats: Arc<[Seat]>,
    index: usize,
    waiting: Arc<AtomicUsize>,
}

impl Future for Waits {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut seat = self.seats[self.index]
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if seat.0 {
            return Poll::Ready(());
        }
        if seat.1.replace(cx.waker().clone()).is_none() {
            self.waiting.fetch_add(1, Ordering::Relaxed);
        }
        Poll::Pending
    }
}

/// Items that a size is repeated for, at least.
const ITEMS_MIN: usize = 200_000;
/// Later than any measurement ends.
const FAR: Duration = Duration::from_secs(600);
