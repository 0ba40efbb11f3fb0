//! A timed wait for a spawned task waits for its end; and what a cancel at the edges of a task's life does.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::{Drops, busy, in_executor, ms, once_pending};
use trill_executor::{Executor, Task, ambient, yield_now};
use trill_task::{CancelToken, TimeoutJoinError, checkpoint, timeout_join};
use trill_timer::sleep;
use trill_world::VirtualWorld;

/// Spawns on the executor that polls here.
fn spawn<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> Task<T> {
    ambient::spawn(future).ok().unwrap()
}

fn is_elapsed<T>(ended: Result<T, TimeoutJoinError>) -> bool {
    matches!(ended, Err(TimeoutJoinError::Elapsed(_)))
}

// Behaviour 16: returns only after the task has finished.
#[test]
fn timed_wait_returns_only_after_the_task_is_gone() {
    in_executor(async {
        let drops = Drops::default();
        let one = drops.one();
        let task = spawn(async move {
            let _one = one;
            pending::<()>().await;
        });
        let began = trill_world::now();
        assert!(is_elapsed(timeout_join(ms(5), task).await));
        assert_eq!((trill_world::now() - began, drops.get()), (ms(5), 1));
    });
}

// Behaviour 16, by request: the task cleans up, however long that takes within the grace.
#[test]
fn timed_wait_that_asks_waits_for_the_clean_up() {
    in_executor(async {
        let token = CancelToken::new();
        let cleaned = Arc::new(AtomicUsize::new(0));
        let (mine, seen) = (token.clone(), cleaned.clone());
        let task = spawn(async move {
            mine.cancelled().await;
            sleep(ms(20)).await;
            seen.fetch_add(1, Ordering::SeqCst);
            pending::<()>().await;
        });
        let began = trill_world::now();
        assert!(is_elapsed(
            timeout_join(ms(5), task).asking(token, ms(30)).await
        ));
        assert_eq!(trill_world::now() - began, ms(35));
        assert_eq!(cleaned.load(Ordering::SeqCst), 1);
    });
}

// Behaviour 16: a value it still produces is returned.
#[test]
fn value_that_comes_after_the_request_is_returned() {
    in_executor(async {
        let token = CancelToken::new();
        let mine = token.clone();
        let task = spawn(async move {
            let cancelled = mine.cancelled().await;
            sleep(ms(20)).await;
            cancelled.reason().to_string()
        });
        let ended = timeout_join(ms(5), task).asking(token, Duration::MAX).await;
        assert_eq!(ended.unwrap(), "the time was over");
    });
}

// Behaviour 16: an error it raises replaces the timeout.
#[test]
fn error_and_panic_after_the_request_replace_the_timeout() {
    in_executor(async {
        let token = CancelToken::new();
        let mine = token.clone();
        let task = spawn(async move {
            mine.cancelled().await;
            Err::<(), _>("disk full")
        });
        let ended = timeout_join(ms(5), task).asking(token, ms(5)).await;
        assert_eq!(ended.unwrap(), Err("disk full"));
    });
    let caught = catch_unwind(AssertUnwindSafe(|| {
        in_executor(async {
            let token = CancelToken::new();
            let mine = token.clone();
            let task = spawn(async move {
                mine.cancelled().await;
                panic!("disk full");
            });
            let _: Result<(), _> = timeout_join(ms(5), task).asking(token, ms(5)).await;
        });
    }));
    assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"disk full"));
}

// Behaviour 16: with d ≤ 0 an unstarted future is never polled but a finished one yields its value.
#[test]
fn no_time_at_all_polls_nothing_and_keeps_what_is_done() {
    in_executor(async {
        let drops = Drops::default();
        let one = drops.one();
        let unstarted = spawn(async move {
            let _one = one;
            unreachable!("it was never to be polled")
        });
        let ended: Result<(), _> = timeout_join(Duration::ZERO, unstarted).await;
        assert!(is_elapsed(ended));
        assert_eq!(drops.get(), 1);

        let finished = spawn(async { 5 });
        while !finished.is_finished() {
            yield_now().await;
        }
        assert_eq!(timeout_join(Duration::ZERO, finished).await.unwrap(), 5);
    });
}

#[test]
fn task_that_ends_as_the_time_is_over_keeps_its_value() {
    in_executor(async {
        let task = spawn(async {
            sleep(ms(5)).await;
            5
        });
        once_pending().await;
        // Both are due in the same turn.
        busy(ms(50));
        let ended = timeout_join(Duration::ZERO, task);
        sleep(ms(1)).await;
        assert_eq!(ended.await.unwrap(), 5);
    });
}

#[test]
fn dropped_timed_wait_cancels_the_task() {
    in_executor(async {
        let drops = Drops::default();
        let one = drops.one();
        let task = spawn(async move {
            let _one = one;
            pending::<()>().await;
        });
        once_pending().await;
        drop(timeout_join(ms(5), task));
        for _ in 0..10 {
            yield_now().await;
        }
        assert_eq!(drops.get(), 1);
    });
}

#[test]
fn dropped_executor_is_no_timeout() {
    let ex = Executor::new();
    let task = ex.spawn(pending::<()>());
    drop(ex);
    let ended = VirtualWorld::new(1).run(|| trill_park::block_on(timeout_join(ms(5), task)));
    assert_eq!(ended, Err(TimeoutJoinError::Cancelled));
}

// Behaviour 17: cancel before first poll: captured values are dropped exactly once, on the runtime's thread, and the
// handle yields `Cancelled`.
#[test]
fn cancel_before_the_first_poll_drops_what_was_captured_once_on_the_runtimes_thread() {
    struct Where(Arc<std::sync::Mutex<Vec<std::thread::ThreadId>>>);
    impl Drop for Where {
        fn drop(&mut self) {
            self.0.lock().unwrap().push(std::thread::current().id());
        }
    }
    let dropped_on = Arc::new(std::sync::Mutex::new(Vec::new()));
    let ex = Executor::new();
    let captured = Where(dropped_on.clone());
    let task = ex.spawn(async move {
        let _captured = captured;
        unreachable!("it was never to be polled")
    });
    let cancelled: trill_executor::Cancel<()> = task.cancel();
    assert!(
        dropped_on.lock().unwrap().is_empty(),
        "not by the canceller"
    );
    let runtime = std::thread::scope(|scope| {
        let runtime = scope.spawn(|| {
            assert_eq!(trill_park::block_on(ex.run(cancelled)), None);
            std::thread::current().id()
        });
        runtime.join().unwrap()
    });
    assert_eq!(*dropped_on.lock().unwrap(), [runtime]);

    let ex = Executor::new();
    let task = ex.spawn(async { unreachable!("it was never to be polled") });
    let mut join = task.join();
    drop(ex);
    let ended: Result<(), _> = trill_park::block_on(&mut join);
    assert!(ended.unwrap_err().is_cancelled());
}

// Behaviour 17, by request: the body runs to where it first looks.
#[test]
fn request_before_the_first_poll_is_seen_at_the_first_checkpoint() {
    in_executor(async {
        let drops = Drops::default();
        let one = drops.one();
        let token = CancelToken::new();
        let mine = token.clone();
        let task = spawn(async move {
            mine.run(async move {
                let _one = one;
                checkpoint().await
            })
            .await
        });
        token.cancel("before the first poll");
        let seen = task.await.unwrap().unwrap_err();
        assert_eq!((seen.reason(), drops.get()), ("before the first poll", 1));
    });
}

// Behaviour 17: cancel in the turn the task completes: either value or cancelled, deterministically, never both, never
// hangs. By drop: cancelled before the poll, there is no value; after it, there is. By request: the value.
#[test]
fn cancel_in_the_turn_of_the_end_gives_one_answer() {
    in_executor(async {
        let made = Drops::default();
        let (token, one) = (CancelToken::new(), made.one());
        let wait = token.cancelled();
        let task = spawn(async move {
            wait.await;
            one
        });
        once_pending().await;
        yield_now().await;
        // Woken, and cancelled before it is polled again.
        token.cancel("now");
        assert!(task.cancel().await.is_none());
        assert_eq!(made.get(), 1);

        let made = Drops::default();
        let one = made.one();
        let task = spawn(async move { one });
        while !task.is_finished() {
            yield_now().await;
        }
        let value = task.cancel().await;
        assert_eq!(made.get(), 0);
        drop(value.unwrap());
        assert_eq!(made.get(), 1);

        let token = CancelToken::new();
        let mine = token.clone();
        let task = spawn(async move {
            let cancels = mine.clone();
            mine.run(async move {
                cancels.cancel("in my last poll");
                5
            })
            .await
        });
        assert_eq!(task.await, Ok(5));
    });
}

// Behaviour 17: self-cancel.
#[test]
fn task_that_cancels_itself_ends_at_its_next_wait() {
    in_executor(async {
        let token = CancelToken::new();
        let mine = token.clone();
        let task = spawn(async move {
            mine.run(async {
                CancelToken::current().unwrap().cancel("myself");
                assert!(checkpoint().await.is_err());
                pending::<()>().await;
            })
            .await
        });
        assert_eq!(task.await.unwrap_err().reason(), "myself");
    });
}

// Behaviour 17: `cancel()` after completion returns false.
#[test]
fn cancel_after_the_end_changes_nothing() {
    in_executor(async {
        let token = CancelToken::new();
        assert!(token.cancel("first"));
        assert!(!token.cancel("second"));
        // A task that ended keeps its value.
        let task = spawn(async { 5 });
        while !task.is_finished() {
            yield_now().await;
        }
        assert_eq!(task.cancel().await, Some(5));
    });
}
