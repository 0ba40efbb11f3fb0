//! Callbacks run one at a time, strictly in order, each exactly once, turn by turn.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use support::{Log, below, in_world, ms, poll_once, run, turn};
use trill_callback::{Callbacks, Handle, LocalCallbacks, RemoteHandle, Run};
use trill_cell::{BUDGET_POLLS, with_budget, with_budget_of};
use trill_executor::{Executor, LocalExecutor, yield_now};
use trill_world::VirtualWorld;

// Behaviour 1: N woken in order are run in that order.
#[test]
fn callbacks_run_in_the_order_of_their_queueing_and_once() {
    in_world(|_| {
        let callbacks = Callbacks::new();
        let log = Log::new();
        for index in 0..1000 {
            match index % 3 {
                0 => drop(callbacks.call_soon(log.adds(index))),
                1 => drop(callbacks.call_soon_threadsafe(log.adds(index))),
                _ => drop(callbacks.remote().call_soon_threadsafe(log.adds(index))),
            }
        }
        turn(&callbacks);
        assert_eq!(log.take(), (0..1000).collect::<Vec<_>>());
        turn(&callbacks);
        assert_eq!(log.take(), []);
    });
}

// Behaviour 1: what is woken during a turn waits for the next.
#[test]
fn what_is_queued_in_a_turn_runs_in_the_next() {
    in_world(|_| {
        let callbacks = Callbacks::new();
        let log = Log::new();
        let (this, inner) = (callbacks.clone(), log.clone_log());
        callbacks.call_soon(move || {
            inner.add("first");
            this.call_soon(inner.adds("queued by first"));
            this.call_at(trill_world::now(), inner.adds("due since first"));
        });
        callbacks.call_soon(log.adds("second"));
        turn(&callbacks);
        assert_eq!(log.take(), ["first", "second"]);
        turn(&callbacks);
        assert_eq!(log.take(), ["queued by first", "due since first"]);
    });
}

// Behaviour 1: one that wakes itself for ever keeps nobody from running.
#[test]
fn a_callback_that_queues_itself_for_ever_stops_no_task_and_no_timer() {
    in_world(|world| {
        fn again(callbacks: &Callbacks) {
            let this = callbacks.clone();
            callbacks.call_soon(move || again(&this));
        }
        let callbacks = Callbacks::new();
        again(&callbacks);
        let ex = Executor::new();
        let loop_task = ex.spawn(callbacks.run());
        trill_park::block_on(ex.run(async {
            // Only the clock of the test moves: nobody ever waits.
            for _ in 0..10 {
                yield_now().await;
            }
            let log = Log::new();
            callbacks.call_later(ms(5), log.adds(()));
            world.advance(ms(5));
            for _ in 0..4 {
                yield_now().await;
            }
            assert_eq!(log.take(), [()]);
            loop_task.cancel().await;
        }));
        callbacks.clear();
    });
}

#[test]
fn a_turn_that_is_longer_than_the_budget_goes_on_in_the_next_poll_and_stays_one_turn() {
    in_world(|_| {
        let callbacks = Callbacks::new();
        let log = Log::new();
        for index in 0..300 {
            let (this, log) = (callbacks.clone(), log.clone_log());
            callbacks.call_soon(move || {
                log.add(index);
                this.call_soon(log.adds(1000 + index));
            });
        }
        callbacks.stop();
        let mut run = callbacks.run();
        let mut ran = Vec::new();
        let mut polls = 0;
        loop {
            let is_ready = with_budget(|| poll_once(&mut run)).is_ready();
            let some = log.take();
            assert!(some.len() <= BUDGET_POLLS as usize);
            ran.extend(some);
            polls += 1;
            if is_ready {
                break;
            }
        }
        assert_eq!(polls, 3);
        assert_eq!(ran, (0..300).collect::<Vec<_>>());
        turn(&callbacks);
        assert_eq!(log.take(), (1000..1300).collect::<Vec<_>>());
    });
}

#[test]
fn the_loop_ends_after_the_turn_in_which_it_is_stopped() {
    in_world(|world| {
        let callbacks = Callbacks::new();
        let log = Log::new();
        let (this, inner) = (callbacks.clone(), log.clone_log());
        callbacks.call_later(ms(10), move || {
            this.stop();
            this.call_soon(inner.adds("queued after the stop"));
            inner.add("stopped");
        });
        callbacks.call_later(ms(10), log.adds("same turn"));
        callbacks.call_later(ms(20), log.adds("later"));
        run(&callbacks);
        assert_eq!(log.take(), ["stopped", "same turn"]);
        assert_eq!(world.elapsed(), ms(10));
        // What is left stays for the next run.
        let stop = callbacks.clone();
        callbacks.call_later(ms(10), move || stop.stop());
        run(&callbacks);
        assert_eq!(log.take(), ["queued after the stop", "later"]);
    });
}

#[test]
fn a_stop_before_the_run_allows_one_turn_that_does_not_wait() {
    in_world(|world| {
        let callbacks = Callbacks::new();
        let log = Log::new();
        callbacks.call_soon(log.adds(1));
        callbacks.call_later(ms(5), log.adds(2));
        turn(&callbacks);
        assert_eq!((log.take(), world.elapsed()), (vec![1], ms(0)));
        turn(&callbacks);
        assert_eq!((log.take(), world.elapsed()), (vec![], ms(0)));
    });
}

#[test]
fn a_loop_that_is_dropped_between_two_callbacks_loses_none() {
    in_world(|_| {
        let callbacks = Callbacks::new();
        let log = Log::new();
        for index in 0..10 {
            callbacks.call_soon(log.adds(index));
        }
        let mut first = callbacks.run();
        with_budget_of(4, || assert!(poll_once(&mut first).is_pending()));
        assert!(callbacks.is_running());
        drop(first);
        assert!(!callbacks.is_running());
        callbacks.call_soon(log.adds(10));
        turn(&callbacks);
        assert_eq!(log.take(), (0..=10).collect::<Vec<_>>());
    });
}

#[test]
fn two_tasks_cannot_run_one_loop() {
    in_world(|_| {
        let callbacks = Callbacks::new();
        let mut first = callbacks.run();
        assert!(poll_once(&mut first).is_pending());
        let mut second = callbacks.run();
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            poll_once(&mut second).is_ready()
        }));
        assert!(caught.is_err());
        // The one that was refused takes nothing from the other.
        drop(second);
        assert!(callbacks.is_running());
        drop(first);
        turn(&callbacks);
    });
}

#[test]
fn a_cancelled_callback_does_not_run_and_frees_what_it_captured() {
    in_world(|_| {
        let callbacks = Callbacks::new();
        let data = Arc::new(());
        let hold = || {
            let data = data.clone();
            move || drop(data)
        };
        let soon = callbacks.call_soon(hold());
        let later = callbacks.call_later(ms(5), hold());
        let never = callbacks.call_later(std::time::Duration::MAX, hold());
        let remote = callbacks.remote().call_soon_threadsafe(hold());
        assert_eq!((Arc::strong_count(&data), never.when()), (5, None));
        assert!(soon.is_pending() && later.is_pending() && remote.is_pending());
        assert!(soon.cancel() && later.cancel() && never.cancel() && remote.cancel());
        assert_eq!(Arc::strong_count(&data), 1);
        assert!(!soon.cancel() && !later.cancel() && !never.cancel() && !remote.cancel());
        assert!(!soon.is_pending() && !later.is_pending() && !remote.is_pending());
        let now = callbacks.statistics();
        assert_eq!((now.soon, now.timers), (0, 0));
    });
}

#[test]
fn cancelling_a_callback_after_it_ran_is_harmless() {
    in_world(|_| {
        let callbacks = Callbacks::new();
        let log = Log::new();
        let handle = callbacks.call_soon(log.adds(1));
        turn(&callbacks);
        callbacks.call_soon(log.adds(2));
        assert!(!handle.is_pending());
        assert!(!handle.cancel());
        turn(&callbacks);
        assert_eq!(log.take(), [1, 2]);
        drop(callbacks);
        assert!(!handle.cancel());
    });
}

#[test]
fn a_callback_can_cancel_one_of_its_own_turn_and_not_itself() {
    in_world(|_| {
        let callbacks = LocalCallbacks::local();
        let log = Rc::new(RefCell::new(Vec::new()));
        let handles = Rc::new(RefCell::new(Vec::<Handle<_>>::new()));
        for index in 0..4 {
            let (log, cancel) = (log.clone(), handles.clone());
            handles.borrow_mut().push(callbacks.call_soon(move || {
                log.borrow_mut().push(index);
                if index == 1 {
                    assert!(cancel.borrow()[2].cancel());
                    assert!(!cancel.borrow()[1].cancel() && !cancel.borrow()[0].cancel());
                }
            }));
        }
        turn(&callbacks);
        assert_eq!(*log.borrow(), [0, 1, 3]);
    });
}

#[test]
fn dropping_a_handle_changes_nothing() {
    in_world(|_| {
        let callbacks = Callbacks::new();
        let log = Log::new();
        drop(callbacks.call_soon(log.adds(1)));
        drop(callbacks.call_later(ms(0), log.adds(2)));
        turn(&callbacks);
        assert_eq!(log.take(), [1, 2]);
    });
}

#[test]
fn clear_frees_callbacks_that_hold_their_own_loop() {
    in_world(|_| {
        let callbacks = Callbacks::new();
        let data = Arc::new(());
        for delay in [0, 5] {
            let (data, this) = (data.clone(), callbacks.clone());
            callbacks.call_later(ms(delay), move || drop((data, this)));
        }
        let (held, this) = (data.clone(), callbacks.clone());
        callbacks
            .remote()
            .call_soon_threadsafe(move || drop((held, this)));
        assert_eq!(Arc::strong_count(&data), 4);
        callbacks.clear();
        assert_eq!(Arc::strong_count(&data), 1);
        turn(&callbacks);
    });
}

#[test]
fn callbacks_of_a_local_loop_need_not_be_send_and_run_on_a_local_executor() {
    in_world(|_| {
        let callbacks = LocalCallbacks::local();
        let count = Rc::new(Cell::new(0));
        let ex = LocalExecutor::new();
        let task = ex.spawn(callbacks.run());
        for _ in 0..3 {
            let count = count.clone();
            callbacks.call_soon(move || count.set(count.get() + 1));
        }
        callbacks.stop();
        trill_park::block_on(ex.run(task));
        assert_eq!(count.get(), 3);
    });
}

#[test]
fn a_callback_carries_the_locals_of_where_it_was_handed_in() {
    const KEY: usize = 77;
    let carried = || trill_cell::local(KEY).and_then(|value| value.downcast_ref::<u32>().copied());
    in_world(|_| {
        let callbacks = Callbacks::new();
        let log = Log::new();
        for value in [1_u32, 2] {
            trill_cell::swap_local(KEY, true, Some(Arc::new(value)));
            let log = log.clone_log();
            callbacks.call_soon(move || {
                log.add(carried());
                // What it changes stays with it.
                trill_cell::swap_local(KEY, true, Some(Arc::new(9_u32)));
            });
        }
        trill_cell::swap_local(KEY, true, None);
        callbacks.call_soon({
            let log = log.clone_log();
            move || log.add(carried())
        });
        turn(&callbacks);
        assert_eq!(log.take(), [Some(1), Some(2), None]);
        assert_eq!(carried(), None);
    });
}

#[test]
fn handles_and_loops_of_any_thread_are_send_and_sync() {
    fn check<T: Send + Sync>() {}
    check::<Callbacks>();
    check::<Handle>();
    check::<Run>();
    check::<RemoteHandle>();
    check::<trill_callback::Remote>();
    check::<trill_callback::TimerHandle>();
}

/// Random queueing, deadlines, cancels, interrupted runs: each callback that was not cancelled runs once, in order.
#[test]
fn order_and_count_hold_under_every_mix() {
    for seed in 0..10_000 {
        VirtualWorld::new(seed).run(|| {
            let callbacks = LocalCallbacks::local();
            let ran = Rc::new(RefCell::new(Vec::new()));
            // In the order in which they may run: by time, then by arrival.
            let mut soon: Vec<(u32, Handle<_>)> = Vec::new();
            let mut timers: Vec<(std::time::Instant, u32, trill_callback::TimerHandle<_>)> =
                Vec::new();
            let mut expected = Vec::new();
            for index in 0..20 {
                let log = ran.clone();
                let callback = move || log.borrow_mut().push(index);
                match below(6) {
                    0 | 1 => soon.push((index, callbacks.call_soon(callback))),
                    2 | 3 => {
                        let handle = callbacks.call_later(ms(below(3) as u64), callback);
                        timers.push((handle.when().unwrap(), index, handle));
                    }
                    4 => {
                        // A cancel of anything; it tells the truth about whether it was in time.
                        if !soon.is_empty() {
                            let (name, handle) = &soon[below(soon.len())];
                            let was_pending = handle.is_pending();
                            assert_eq!(handle.cancel(), was_pending);
                            let name = *name;
                            soon.retain(|(other, _)| *other != name || !was_pending);
                        } else if !timers.is_empty() {
                            let index = below(timers.len());
                            assert!(timers.remove(index).2.cancel());
                        }
                    }
                    _ => {
                        // A turn after some time, perhaps cut in the middle.
                        let world = trill_world::World::current();
                        let now = trill_world::now() + ms(below(3) as u64);
                        world
                            .simulation()
                            .unwrap()
                            .park(trill_world::Spot(0), Some(now));
                        expected.extend(soon.drain(..).map(|(name, _)| name));
                        timers.sort_by_key(|(at, name, _)| (*at, *name));
                        let due = timers.iter().take_while(|(at, ..)| *at <= now).count();
                        expected.extend(timers.drain(..due).map(|(_, name, _)| name));
                        if below(2) == 0 {
                            let mut cut = callbacks.run();
                            let budget = below(4) as u32;
                            trill_park::block_on(async {
                                let _ = with_budget_of(budget, || poll_once(&mut cut));
                            });
                        }
                        turn(&callbacks);
                        assert_eq!(*ran.borrow(), expected);
                    }
                }
                let now = callbacks.statistics();
                assert_eq!((now.soon, now.timers), (soon.len(), timers.len()));
            }
        });
    }
}

#[test]
fn callbacks_run_one_at_a_time_while_other_threads_queue() {
    let callbacks = Callbacks::new();
    let inside = Arc::new(AtomicUsize::new(0));
    let log = Log::new();
    for thread in 0..3 {
        let (callbacks, inside, log) = (callbacks.clone(), inside.clone(), log.clone_log());
        trill_world::start_thread("queues", move || {
            for index in 0..1000 {
                let (inside, log) = (inside.clone(), log.clone_log());
                callbacks.call_soon_threadsafe(move || {
                    assert_eq!(inside.fetch_add(1, Ordering::Relaxed), 0);
                    log.add((thread, index));
                    inside.fetch_sub(1, Ordering::Relaxed);
                });
            }
            let stop = callbacks.clone();
            // Behind all that this thread has queued.
            callbacks.call_soon_threadsafe(move || stop.stop());
        })
        .unwrap();
    }
    let mut all = Vec::new();
    while all.len() < 3000 {
        run(&callbacks);
        all.extend(log.take());
    }
    for thread in 0..3 {
        let of: Vec<_> = all
            .iter()
            .filter(|it| it.0 == thread)
            .map(|it| it.1)
            .collect();
        assert_eq!(of, (0..1000).collect::<Vec<_>>());
    }
}

// Behaviour 2, for callbacks: many wakes make one notification.
#[test]
fn a_waiting_loop_is_woken_once_for_many_callbacks_and_again_after_its_turn() {
    struct Count(AtomicUsize);
    impl std::task::Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let waker = std::task::Waker::from(count.clone());
    let mut cx = std::task::Context::from_waker(&waker);
    let callbacks = Callbacks::new();
    let remote = callbacks.remote();
    let mut run = callbacks.run();
    for wakes in 1..4 {
        assert!(std::pin::Pin::new(&mut run).poll(&mut cx).is_pending());
        for _ in 0..1000 {
            callbacks.call_soon(|| {});
            remote.call_soon_threadsafe(|| {});
        }
        assert_eq!(count.0.load(Ordering::Relaxed), wakes);
    }
}

#[test]
fn a_loop_that_waits_for_nothing_is_stopped_by_another_thread() {
    for _ in 0..50 {
        let callbacks = Callbacks::new();
        let stop = callbacks.clone();
        trill_world::start_thread("stops", move || stop.stop()).unwrap();
        run(&callbacks);
    }
}

#[test]
fn what_a_remote_queues_after_the_end_of_its_loop_is_dropped_at_once() {
    let callbacks = LocalCallbacks::local();
    let remote = callbacks.remote();
    let data = Arc::new(());
    let hold = || {
        let data = data.clone();
        move || drop(data)
    };
    let before = remote.call_soon_threadsafe(hold());
    assert_eq!(Arc::strong_count(&data), 2);
    drop(callbacks);
    assert_eq!(Arc::strong_count(&data), 1);
    let after = remote.call_soon_threadsafe(hold());
    assert_eq!(Arc::strong_count(&data), 1);
    assert!(!before.is_pending() && !before.cancel());
    assert!(!after.is_pending() && !after.cancel());
}
