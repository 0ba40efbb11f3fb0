//! What a task costs in allocations and bytes.
#![allow(unsafe_code)] // An allocator that counts.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::pending;
use std::pin::pin;
use std::sync::Arc;

use common::{Gate, poll_once};
use trill_executor::{Executor, LocalExecutor, Task, yield_now};

struct Counting;

thread_local! {
    /// Allocations of this thread, and bytes it holds with the allocator's rounding.
    static COUNT: Cell<(usize, isize)> = const { Cell::new((0, 0)) };
}

/// What `malloc` of 64-bit Linux gives: eight bytes more, in steps of 16, at least 32.
fn rounded(bytes: usize) -> isize {
    (bytes + 8).next_multiple_of(16).max(32) as isize
}

fn count(allocations: usize, bytes: isize) {
    let _ = COUNT.try_with(|cell| {
        let (all, held) = cell.get();
        cell.set((all + allocations, held + bytes));
    });
}

// SAFETY: it passes everything on to `System`, which upholds the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, rounded(layout.size()));
        // SAFETY: the caller's layout is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, -rounded(layout.size()));
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations while `body` runs.
fn allocations(body: impl FnOnce()) -> usize {
    let before = COUNT.get().0;
    body();
    COUNT.get().0 - before
}

#[test]
fn spawn_allocates_once_and_await_never() {
    let ex = Executor::new();
    let mut run = pin!(ex.run(pending::<()>()));
    let mut round = || {
        let task = ex.spawn(async { 1 });
        assert!(poll_once(run.as_mut()).is_pending());
        let mut task = pin!(task);
        assert!(poll_once(task.as_mut()).is_ready());
    };
    // Queues and records grow in the first rounds.
    (0..1000).for_each(|_| round());
    assert_eq!(allocations(|| (0..100).for_each(|_| round())), 100);

    let parent = ex.spawn(async {
        let mut total = 0;
        for n in 0..2 {
            total = allocations(|| {
                for _ in 0..100 {
                    ex_spawn_detached();
                }
            });
            assert!(n == 1 || total >= 100);
            yield_now().await;
        }
        total
    });
    while !parent.is_finished() {
        assert!(poll_once(run.as_mut()).is_pending());
    }
    let mut parent = pin!(parent);
    assert_eq!(poll_once(parent.as_mut()), std::task::Poll::Ready(100));
}

/// Spawns into an executor that is the process's own.
fn ex_spawn_detached() {
    static EX: Executor<'static> = Executor::new();
    EX.spawn(async {}).detach();
    while EX.try_tick() {}
}

#[test]
fn awaiting_a_task_in_a_task_allocates_nothing_more() {
    let ex = Arc::new(Executor::new());
    let inside = ex.clone();
    let measured = ex.spawn(async move {
        for _ in 0..1000 {
            inside.spawn(async {}).await;
        }
        let before = COUNT.get().0;
        for _ in 0..100 {
            inside.spawn(async {}).await;
        }
        COUNT.get().0 - before
    });
    let counted = trill_park::block_on(ex.run(measured));
    // One for each task, and now and then a block of a queue when the attendant takes this thread for a stuck one.
    assert!((100..110).contains(&counted), "{counted}");
    let ex = LocalExecutor::new().leak();
    let measured = ex.spawn(async move {
        for _ in 0..1000 {
            ex.spawn(async {}).await;
        }
        let before = COUNT.get().0;
        for _ in 0..100 {
            ex.spawn(async {}).await;
        }
        COUNT.get().0 - before
    });
    assert_eq!(trill_park::block_on(ex.run(measured)), 100);
}

#[test]
fn yielding_waking_and_polling_again_allocate_nothing() {
    let gates: Vec<Gate> = (0..50).map(|_| Gate::default()).collect();
    let ex = Executor::new();
    let local = LocalExecutor::new();
    let mut tasks = Vec::new();
    for gate in &gates {
        let body = || async {
            loop {
                gate.wait().await;
                gate.close();
                yield_now().await;
            }
        };
        tasks.push(ex.spawn(body()));
    }
    let local_task = local.spawn(async {
        loop {
            yield_now().await;
        }
    });
    let mut run = pin!(ex.run(pending::<()>()));
    let mut local_run = pin!(local.run(pending::<()>()));
    let mut rounds = |times: usize| {
        for _ in 0..times {
            gates.iter().for_each(Gate::open);
            for _ in 0..5 {
                assert!(poll_once(run.as_mut()).is_pending());
            }
            assert!(poll_once(local_run.as_mut()).is_pending());
        }
    };
    rounds(10);
    assert_eq!(allocations(|| rounds(10)), 0);
    drop::<(Vec<Task<()>>, Task<()>)>((tasks, local_task));
}

// Fault 28a
#[test]
fn a_waiting_task_with_its_handle_fits_its_budget() {
    let count = 20_000;
    let ex = Executor::new();
    let mut handles = Vec::with_capacity(count);
    let before = COUNT.get().1;
    for _ in 0..count {
        handles.push(ex.spawn(async {
            pending::<()>().await;
        }));
    }
    while ex.try_tick() {}
    let held = COUNT.get().1 - before;
    let each = held as f64 / count as f64 + size_of::<Task<()>>() as f64;
    println!("a waiting task: {each:.1} bytes with its handle");
    let budget = if cfg!(feature = "insight") {
        168.0
    } else {
        112.0
    };
    assert!(each <= budget, "{each:.1} bytes, more than {budget}");
}
