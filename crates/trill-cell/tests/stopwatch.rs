//! Timing of polls: estimates and long polls.
#![cfg(feature = "insight")]

use std::time::Duration;

use trill_cell::{Header, Spawned, Stopwatch, pulse};
use trill_world::VirtualWorld;

/// Polls tasks in turn; a poll of each takes so many nanoseconds.
fn poll_in_turn(rounds: usize, lengths: &[u64], exact: bool) -> Vec<u64> {
    let virtual_world = VirtualWorld::new(1);
    virtual_world.run(|| {
        let tasks: Vec<_> = lengths
            .iter()
            .map(|_| Header::new(Spawned::here()))
            .collect();
        let stopwatch = Stopwatch::new();
        stopwatch.start(exact);
        for _ in 0..rounds {
            for (task, length) in tasks.iter().zip(lengths) {
                task.poll_with(&stopwatch, || {
                    virtual_world.advance(Duration::from_nanos(*length));
                });
            }
        }
        assert!(tasks.iter().all(|task| task.polls() == rounds as u64));
        tasks.iter().map(Header::ticks).collect()
    })
}

#[test]
fn every_poll_is_timed_where_it_is_asked_for() {
    assert_eq!(poll_in_turn(10, &[10, 30, 0], true), [100, 300, 0]);
}

#[test]
fn samples_tell_the_total_of_each_task() {
    // Also where the number of tasks divides the usual distances between two samples.
    for count in [1, 2, 3, 11, 16] {
        let lengths: Vec<u64> = (1..=count).map(|n| 10 * n).collect();
        let rounds = 200_000 / lengths.len();
        let totals = poll_in_turn(rounds, &lengths, false);
        for (total, length) in totals.into_iter().zip(lengths) {
            let truth = (rounds as u64 * length) as f64;
            let error = (total as f64 - truth).abs() / truth;
            assert!(error < 0.1, "{count} tasks: {total} for {truth}");
        }
    }
}

#[test]
fn a_long_poll_is_charged_to_its_task_alone() {
    let virtual_world = VirtualWorld::new(1);
    virtual_world.run(|| {
        let short = Header::new(Spawned::here());
        let stopwatch = Stopwatch::new();
        stopwatch.start(false);
        for nth in 0..100 {
            let long = Header::new(Spawned::here());
            for _ in 0..nth {
                short.poll_with(&stopwatch, || {
                    virtual_world.advance(Duration::from_nanos(5))
                });
            }
            long.poll_with(&stopwatch, || {
                virtual_world.advance(Duration::from_millis(3));
                pulse();
            });
            // A row of short polls before it may be counted with it.
            let charged = Duration::from_nanos(long.ticks());
            assert!(charged >= Duration::from_millis(3), "{charged:?}");
            assert!(charged < Duration::from_micros(3001), "{charged:?}");
        }
        assert!(Duration::from_nanos(short.ticks()) < Duration::from_millis(1));
    });
}
