//! `scope` and its like: children that borrow, all ended before it returns.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod help;

use std::cell::{Cell, RefCell};
use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::Duration;

use help::{Alive, Gate, Log, OnDrop, in_world, panic_of, poll_once, turns};
use trill_cell::{Header, Spawned, current_id};
use trill_executor::Executor;
use trill_park::block_on;
use trill_task::{CancelToken, Scope, TaskLocal, scope, scope_local, try_scope, try_scope_local};
use trill_timer::sleep;

const MS: Duration = Duration::from_millis(1);

#[test]
fn children_borrow_from_the_function_around() {
    let words = ["one".to_string(), "three".to_string()];
    let mut total = 0;
    let sum = &mut total;
    block_on(scope(async |s| {
        let lengths = words.iter().map(|word| s.spawn(async move { word.len() }));
        for length in lengths.collect::<Vec<_>>() {
            *sum += length.await;
        }
    }));
    assert_eq!((total, words.len()), (8, 2));
}

#[test]
fn child_may_borrow_mutably() {
    let mut count = 0;
    let borrowed = &mut count;
    block_on(scope(|s| async move {
        s.spawn(async move {
            turns(1).await;
            *borrowed += 1;
        });
    }));
    assert_eq!(count, 1);
}

#[test]
fn plain_closures_and_functions_are_bodies_too() {
    async fn body(s: Scope<'_>) -> u8 {
        s.spawn(async { 5 }).await
    }
    assert_eq!(block_on(scope(body)), 5);
    assert_eq!(block_on(scope(|s| s.spawn(async { 5 }))), 5);
}

#[test]
fn futures_of_scopes_go_to_other_threads() {
    fn check<T: Send>(future: T) -> T {
        future
    }
    let text = "text".to_string();
    let run = check(scope(async |s| s.spawn(async { text.len() }).await));
    let length = std::thread::scope(|threads| threads.spawn(|| block_on(run)).join().unwrap());
    assert_eq!(length, 4);
}

#[test]
fn body_and_children_run_at_the_same_time() {
    let elapsed = in_world(1, async {
        let start = trill_world::now();
        scope(async |s| {
            for _ in 0..10 {
                s.spawn(sleep(10 * MS));
            }
            sleep(10 * MS).await;
        })
        .await;
        trill_world::now() - start
    });
    assert_eq!(elapsed, 10 * MS);
}

#[test]
fn returns_only_when_all_children_have_ended() {
    let alive = Alive::new();
    in_world(1, async {
        scope(async |s| {
            for n in 0..3 {
                let one = alive.one();
                s.spawn(async move {
                    let _one = one;
                    sleep(MS * n).await;
                });
            }
        })
        .await;
        assert_eq!(alive.count(), 0);
    });
}

#[test]
fn children_spawn_siblings_while_one_lives() {
    let log = Log::new();
    fn chain<'a>(
        s: Scope<'a>,
        log: &'a Log,
        n: usize,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            log.add(n.to_string());
            turns(n % 2).await;
            if n < 5 {
                s.spawn(chain(s.clone(), log, n + 1));
            }
        })
    }
    block_on(scope(async |s: Scope<'_>| {
        s.spawn(chain(s.clone(), &log, 0));
    }));
    assert_eq!(log.all(), ["0", "1", "2", "3", "4", "5"]);
}

#[test]
fn panic_of_a_child_drops_the_others_and_goes_on_in_the_caller() {
    for local in [false, true] {
        let alive = Alive::new();
        let child = |n: usize| {
            let one = alive.one();
            async move {
                let _one = one;
                if n == 1 {
                    turns(1).await;
                    panic!("child {n}");
                }
                pending::<()>().await;
            }
        };
        let text = panic_of(|| {
            let mut whole: Pin<Box<dyn Future<Output = ()>>> = match local {
                false => Box::pin(scope(async |s| {
                    (0..3).for_each(|n| drop(s.spawn(child(n))));
                    let _one = alive.one();
                    pending::<()>().await;
                })),
                true => Box::pin(scope_local(async |s| {
                    (0..3).for_each(|n| drop(s.spawn(child(n))));
                    let _one = alive.one();
                    pending::<()>().await;
                })),
            };
            let caught = catch_unwind(AssertUnwindSafe(|| block_on(whole.as_mut())));
            // All have ended before the panic left the poll, not when the future is dropped.
            assert_eq!(alive.count(), 0);
            std::panic::resume_unwind(caught.unwrap_err());
        });
        assert_eq!(text, "child 1");
    }
}

#[test]
fn panic_of_the_body_ends_the_children_first() {
    let alive = Alive::new();
    let text = panic_of(|| {
        let mut whole = pin!(scope(async |s| {
            let one = alive.one();
            s.spawn(async move {
                let _one = one;
                pending::<()>().await;
            });
            turns(2).await;
            panic!("body");
        }));
        let caught = catch_unwind(AssertUnwindSafe(|| block_on(whole.as_mut())));
        assert_eq!(alive.count(), 0);
        std::panic::resume_unwind(caught.unwrap_err());
    });
    assert_eq!(text, "body");
}

#[test]
fn panics_in_drops_leave_no_child_behind() {
    let alive = Alive::new();
    let log = Log::new();
    let text = panic_of(|| {
        block_on(scope(async |s| {
            for n in 0..3 {
                let (one, log) = (alive.one(), log.clone());
                s.spawn(async move {
                    let _one = one;
                    let _bomb = OnDrop(move || {
                        log.add(n.to_string());
                        panic!("drop {n}");
                    });
                    pending::<()>().await;
                });
            }
            turns(1).await;
            s.cancel();
        }));
    });
    assert_eq!((text.as_str(), alive.count()), ("drop 0", 0));
    assert_eq!(log.all(), ["0", "1", "2"]);
}

#[test]
fn panicking_value_that_nobody_awaits_is_the_childs_panic() {
    let text = panic_of(|| {
        block_on(scope(async |s| {
            drop(s.spawn(async { OnDrop(|| panic!("value")) }));
        }));
    });
    assert_eq!(text, "value");
}

#[test]
fn error_of_the_body_drops_the_children_before_it_is_returned() {
    let alive = Alive::new();
    let body = |one| async move {
        let _one = one;
        pending::<()>().await;
    };
    let error = block_on(try_scope(async |s| {
        s.spawn(body(alive.one()));
        turns(1).await;
        s.spawn(body(alive.one()));
        "x".parse::<u32>()
    }));
    assert!(error.is_err());
    assert_eq!(alive.count(), 0);
    let error = block_on(try_scope_local(async |s| {
        s.spawn(body(alive.one()));
        Err::<(), _>(5)
    }));
    assert_eq!((error, alive.count()), (Err(5), 0));
    // With a value the children are waited for.
    let waited = Cell::new(false);
    let value = block_on(try_scope_local(async |s| {
        s.spawn(async {
            turns(3).await;
            waited.set(true);
        });
        Ok::<_, ()>(7)
    }));
    assert_eq!((value, waited.get()), (Ok(7), true));
}

#[test]
fn dropping_the_scope_at_each_await_drops_body_and_children() {
    for polls in 0..6 {
        let alive = Alive::new();
        let mut whole = Box::pin(scope(async |s| {
            let _one = alive.one();
            for n in 0..4 {
                let one = alive.one();
                s.spawn(async move {
                    let _one = one;
                    turns(n).await;
                });
                turns(1).await;
            }
        }));
        for _ in 0..polls {
            if poll_once(whole.as_mut()).is_ready() {
                break;
            }
        }
        drop(whole);
        assert_eq!(alive.count(), 0, "after {polls} polls");
    }
}

#[test]
fn one_child_is_cancelled_alone() {
    let alive = Alive::new();
    in_world(1, async {
        scope(async |s| {
            let one = alive.one();
            let child = s.spawn(async move {
                let _one = one;
                pending::<()>().await;
            });
            let other = s.spawn(async {
                turns(5).await;
                5
            });
            turns(1).await;
            child.cancel();
            assert!(child.join().await.unwrap_err().is_cancelled());
            assert_eq!(alive.count(), 0);
            assert_eq!(other.await, 5);
        })
        .await;
    });
}

#[test]
fn child_cancels_itself_and_an_ended_one_is_left_alone() {
    block_on(scope(async |s: Scope<'_>| {
        let slot = std::sync::Arc::new(std::sync::Mutex::new(None::<trill_task::Scoped<()>>));
        let inner = slot.clone();
        let child = s.spawn(async move {
            inner.lock().unwrap().as_ref().unwrap().cancel();
            pending::<()>().await;
        });
        *slot.lock().unwrap() = Some(child);
        turns(3).await;
        let child = slot.lock().unwrap().take().unwrap();
        assert!(child.join().await.unwrap_err().is_cancelled());
        let done = s.spawn(async { 5 });
        turns(2).await;
        done.cancel();
        assert_eq!(done.await, 5);
    }));
}

#[test]
fn cancelled_scope_refuses_children_and_the_body_goes_on() {
    let alive = Alive::new();
    let five = block_on(scope(async |s| {
        let one = alive.one();
        s.spawn(async move {
            let _one = one;
            pending::<()>().await;
        });
        turns(1).await;
        s.cancel();
        turns(1).await;
        assert_eq!(alive.count(), 0);
        let polled = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let seen = polled.clone();
        let late = s.spawn(async move { seen.store(true, std::sync::atomic::Ordering::SeqCst) });
        assert!(late.join().await.unwrap_err().is_cancelled());
        assert!(!polled.load(std::sync::atomic::Ordering::SeqCst));
        5
    }));
    assert_eq!(five, 5);
}

#[test]
fn handle_that_outlives_its_scope_spawns_nothing() {
    let s: Scope<'static> = block_on(scope(async |s: Scope<'static>| s.clone()));
    let alive = Alive::new();
    let one = alive.one();
    let child = s.spawn(async move {
        let _one = one;
    });
    assert_eq!(alive.count(), 0);
    assert!(block_on(child.join()).unwrap_err().is_cancelled());
}

#[test]
fn children_need_not_be_send() {
    let shared = Rc::new(RefCell::new(Vec::new()));
    block_on(scope_local(async |s| {
        for n in 0..3 {
            let shared = shared.clone();
            s.spawn(async move {
                turns(3 - n).await;
                shared.borrow_mut().push(n);
            });
        }
    }));
    assert_eq!(*shared.borrow(), [2, 1, 0]);
}

#[test]
fn children_are_tasks_of_their_own() {
    static USER: TaskLocal<u32> = TaskLocal::inherited();
    static OWN: TaskLocal<u32> = TaskLocal::new();
    let ex = Executor::new();
    block_on(ex.run(ex.spawn(async {
        let parent = current_id().unwrap();
        USER.set(7);
        OWN.set(8);
        scope(async |s| {
            assert_eq!(current_id(), Some(parent));
            let child = s.spawn(async { (current_id().unwrap(), USER.get(), OWN.get()) });
            let id = child.id();
            assert_eq!(child.await, (id, Some(7), None));
            assert_ne!(id, parent);
        })
        .await;
    })));
}

#[test]
fn children_see_the_token_around() {
    let token = CancelToken::new();
    let reason = block_on(token.scope(scope(async |s| {
        let child = s.spawn(async { CancelToken::current().unwrap().cancelled().await });
        turns(1).await;
        token.cancel("enough");
        child.await.reason().to_string()
    })));
    assert_eq!(reason, "enough");
}

#[test]
fn only_woken_children_are_polled() {
    let polls = Cell::new(0);
    let gates: Vec<_> = (0..1000).map(|_| Gate::new()).collect();
    block_on(scope_local(async |s| {
        for gate in &gates {
            let mut wait = Box::pin(gate.wait());
            let polls = &polls;
            s.spawn(std::future::poll_fn(move |cx| {
                polls.set(polls.get() + 1);
                wait.as_mut().poll(cx)
            }));
        }
        turns(1).await;
        for gate in &gates {
            gate.open();
            turns(1).await;
        }
    }));
    assert_eq!(polls.get(), 2000);
}

#[test]
fn endless_spawning_lets_others_go_on() {
    fn more<'a>(
        s: Scope<'a>,
        count: &'a std::sync::atomic::AtomicUsize,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            s.spawn(more(s.clone(), count));
        })
    }
    let count = std::sync::atomic::AtomicUsize::new(0);
    block_on(scope(async |s: Scope<'_>| {
        s.spawn(more(s.clone(), &count));
        turns(10).await;
        s.cancel();
    }));
    assert!(count.load(std::sync::atomic::Ordering::SeqCst) >= 5);
}

#[test]
fn awaits_of_children_and_scopes_are_located() {
    let header = Header::new(Spawned::here());
    let mut whole = pin!(async {
        scope(async |s| drop(s.spawn(pending::<()>()))).await;
    });
    let line = line!() - 2;
    let mut cx = Context::from_waker(Waker::noop());
    assert!(header.poll(|| whole.as_mut().poll(&mut cx)).is_pending());
    let at = header.wait().unwrap().location.unwrap();
    assert_eq!((at.file(), at.line()), (file!(), line));

    let header = Header::new(Spawned::here());
    let mut whole = pin!(scope(async |s| {
        let child = s.spawn(pending::<()>());
        child.await;
    }));
    let line = line!() - 2;
    assert!(header.poll(|| whole.as_mut().poll(&mut cx)).is_pending());
    let at = header.wait().unwrap().location.unwrap();
    assert_eq!((at.file(), at.line()), (file!(), line));
}
