//! How servers end, under a clock that jumps.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_lite::future::{or, poll_once};
use support::{Gate, Visitor, gate, in_world, settle};
use trill_server::{Connection, Server, ServerHandle, WhenFull};
use trill_sync::Event;
use trill_timer::sleep;

const SECOND: Duration = Duration::from_secs(1);

type Visit = Connection<Visitor, u32>;

/// A server in which each connection lives until `end` is set.
fn serve_until(listener: Gate, end: &Arc<Event>) -> ServerHandle<u32> {
    let end = end.clone();
    let server = Server::from_listener(listener);
    server
        .serve(move |visit: Visit| {
            let end = end.clone();
            async move {
                end.wait().await;
                drop(visit);
            }
        })
        .unwrap()
}

#[test]
fn close_keeps_live_connections_and_closes_the_listener() {
    // Behaviour 24: server `close` keeps live connections.
    in_world(1, async {
        let (door, listener) = gate();
        let end = Arc::new(Event::new());
        let handle = serve_until(listener, &end);
        door.knock(1);
        settle().await;
        assert_eq!((handle.live(), handle.accepted()), (1, 1));
        handle.close();
        handle.wait_stopped().await;
        assert!(!door.is_open());
        sleep(1000 * SECOND).await;
        assert_eq!((handle.live(), door.inside()), (1, 1));
        end.set();
        handle.wait_closed().await;
        assert_eq!((handle.live(), door.inside()), (0, 0));
    });
}

#[test]
fn wait_closed_needs_both_when_the_listener_closes_first() {
    // Behaviour 24: `wait_closed` needs both conditions in either order.
    in_world(2, async {
        let (door, listener) = gate();
        let end = Arc::new(Event::new());
        let handle = serve_until(listener, &end);
        door.knock(1);
        settle().await;
        let mut wait = handle.wait_closed();
        assert!(poll_once(&mut wait).await.is_none());
        handle.close();
        handle.wait_stopped().await;
        assert!(poll_once(&mut wait).await.is_none());
        end.set();
        wait.await;
        // And again, at once.
        handle.wait_closed().await;
    });
}

#[test]
fn wait_closed_needs_both_when_the_connections_end_first() {
    in_world(3, async {
        let (door, listener) = gate();
        let end = Arc::new(Event::new());
        let handle = serve_until(listener, &end);
        door.knock(1);
        settle().await;
        let mut wait = handle.wait_closed();
        end.set();
        settle().await;
        assert_eq!((handle.live(), door.inside()), (0, 0));
        // No connection lives, and yet more may come.
        assert!(poll_once(&mut wait).await.is_none());
        handle.close();
        wait.await;
        assert!(!door.is_open());
    });
}

#[test]
fn a_connection_in_flight_at_shutdown_finishes() {
    in_world(4, async {
        let (door, listener) = gate();
        let done = Arc::new(AtomicUsize::new(0));
        let counter = done.clone();
        let handle = Server::from_listener(listener)
            .serve(move |visit: Visit| {
                let done = counter.clone();
                async move {
                    // It is told, and has something to finish.
                    visit.shutting_down().await;
                    assert!(visit.is_shutting_down());
                    sleep(5 * SECOND).await;
                    done.fetch_add(1, Ordering::SeqCst);
                }
            })
            .unwrap();
        door.knock(1);
        door.knock(2);
        settle().await;
        let start = trill_world::now();
        let ended = handle.shutdown(10 * SECOND).await;
        assert_eq!((ended.live, ended.aborted), (2, 0));
        assert_eq!(done.load(Ordering::SeqCst), 2);
        // It does not wait for the deadline.
        assert_eq!(trill_world::now() - start, 5 * SECOND);
    });
}

#[test]
fn a_connection_that_does_not_end_is_aborted_at_the_deadline() {
    in_world(5, async {
        let (door, listener) = gate();
        let handle = Server::from_listener(listener)
            .serve(|visit: Visit| async move {
                if visit.get_ref().number == 1 {
                    sleep(3 * SECOND).await;
                } else {
                    pending().await
                }
            })
            .unwrap();
        for number in 1..=3 {
            door.knock(number);
        }
        settle().await;
        let start = trill_world::now();
        let mut shutdown = handle.shutdown(10 * SECOND);
        assert!(poll_once(&mut shutdown).await.is_none());
        settle().await;
        // The listener is closed at once, long before the deadline.
        assert!(!door.is_open());
        assert_eq!(trill_world::now(), start);
        let ended = shutdown.await;
        assert_eq!((ended.live, ended.aborted), (3, 2));
        assert_eq!(trill_world::now() - start, 10 * SECOND);
        // Their streams are dropped by then.
        assert_eq!((handle.live(), door.inside()), (0, 0));
    });
}

#[test]
fn a_deadline_that_has_passed_aborts_at_once() {
    in_world(6, async {
        let (door, listener) = gate();
        let handle = serve_until(listener, &Arc::new(Event::new()));
        door.knock(1);
        settle().await;
        let ended = handle.shutdown_at(trill_world::now()).await;
        assert_eq!(ended.aborted, 1);
    });
}

#[test]
fn a_shutdown_without_a_deadline_waits_as_long_as_it_takes() {
    in_world(7, async {
        let (door, listener) = gate();
        let handle = Server::from_listener(listener)
            .serve(|_: Visit| sleep(1_000_000 * SECOND))
            .unwrap();
        door.knock(1);
        settle().await;
        assert_eq!(handle.shutdown(Duration::MAX).await.aborted, 0);
    });
}

#[test]
fn a_dropped_shutdown_stays_closed_and_aborts_nobody() {
    in_world(8, async {
        let (door, listener) = gate();
        let handle = Server::from_listener(listener)
            .serve(|visit: Visit| async move {
                visit.shutting_down().await;
                sleep(100 * SECOND).await;
            })
            .unwrap();
        door.knock(1);
        settle().await;
        // Not polled: nothing happens.
        drop(handle.shutdown(SECOND));
        assert!(handle.is_serving());
        let mut shutdown = handle.shutdown(SECOND);
        assert!(poll_once(&mut shutdown).await.is_none());
        drop(shutdown);
        handle.wait_stopped().await;
        sleep(50 * SECOND).await;
        assert_eq!(handle.live(), 1);
        // It is asked again, with a deadline that holds.
        assert_eq!(handle.shutdown(SECOND).await.aborted, 1);
    });
}

#[test]
fn keep_alive_loops_end_between_two_requests() {
    in_world(9, async {
        let (door, listener) = gate();
        let served = Arc::new(AtomicUsize::new(0));
        let counter = served.clone();
        let handle = Server::from_listener(listener)
            .serve(move |visit: Visit| {
                let served = counter.clone();
                async move {
                    loop {
                        let request = async {
                            sleep(3 * SECOND).await;
                            true
                        };
                        let end = async {
                            visit.shutting_down().await;
                            false
                        };
                        if !or(end, request).await {
                            return;
                        }
                        served.fetch_add(1, Ordering::SeqCst);
                    }
                }
            })
            .unwrap();
        door.knock(1);
        sleep(10 * SECOND).await;
        let start = trill_world::now();
        assert_eq!(handle.shutdown(100 * SECOND).await.aborted, 0);
        assert_eq!(
            (served.load(Ordering::SeqCst), trill_world::now()),
            (3, start)
        );
    });
}

#[test]
fn abort_drops_everything_and_accepts_nothing_more() {
    in_world(10, async {
        let (door, listener) = gate();
        let handle = serve_until(listener, &Arc::new(Event::new()));
        for number in 0..10 {
            door.knock(number);
        }
        settle().await;
        assert_eq!(handle.live(), 10);
        // One more is at the door and not accepted: the listener goes with it.
        door.knock(10);
        handle.abort();
        handle.wait_closed().await;
        assert!(!door.is_open());
        assert_eq!(
            (handle.accepted(), handle.live(), door.inside()),
            (10, 0, 1)
        );
    });
}

#[test]
fn the_last_handle_closes_and_a_detached_one_does_not() {
    in_world(11, async {
        let (door, listener) = gate();
        let end = Arc::new(Event::new());
        let handle = serve_until(listener, &end);
        let other = handle.clone();
        drop(handle);
        settle().await;
        assert!(door.is_open());
        door.knock(1);
        settle().await;
        drop(other);
        settle().await;
        assert_eq!((door.is_open(), door.inside()), (false, 1));

        let (door, listener) = gate();
        serve_until(listener, &end).detach();
        settle().await;
        assert!(door.is_open());
    });
}

#[test]
fn a_server_whose_executor_goes_counts_as_ended() {
    let (door, listener) = gate();
    let ex = trill_executor::Executor::new();
    let handle = trill_park::block_on(ex.run(async {
        let handle = serve_until(listener, &Arc::new(Event::new()));
        door.knock(1);
        settle().await;
        handle
    }));
    assert_eq!(handle.live(), 1);
    drop(ex);
    assert_eq!(
        (handle.live(), door.inside(), door.is_open()),
        (0, 0, false)
    );
    trill_park::block_on(handle.wait_closed());
}

#[test]
fn a_full_server_lets_others_wait() {
    in_world(12, async {
        let (door, listener) = gate();
        let handle = Server::builder()
            .connections_max(2)
            .listener(listener)
            .serve(|_: Visit| sleep(SECOND))
            .unwrap();
        for number in 0..6 {
            door.knock(number);
        }
        let start = trill_world::now();
        while handle.accepted() < 6 {
            assert!(handle.live() <= 2);
            sleep(SECOND / 10).await;
        }
        assert!(trill_world::now() - start >= 2 * SECOND);
        // A full server that waits for room can be closed all the same.
        handle.close();
        handle.wait_stopped().await;
        handle.wait_closed().await;
        assert_eq!(
            (handle.accepted(), handle.refused(), door.inside()),
            (6, 0, 0)
        );
    });
}

#[test]
fn a_full_server_can_be_closed_while_it_waits_for_room() {
    in_world(13, async {
        let (door, listener) = gate();
        let handle = Server::builder()
            .connections_max(1)
            .listener(listener)
            .serve(|_: Visit| pending::<()>())
            .unwrap();
        door.knock(1);
        settle().await;
        handle.close();
        handle.wait_stopped().await;
        assert_eq!(handle.live(), 1);
        handle.abort();
        handle.wait_closed().await;
    });
}

#[test]
fn a_full_server_refuses_if_it_is_to() {
    in_world(14, async {
        let (door, listener) = gate();
        let handle = Server::builder()
            .connections_max(2)
            .when_full(WhenFull::Refuse)
            .listener(listener)
            .serve(|_: Visit| sleep(SECOND))
            .unwrap();
        for number in 0..6 {
            door.knock(number);
        }
        settle().await;
        assert_eq!((handle.live(), handle.refused(), door.inside()), (2, 4, 0));
        sleep(2 * SECOND).await;
        door.knock(7);
        settle().await;
        assert_eq!(
            (handle.accepted(), handle.refused(), handle.live()),
            (3, 4, 1)
        );
    });
}

#[test]
fn in_any_order_all_end_and_nothing_is_counted_twice() {
    // Seeded search: connections come and end by themselves while the server is closed, shut down or aborted, in orders
    // that the world chooses.
    for seed in 0..10_000 {
        in_world(seed, async {
            let (door, listener) = gate();
            let handle = Server::from_listener(listener)
                .serve(|visit: Visit| async move {
                    for _ in 0..visit.get_ref().number {
                        trill_executor::yield_now().await;
                    }
                    if visit.get_ref().number % 2 == 0 {
                        visit.shutting_down().await;
                    }
                })
                .unwrap();
            for _ in 0..3 {
                door.knock(trill_world::pick(4) as u32);
                for _ in 0..trill_world::pick(6) {
                    trill_executor::yield_now().await;
                }
            }
            match trill_world::pick(3) {
                0 => {
                    handle.close();
                    handle.wait_stopped().await;
                    assert!(!door.is_open());
                    handle.abort();
                }
                1 => handle.abort(),
                _ => {
                    let ended = handle.shutdown(SECOND).await;
                    assert_eq!(ended.aborted, 0, "all end when they are asked to");
                }
            }
            handle.wait_closed().await;
            assert!(!door.is_open());
            assert_eq!(handle.live(), 0);
            // Those that were not accepted are still at the door.
            assert_eq!(handle.accepted() + door.inside() as u64, 3, "seed {seed}");
        });
    }
}
