//! Waiting for many in thousands of schedules: whatever members do and wherever the whole is dropped.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod help;

use std::cell::RefCell;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use help::{Alive, in_world, turns};
use trill_executor::ambient;
use trill_task::{gather, join_all, try_gather, try_join_all};
use trill_timer::sleep;
use trill_world::pick;

/// Waits for some turns, for some time, or not at all.
async fn some_time() {
    match pick(3) {
        0 => {}
        1 => turns(pick(4)).await,
        _ => sleep(Duration::from_millis(pick(4) as u64)).await,
    }
}

/// Runs `whole` to its end, or drops it somewhere.
async fn maybe_dropped<T>(whole: impl Future<Output = T>) -> Option<T> {
    if pick(2) == 0 {
        return Some(whole.await);
    }
    let limit = async {
        some_time().await;
        some_time().await;
        None
    };
    futures_lite::future::or(async { Some(whole.await) }, limit).await
}

// Behaviour 18: seeded search.
#[test]
fn no_schedule_mixes_up_outputs_or_leaves_a_member() {
    for seed in 0..10_000 {
        let alive = Alive::new();
        in_world(seed, async {
            let failed = RefCell::new(Vec::new());
            let members = (0..pick(6)).map(|number| {
                let one = alive.one();
                let (fails, failed) = (pick(5) == 0, &failed);
                async move {
                    let _one = one;
                    some_time().await;
                    if fails {
                        failed.borrow_mut().push(number);
                        return Err(number);
                    }
                    Ok(number)
                }
            });
            let members: Vec<_> = members.collect();
            let count = members.len();
            if pick(2) == 0 {
                if let Some(outputs) = maybe_dropped(gather(members)).await {
                    let numbers = outputs.into_iter().map(|end| end.unwrap_or_else(|n| n));
                    assert!(numbers.eq(0..count), "seed {seed}");
                }
            } else {
                let ended = maybe_dropped(try_gather(members)).await;
                let failed = failed.borrow();
                match ended {
                    Some(Ok(numbers)) => assert!(numbers.into_iter().eq(0..count), "seed {seed}"),
                    Some(Err(number)) => assert_eq!(failed[..], [number], "seed {seed}"),
                    None => assert_eq!(failed.len(), 0, "seed {seed}"),
                }
            }
            assert_eq!(alive.count(), 0, "seed {seed}");
        });
    }
}

// Behaviour 18: the same for tasks, whose end takes a turn.
#[test]
fn no_schedule_mixes_up_tasks_or_leaves_one() {
    for seed in 0..10_000 {
        let alive = Alive::new();
        in_world(seed, async {
            let failed = Arc::new(Mutex::new(Vec::new()));
            let tasks = (0..pick(6)).map(|number| {
                let (one, fails, failed) = (alive.one(), pick(5) == 0, failed.clone());
                let task = ambient::spawn(async move {
                    let _one = one;
                    some_time().await;
                    if fails {
                        failed.lock().unwrap().push(number);
                        return Err(number);
                    }
                    Ok(number)
                });
                task.ok().unwrap()
            });
            let tasks: Vec<_> = tasks.collect();
            let count = tasks.len();
            if pick(2) == 0 {
                if let Some(ends) = maybe_dropped(join_all(tasks)).await {
                    let numbers = ends
                        .into_iter()
                        .map(|end| end.unwrap().unwrap_or_else(|n| n));
                    assert!(numbers.eq(0..count), "seed {seed}");
                }
            } else {
                match maybe_dropped(try_join_all(tasks)).await {
                    Some(Ok(numbers)) => assert!(numbers.into_iter().eq(0..count), "seed {seed}"),
                    Some(Err(failure)) => {
                        // It returns when all others have ended.
                        assert_eq!(alive.count(), 0, "seed {seed}");
                        let number = failure.into_error().unwrap();
                        assert!(failed.lock().unwrap().contains(&number), "seed {seed}");
                    }
                    None => {}
                }
            }
            turns(8).await;
            assert_eq!(alive.count(), 0, "seed {seed}");
        });
    }
}
