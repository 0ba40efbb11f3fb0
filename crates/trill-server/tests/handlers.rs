//! What handlers and acceptors may do to a server, and what is reported.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::future::{Future, Ready, ready};
use std::io;
use std::pin::Pin;

use support::{Visitor, gate, in_world, note_reports, reports_of, settle};
use trill_server::{Acceptor, Connection, Server};

type Visit = Connection<Visitor, u32>;

#[test]
fn a_panic_in_a_handler_is_contained_and_reported_once() {
    note_reports();
    in_world(1, async {
        let (door, listener) = gate();
        let handle = Server::builder()
            .name("panicky")
            .listener(listener)
            .serve(|visit: Visit| async move {
                settle().await;
                assert_ne!(visit.about().peer(), &2, "boom in {}", visit.about().id());
            })
            .unwrap();
        for number in 1..=3 {
            door.knock(number);
        }
        settle().await;
        settle().await;
        assert_eq!((handle.live(), handle.accepted(), door.inside()), (0, 3, 0));
        // It goes on.
        assert!(handle.is_serving());
        door.knock(4);
        handle.shutdown(std::time::Duration::MAX).await;
    });
    let reports = reports_of("panicky");
    assert_eq!(reports.len(), 1, "{reports:?}");
    assert!(reports[0].contains("boom in 2"), "{reports:?}");
    assert!(reports[0].contains("handlers.rs"), "{reports:?}");
}

#[test]
fn a_handler_that_panics_before_it_returns_a_future_is_contained_too() {
    note_reports();
    in_world(2, async {
        let (door, listener) = gate();
        let handle = Server::builder()
            .name("hasty")
            .listener(listener)
            .serve(|visit: Visit| {
                assert_ne!(visit.get_ref().number, 1, "too early");
                ready(())
            })
            .unwrap();
        door.knock(1);
        door.knock(2);
        settle().await;
        assert_eq!((handle.accepted(), handle.live(), door.inside()), (2, 0, 0));
    });
    assert_eq!(reports_of("hasty").len(), 1);
}

#[test]
fn an_error_of_a_handler_is_reported() {
    note_reports();
    in_world(3, async {
        let (door, listener) = gate();
        let handle = Server::builder()
            .name("faulty")
            .listener(listener)
            .serve(|visit: Visit| async move {
                match visit.get_ref().number {
                    1 => Err(io::Error::other("no luck")),
                    _ => Ok(()),
                }
            })
            .unwrap();
        door.knock(1);
        door.knock(2);
        settle().await;
        assert_eq!((handle.accepted(), handle.live()), (2, 0));
    });
    let reports = reports_of("faulty");
    assert_eq!(reports.len(), 1, "{reports:?}");
    assert!(reports[0].contains("no luck"), "{reports:?}");
}

#[test]
fn an_error_of_accepting_is_reported_and_accepting_goes_on() {
    note_reports();
    in_world(4, async {
        let (door, listener) = gate();
        let handle = Server::builder()
            .name("unlucky")
            .connections_max(1)
            .listener(listener)
            .serve(|_: Visit| ready(()))
            .unwrap();
        door.fail(io::Error::from_raw_os_error(24));
        door.fail(io::Error::from_raw_os_error(24));
        door.knock(1);
        settle().await;
        assert_eq!((handle.failed(), handle.accepted()), (2, 1));
    });
    assert_eq!(reports_of("unlucky").len(), 2);
}

/// Takes even visitors only, and takes its time.
struct Even;

impl Acceptor<Visitor> for Even {
    type Stream = (Visitor, &'static str);
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Stream>> + Send>>;

    fn accept(&self, visitor: Visitor) -> Self::Future {
        Box::pin(async move {
            trill_timer::sleep(std::time::Duration::from_secs(1)).await;
            match visitor.number % 2 {
                0 => Ok((visitor, "wrapped")),
                _ => Err(io::Error::other("odd")),
            }
        })
    }
}

#[test]
fn an_acceptor_makes_another_stream_in_the_task_of_the_connection() {
    note_reports();
    in_world(5, async {
        let (door, listener) = gate();
        let handle = Server::builder()
            .name("even")
            .listener(listener)
            .acceptor(Even)
            .serve(|connection: Connection<(Visitor, &'static str), u32>| {
                assert_eq!(connection.get_ref().1, "wrapped");
                ready(())
            })
            .unwrap();
        let start = trill_world::now();
        for number in 0..10 {
            door.knock(number);
        }
        settle().await;
        // All shake hands at the same time, and live meanwhile.
        assert_eq!(handle.live(), 10);
        handle.shutdown(std::time::Duration::MAX).await;
        assert_eq!(
            trill_world::now() - start,
            std::time::Duration::from_secs(1)
        );
        assert_eq!((handle.failed(), door.inside()), (5, 0));
    });
    assert_eq!(reports_of("\"even\"").len(), 5);
}

/// Panics.
struct Bomb;

impl Acceptor<Visitor> for Bomb {
    type Stream = Visitor;
    type Future = Ready<io::Result<Visitor>>;

    fn accept(&self, _: Visitor) -> Self::Future {
        panic!("an acceptor that panics")
    }
}

#[test]
fn a_panic_in_an_acceptor_is_contained() {
    note_reports();
    in_world(6, async {
        let (door, listener) = gate();
        let handle = Server::builder()
            .name("bomb")
            .listener(listener)
            .acceptor(Bomb)
            .serve(|_: Visit| ready(()))
            .unwrap();
        door.knock(1);
        door.knock(2);
        settle().await;
        assert_eq!((handle.accepted(), handle.live(), door.inside()), (2, 0, 0));
    });
    assert_eq!(reports_of("bomb").len(), 2);
}

#[test]
fn without_an_executor_serving_is_an_error_that_says_what_to_do() {
    let (door, listener) = gate();
    let served = Server::from_listener(listener).serve(|_: Visit| ready(()));
    let error = served.unwrap_err();
    assert!(error.to_string().contains("Executor::run"), "{error}");
    assert!(!door.is_open());
}

#[test]
fn a_server_without_room_for_anybody_is_refused() {
    let caught = std::panic::catch_unwind(|| Server::builder().connections_max(0));
    assert!(caught.is_err());
}

#[test]
fn tasks_bear_the_name_and_the_place_of_the_server() {
    in_world(7, async {
        let (door, listener) = gate();
        let (tell, told) = trill_sync::channel::unbounded();
        let server = Server::builder().name("front").listener(listener);
        let line = line!() + 1;
        let handle = server.serve(move |_: Visit| {
            let known = trill_cell::current(|task| {
                (task.name().map(str::to_owned), task.site().unwrap().line())
            });
            tell.try_send(known.unwrap()).unwrap();
            ready(())
        });
        door.knock(1);
        assert_eq!(
            told.recv().await.unwrap(),
            (Some("front 1".to_owned()), line)
        );
        drop(handle);
    });
}
