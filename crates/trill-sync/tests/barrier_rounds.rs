//! Rounds of a barrier: fill, drain, reset, abort.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)] // A failed step fails its test; plain threads are the matter.
#![cfg(not(loom))]

mod lock_support;
mod schedule;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;

use lock_support::Hand;
use schedule::{Request, Schedule, jitter, or_give_up, search};
use trill_sync::{Barrier, BarrierBroken};
use trill_world::pick;

// Behaviour 8: a task that re-enters while the previous round drains waits for the next round.
#[test]
fn one_that_comes_back_while_others_leave_waits_for_the_next_round() {
    let barrier = Barrier::new(2);
    let mut first = Hand::waiting(barrier.meet());
    assert!(Hand::new(barrier.meet()).ready().unwrap().is_leader());
    // The first has not left yet.
    let mut again = Hand::waiting(barrier.meet());
    assert_eq!(barrier.waiters(), 1);
    first.ready().unwrap();
    assert!(again.poll().is_pending());
    Hand::new(barrier.meet()).ready().unwrap();
    again.ready().unwrap();
}

// Behaviour 8: indices are unique per round.
#[test]
fn the_number_of_one_that_left_goes_to_the_next_that_comes() {
    let barrier = Barrier::new(3);
    let mut leaves = Hand::waiting(barrier.meet());
    let mut stays = Hand::waiting(barrier.meet());
    leaves.cancel();
    let mut third = Hand::waiting(barrier.meet());
    let leader = Hand::new(barrier.meet()).ready().unwrap();
    assert!(leader.is_leader());
    let indices = [stays.ready(), third.ready(), Ok(leader)].map(|met| met.unwrap().index());
    assert_eq!(indices, [1, 0, 2]);
}

// Behaviour 8: cancel during fill lowers the count.
#[test]
fn one_that_is_dropped_or_asked_to_go_while_the_round_fills_does_not_count() {
    let barrier = Barrier::new(3);
    let request = Request::default();
    let mut dropped = Hand::waiting(barrier.meet());
    let mut asked = Hand::waiting(request.run(barrier.meet()));
    assert_eq!(barrier.waiters(), 2);
    dropped.cancel();
    assert_eq!(barrier.waiters(), 1);
    request.make();
    assert!(asked.ready().is_err());
    drop(asked);
    assert_eq!(barrier.waiters(), 0);
}

// Behaviour 8: cancel during drain does not block the others.
#[test]
fn one_that_is_dropped_while_the_round_drains_blocks_nobody() {
    let barrier = Barrier::new(3);
    let mut waiting = [Hand::waiting(barrier.meet()), Hand::waiting(barrier.meet())];
    Hand::new(barrier.meet()).ready().unwrap();
    waiting[0].cancel();
    waiting[1].ready().unwrap();
    assert_eq!(barrier.waiters(), 0);
    let mut next = [Hand::waiting(barrier.meet()), Hand::waiting(barrier.meet())];
    Hand::new(barrier.meet()).ready().unwrap();
    for hand in &mut next {
        hand.ready().unwrap();
    }
}

// Behaviour 8: reset wakes every waiter with the right error and the barrier is usable again.
#[test]
fn a_reset_throws_out_those_who_wait_and_the_barrier_goes_on() {
    let barrier = Barrier::new(3);
    let mut thrown = [Hand::waiting(barrier.meet()), Hand::waiting(barrier.meet())];
    barrier.reset();
    assert_eq!((barrier.waiters(), barrier.is_broken()), (0, false));
    // Newcomers fill a round of their own before the others have heard of it.
    let mut next = [Hand::waiting(barrier.meet()), Hand::waiting(barrier.meet())];
    for hand in &mut thrown {
        assert_eq!((hand.wakes(), hand.ready()), (1, Err(BarrierBroken)));
    }
    assert_eq!(Hand::new(barrier.meet()).ready().unwrap().index(), 2);
    for hand in &mut next {
        hand.ready().unwrap();
    }
}

// Behaviour 8: abort wakes every waiter with the right error, usable again after reset.
#[test]
fn an_aborted_barrier_lets_nobody_pass_until_it_is_reset() {
    let barrier = Barrier::new(2);
    let mut thrown = Hand::waiting(barrier.meet());
    barrier.abort();
    assert_eq!(thrown.ready(), Err(BarrierBroken));
    assert!(barrier.is_broken());
    assert_eq!(barrier.meet_blocking(), Err(BarrierBroken));
    barrier.abort();
    barrier.reset();
    let mut first = Hand::waiting(barrier.meet());
    Hand::new(barrier.meet()).ready().unwrap();
    first.ready().unwrap();
    assert!(BarrierBroken.to_string().contains("reset or aborted"));
}

#[test]
fn those_whose_round_is_full_go_on_after_a_reset_or_an_abort() {
    let stops: [fn(&Barrier); 2] = [Barrier::reset, Barrier::abort];
    for stop in stops {
        let barrier = Barrier::new(2);
        let mut first = Hand::waiting(barrier.meet());
        Hand::new(barrier.meet()).ready().unwrap();
        stop(&barrier);
        first.ready().unwrap();
    }
}

#[test]
fn a_wait_comes_again_when_its_round_is_broken_off() {
    let barrier = Barrier::new(2);
    let mut waits = Hand::waiting(barrier.wait());
    barrier.reset();
    assert_eq!(barrier.waiters(), 0);
    assert!(waits.poll().is_pending());
    assert_eq!(barrier.waiters(), 1);
    barrier.abort();
    assert!(waits.poll().is_pending());
    assert_eq!(barrier.waiters(), 0);
    let wakes = waits.wakes();
    barrier.reset();
    assert_eq!(waits.wakes(), wakes + 1);
    assert!(waits.poll().is_pending());
    assert!(Hand::new(barrier.wait()).ready().is_leader());
    assert!(!waits.ready().is_leader());
}

#[test]
fn a_wait_that_is_dropped_while_the_barrier_is_broken_leaves_nothing() {
    let barrier = Barrier::new(2);
    let mut waits = Hand::waiting(barrier.wait());
    barrier.abort();
    assert!(waits.poll().is_pending());
    waits.cancel();
    let mut unaware = Hand::waiting(barrier.wait());
    barrier.reset();
    unaware.cancel();
    let mut thrown = Hand::waiting(barrier.wait());
    barrier.reset();
    assert!(format!("{barrier:?}").contains("broken_rounds: [(1, 1)]"));
    // The round that was broken off is forgotten with the last one who had come to it.
    thrown.cancel();
    assert!(format!("{barrier:?}").contains("broken_rounds: []"));
    assert_eq!(barrier.waiters(), 0);
    let mut first = Hand::waiting(barrier.meet());
    Hand::new(barrier.meet()).ready().unwrap();
    first.ready().unwrap();
}

#[test]
fn threads_that_wait_are_told_of_an_abort() {
    let barrier = Arc::new(Barrier::new(3));
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let barrier = barrier.clone();
            thread::spawn(move || barrier.meet_blocking())
        })
        .collect();
    while barrier.waiters() < 2 {
        thread::yield_now();
    }
    barrier.abort();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), Err(BarrierBroken));
    }
}

/// Tasks that meet again and again, give up now and then, and are thrown out, in an order the world chooses.
fn rounds() {
    let size = 1 + pick(3);
    let barrier = Barrier::new(size);
    // The indices that came out since the last leader; a leader comes out before all others of its round.
    let open: RefCell<Vec<BTreeSet<usize>>> = RefCell::new(Vec::new());
    let met = Cell::new(0);
    let stopped = Cell::new(false);
    let mut schedule = Schedule::new();
    for _ in 0..size + 1 {
        schedule.spawn_fragile(async {
            while !stopped.get() {
                jitter().await;
                let Ok(Ok(result)) = or_give_up(barrier.meet()).await else {
                    continue;
                };
                met.set(met.get() + 1);
                assert!(result.index() < size);
                let mut open = open.borrow_mut();
                if result.is_leader() {
                    open.push(BTreeSet::from([result.index()]));
                } else {
                    // It belongs to one of the rounds that are full and in which its number is free.
                    let round = open
                        .iter_mut()
                        .find(|round| !round.contains(&result.index()));
                    let round =
                        round.expect("nobody passes before the leader, and no number comes twice");
                    round.insert(result.index());
                }
                assert!(open.iter().all(|round| round.len() <= size));
            }
        });
    }
    schedule.spawn(async {
        for _ in 0..4 {
            jitter().await;
            match pick(4) {
                0 => barrier.reset(),
                1 => barrier.abort(),
                _ => {}
            }
        }
        stopped.set(true);
        barrier.abort();
    });
    schedule.finish(|| assert!(barrier.waiters() < size));
    assert_eq!(barrier.waiters(), 0);
    drop(schedule);

    // Whatever happened, it is usable after a reset.
    barrier.reset();
    let passed = RefCell::new(BTreeSet::new());
    let mut schedule = Schedule::new();
    for _ in 0..size {
        schedule.spawn(async {
            jitter().await;
            let index = barrier.wait().await.index();
            passed.borrow_mut().insert(index);
        });
    }
    schedule.finish(|| {});
    assert_eq!(passed.borrow().len(), size);
}

// Behaviour 8, over 10,000 schedules.
#[test]
fn rounds_stay_apart_in_every_schedule() {
    search(10_000, rounds);
}
