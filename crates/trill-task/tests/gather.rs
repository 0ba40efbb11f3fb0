//! `gather`, `try_gather`, `race`, `as_completed` and `map_concurrent`.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod help;

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_lite::StreamExt;
use help::{Alive, Gate, counting_waker, in_world, panic_of, poll_once};
use trill_park::block_on;
use trill_task::many::AsCompleted;
use trill_task::{as_completed, gather, map_concurrent, race, try_gather, try_map_concurrent};
use trill_timer::sleep;

const MS: Duration = Duration::from_millis(1);

/// Ends with `value` after so many milliseconds.
async fn after<T>(ms: u32, value: T) -> T {
    sleep(MS * ms).await;
    value
}

// Behaviour 18: results in argument order.
#[test]
fn outputs_come_in_the_order_of_the_arguments() {
    let (all, ended) = in_world(1, async {
        let ended = RefCell::new(Vec::new());
        let all = gather([30, 10, 20].map(|ms| {
            let ended = &ended;
            async move {
                sleep(MS * ms).await;
                ended.borrow_mut().push(ms);
                ms
            }
        }));
        (all.await, ended.into_inner())
    });
    assert_eq!((all, ended), (vec![30, 10, 20], vec![10, 20, 30]));
}

#[test]
fn tuples_of_all_lengths_and_types_are_gathered() {
    assert_eq!(block_on(gather((ready(1),))), (1,));
    assert_eq!(
        block_on(gather((ready(1), ready("b"), async { 'c' }))),
        (1, "b", 'c')
    );
    let twelve = (
        ready(0),
        ready(1),
        ready(2),
        ready(3),
        ready(4),
        ready(5),
        ready(6),
        ready(7),
        ready(8),
        ready(9),
        ready(10),
        ready("last"),
    );
    let (first, .., last) = block_on(gather(twelve));
    assert_eq!((first, last), (0, "last"));
    let tried = block_on(try_gather((ready(Ok::<_, ()>(1)), ready(Ok("b")))));
    assert_eq!(tried, Ok((1, "b")));
}

// Behaviour 18: empty input is ready at once.
#[test]
fn nothing_is_ready_in_the_first_poll() {
    let none: [std::future::Ready<u8>; 0] = [];
    assert_eq!(poll_once(pin!(gather(none))), Poll::Ready(vec![]));
    let none: [std::future::Ready<Result<u8, ()>>; 0] = [];
    assert_eq!(poll_once(pin!(try_gather(none))), Poll::Ready(Ok(vec![])));
    let none: [u8; 0] = [];
    assert_eq!(
        poll_once(pin!(map_concurrent(none, 1, ready))),
        Poll::Ready(vec![])
    );
    let mut none = AsCompleted::<std::future::Ready<u8>>::new();
    assert_eq!(poll_once(pin!(none.next())), Poll::Ready(None));
}

#[test]
fn race_of_nobody_never_ends() {
    let none: [std::future::Ready<u8>; 0] = [];
    let mut race = pin!(race(none));
    assert!(poll_once(race.as_mut()).is_pending());
    assert!(poll_once(race).is_pending());
}

/// A future that is ready in its second poll, if it was woken for it, and counts its polls.
struct Counted<'a> {
    polls: &'a Cell<usize>,
    waker: &'a RefCell<Option<Waker>>,
}

impl Future for Counted<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.polls.set(self.polls.get() + 1);
        match self.waker.replace(Some(cx.waker().clone())) {
            None => Poll::Pending,
            Some(_) => Poll::Ready(()),
        }
    }
}

/// Wakes ten thousand members one by one, from the last; returns how many polls the members and the whole got.
fn polls_of<F: Future>(make: impl FnOnce(Vec<Counted<'static>>) -> F) -> (usize, usize) {
    let polls: &'static Cell<usize> = Box::leak(Box::default());
    let wakers: &'static [RefCell<Option<Waker>>] =
        Box::leak(vec![RefCell::new(None); MANY].into());
    let members = wakers.iter().map(|waker| Counted { polls, waker });
    let mut whole = pin!(make(members.collect()));
    let (waker, woken) = counting_waker();
    let mut cx = Context::from_waker(&waker);
    assert!(whole.as_mut().poll(&mut cx).is_pending());
    let mut of_whole = 1;
    for member in wakers.iter().rev() {
        member.borrow().as_ref().unwrap().wake_by_ref();
        assert_eq!(woken.load(Ordering::SeqCst), of_whole);
        of_whole += 1;
        if whole.as_mut().poll(&mut cx).is_ready() {
            break;
        }
    }
    (polls.get(), of_whole)
}

const MANY: usize = 10_000;

#[test]
fn ten_thousand_members_are_polled_twice_each() {
    assert_eq!(polls_of(gather), (2 * MANY, MANY + 1));
    let tried = polls_of(|all| {
        try_gather(all.into_iter().map(|one| async {
            one.await;
            Ok::<(), ()>(())
        }))
    });
    assert_eq!(tried, (2 * MANY, MANY + 1));
    let collected = polls_of(|all| async {
        let mut all = as_completed(all);
        while all.next().await.is_some() {}
    });
    assert_eq!(collected, (2 * MANY, MANY + 1));
    let mapped = polls_of(|all| map_concurrent(all, MANY, |one| one));
    assert_eq!(mapped, (2 * MANY, MANY + 1));
}

#[test]
fn race_polls_each_once_and_the_winner_twice() {
    let (of_members, of_whole) = polls_of(race);
    assert_eq!((of_members, of_whole), (MANY + 1, 2));
}

#[test]
fn member_that_wakes_itself_lets_the_task_go_between_its_turns() {
    let turns = Cell::new(0);
    let greedy = poll_fn(|cx| {
        turns.set(turns.get() + 1);
        cx.waker().wake_by_ref();
        Poll::<()>::Pending
    });
    let (waker, woken) = counting_waker();
    let mut whole = pin!(gather((greedy, pending::<()>())));
    for turn in 1..4 {
        assert!(
            whole
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
        assert_eq!((turns.get(), woken.load(Ordering::SeqCst)), (turn, turn));
    }
}

// Behaviour 18: the owning form drops the others before the error is returned.
#[test]
fn first_error_drops_the_siblings_before_it_is_returned() {
    let alive = Alive::new();
    let (error, left, elapsed) = in_world(1, async {
        let start = trill_world::now();
        let others = [1000, 5, 10].map(|ms| {
            let one = alive.one();
            async move {
                let _one = one;
                sleep(MS * ms).await;
                if ms == 10 { Err(ms) } else { Ok(ms) }
            }
        });
        let error = try_gather(others).await.unwrap_err();
        (error, alive.count(), trill_world::now() - start)
    });
    assert_eq!((error, left, elapsed), (10, 0, 10 * MS));
}

// Behaviour 18: dropping the combined future cancels all.
#[test]
fn dropping_the_whole_at_each_await_drops_all_members() {
    for polls in 0..4 {
        let alive = Alive::new();
        let members = || {
            (0..3).map(|n| {
                let one = alive.one();
                async move {
                    let _one = one;
                    help::turns(n + 2).await;
                    Ok::<usize, ()>(n)
                }
            })
        };
        let drop_after = |whole: Pin<Box<dyn Future<Output = ()> + '_>>| {
            let mut whole = whole;
            for _ in 0..polls {
                assert!(poll_once(whole.as_mut()).is_pending());
            }
            drop(whole);
            assert_eq!(alive.count(), 0);
        };
        let done = Rc::new(Cell::new(0));
        drop_after(Box::pin(async { drop(gather(members()).await) }));
        drop_after(Box::pin(async { drop(try_gather(members()).await) }));
        drop_after(Box::pin(async {
            let mut all = as_completed(members());
            while all.next().await.is_some() {
                done.set(done.get() + 1);
            }
            pending::<()>().await;
        }));
        drop_after(Box::pin(async {
            let alive = &alive;
            let all = map_concurrent(0..4, 2, |n| {
                let one = alive.one();
                async move {
                    let _one = one;
                    help::turns(n + 1).await;
                }
            });
            all.await;
        }));
    }
}

#[test]
fn first_to_end_wins_and_the_others_are_gone() {
    let alive = Alive::new();
    let (winner, left) = in_world(1, async {
        let all = [20, 10, 10].map(|ms| {
            let one = alive.one();
            async move {
                let _one = one;
                after(ms, ms).await
            }
        });
        (race(all).await, alive.count())
    });
    assert_eq!((winner, left), (10, 0));
    assert_eq!(block_on(race((pending(), ready(1), ready(2)))), 1);
}

#[test]
fn panic_of_a_member_leaves_the_poll_and_the_rest_is_dropped() {
    let alive = Alive::new();
    let run = |index: usize| {
        let members = (0..3).map(|n| {
            let one = alive.one();
            async move {
                let _one = one;
                if n == index {
                    panic!("member {n}");
                }
                pending::<()>().await;
            }
        });
        panic_of(|| block_on(async { drop(gather(members).await) }))
    };
    assert_eq!(run(0), "member 0");
    assert_eq!(run(2), "member 2");
    assert_eq!(alive.count(), 0);
    let text = panic_of(|| {
        let mut all = as_completed([0, 1].map(|n| async move { assert_ne!(n, 1, "second") }));
        block_on(async { while all.next().await.is_some() {} });
    });
    assert!(text.contains("second"));
}

#[test]
fn stream_goes_on_after_a_member_panicked() {
    let mut all = as_completed([0, 1, 2].map(|n| async move {
        if n == 0 {
            panic!("first");
        }
        n
    }));
    let first = catch_unwind(AssertUnwindSafe(|| block_on(all.next())));
    assert!(first.is_err());
    assert_eq!(block_on(all.next()), Some(1));
    assert_eq!(block_on(all.next()), Some(2));
}

#[test]
fn completed_are_streamed_in_the_order_of_their_ends() {
    let order = in_world(1, async {
        let mut all = as_completed([30, 10, 20].map(|ms| after(ms, ms)));
        assert_eq!((all.len(), all.is_empty()), (3, false));
        all.push(after(15, 15));
        all.extend([after(1, 1)]);
        all.collect::<Vec<_>>().await
    });
    assert_eq!(order, [1, 10, 15, 20, 30]);
}

#[test]
fn dropped_next_loses_no_output() {
    in_world(1, async {
        let gate = Gate::new();
        let mut all = as_completed([gate.wait()]);
        assert!(poll_once(pin!(all.next())).is_pending());
        gate.open();
        drop(all.next());
        assert_eq!(all.next().await, Some(()));
        assert_eq!(all.next().await, None);
    });
}

#[test]
fn no_more_than_the_width_run_at_once() {
    for width in 1..5 {
        let (running, most) = (Cell::new(0), Cell::new(0));
        let squares = in_world(
            7,
            map_concurrent(0..20_u32, width, |n| {
                let (running, most) = (&running, &most);
                async move {
                    running.set(running.get() + 1);
                    most.set(most.get().max(running.get()));
                    sleep(MS * (n % 3)).await;
                    running.set(running.get() - 1);
                    n * n
                }
            }),
        );
        assert_eq!(most.get(), width);
        assert_eq!(squares, (0..20).map(|n| n * n).collect::<Vec<_>>());
    }
}

#[test]
fn items_are_taken_when_there_is_a_place() {
    let taken = Cell::new(0);
    let gate = Gate::new();
    let items = (0..10).inspect(|_| taken.set(taken.get() + 1));
    let mut whole = pin!(map_concurrent(items, 3, |_| gate.wait()));
    assert!(poll_once(whole.as_mut()).is_pending());
    assert_eq!(taken.get(), 3);
    gate.open();
    assert!(poll_once(whole).is_ready());
    assert_eq!(taken.get(), 10);
}

#[test]
fn error_ends_the_mapping_and_takes_no_more_items() {
    let (taken, alive) = (Cell::new(0), Alive::new());
    let error = in_world(1, async {
        let items = (0..100).inspect(|_| taken.set(taken.get() + 1));
        let mapped = try_map_concurrent(items, 4, |n| {
            let one = alive.one();
            async move {
                let _one = one;
                sleep(MS * n).await;
                if n == 5 { Err(n) } else { Ok(n) }
            }
        });
        let error = mapped.await.unwrap_err();
        assert_eq!(alive.count(), 0);
        error
    });
    assert_eq!(error, 5);
    assert!(taken.get() < 12, "took {}", taken.get());
}

#[test]
fn endless_ready_futures_leave_room_for_others() {
    let count = Cell::new(0);
    let ex = trill_executor::Executor::new();
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let other = ex.spawn({
        let stop = stop.clone();
        async move { stop.store(true, Ordering::SeqCst) }
    });
    // Ends only if the other task gets its turn.
    let items = std::iter::from_fn(|| (!stop.load(Ordering::SeqCst)).then_some(()));
    let greedy = trill_executor::LocalExecutor::new();
    block_on(ex.run(greedy.run(async {
        greedy
            .spawn(map_concurrent(items, 2, |()| {
                count.set(count.get() + 1);
                ready(())
            }))
            .await;
    })));
    block_on(ex.run(other));
    assert!(count.get() > 0);
}

#[test]
#[should_panic(expected = "width of at least 1")]
fn width_of_zero_is_refused() {
    drop(map_concurrent(0..3, 0, ready));
}
