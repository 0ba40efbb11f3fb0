//! What a waiting task tells of itself: the program's own line.

#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![cfg_attr(rustfmt, rustfmt_skip)] // Each await stands on the line whose number is given.

mod support;

use std::future::{Future, pending};
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

use support::{Visitor, gate, in_world, settle};
use trill_cell::{Header, Kind, Spawned};
use trill_server::{Connection, Server};

/// Polls a future as a task and checks what the task says it waits for.
fn waits(kind: Kind, line: u32, future: impl Future) {
    let header = Header::new(Spawned::here());
    let mut future: Pin<Box<dyn Future<Output = _>>> = Box::pin(future);
    let polled = header.poll(|| future.as_mut().poll(&mut Context::from_waker(Waker::noop())));
    assert!(polled.is_pending());
    let wait = header.wait().expect("a task that waits says so");
    let location = wait.location.expect("a leaf gives its location");
    assert_eq!(wait.kind, kind);
    assert_eq!((location.file(), location.line()), (file!(), line));
}

#[test]
fn waits_for_a_server_tell_where_they_are_awaited() {
    in_world(1, async {
        let (door, listener) = gate();
        let (tell, told) = trill_sync::channel::unbounded();
        let handle = Server::from_listener(listener).serve(move |visit: Connection<Visitor, u32>| {
            tell.try_send(visit.about().clone()).unwrap();
            pending::<()>()
        }).unwrap();
        door.knock(1);
        settle().await;
        let about = told.recv().await.unwrap();
        let kind = Kind::Notification;
        waits(kind, line!(), async { about.shutting_down().await });
        waits(kind, line!(), async { handle.wait_stopped().await });
        waits(kind, line!(), async { handle.wait_closed().await });
        waits(kind, line!(), async { handle.shutdown(Duration::MAX).await });
        handle.abort();
        handle.wait_closed().await;
    });
}

#[test]
fn opening_a_connection_tells_where_it_is_awaited() {
    let listener = trill_park::block_on(trill_net::TcpListener::bind("127.0.0.1:0")).unwrap();
    // Nobody accepts, and the backlog is full with one.
    rustix::net::listen(&listener, 0).unwrap();
    let address = listener.local_addr().unwrap();
    let _first = trill_park::block_on(trill_net::TcpStream::connect(address)).unwrap();
    waits(Kind::Writable, line!(), async { drop(trill_server::open_connection("127.0.0.1", address.port()).await) });
}

#[test]
fn opening_a_connection_to_a_path_tells_where_it_is_awaited() {
    let path = std::env::temp_dir().join(format!("trill-server-location-{}", std::process::id()));
    let listener = trill_net::unix::UnixListener::bind(&path).unwrap();
    // Nobody accepts, and the backlog is full soon.
    rustix::net::listen(&listener, 0).unwrap();
    let mut opened = Vec::new();
    while let Some(Ok(stream)) = trill_park::block_on(futures_lite::future::poll_once(trill_net::unix::UnixStream::connect(&path))) {
        opened.push(stream);
    }
    waits(Kind::Timer, line!(), async { drop(trill_server::open_unix_connection(&path).await) });
    drop(listener);
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn starting_a_server_by_name_tells_where_it_is_awaited() {
    // The only thread for names is held, so the look-up does not begin.
    let names = trill_blocking::Class::new("names", 1);
    let pool = trill_blocking::Pool::builder().class(names).build().unwrap();
    let _entered = pool.enter();
    let (release, hold) = std::sync::mpsc::channel::<()>();
    let held = pool.unblock_in(&names, move || hold.recv());
    waits(Kind::Blocking, line!(), async { drop(trill_server::start_server("localhost:0", async |_, _| {}).await) });
    waits(Kind::Blocking, line!(), async { drop(Server::bind("localhost:0").await) });
    release.send(()).unwrap();
    trill_park::block_on(held).unwrap();
}

#[cfg(feature = "tls")]
#[test]
fn opening_a_connection_over_tls_tells_where_it_is_awaited() {
    let connector = trill_tls::TlsConnector::builder().roots(trill_tls::Roots::new()).build().unwrap();
    // It is accepted by the backlog, and nobody answers there.
    let listener = trill_park::block_on(trill_net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut opening = trill_server::open_tls_connection("127.0.0.1", port, &connector);
    let accepted = trill_park::block_on(async {
        futures_lite::future::or(async { drop((&mut opening).await); None }, async { Some(listener.accept().await) }).await
    });
    let _accepted = accepted.unwrap().unwrap();
    waits(Kind::Readable, line!(), async { drop(opening.await) });
}

#[cfg(feature = "tls")]
#[test]
fn starting_a_server_over_tls_by_name_tells_where_it_is_awaited() {
    let authority = trill_tls::self_signed::Authority::new("tests").unwrap();
    let identity = authority.issue(["localhost"]).unwrap().into_identity();
    let acceptor = trill_tls::TlsAcceptor::builder().identity(identity).build().unwrap();
    let names = trill_blocking::Class::new("names", 1);
    let pool = trill_blocking::Pool::builder().class(names).build().unwrap();
    let _entered = pool.enter();
    let (release, hold) = std::sync::mpsc::channel::<()>();
    let held = pool.unblock_in(&names, move || hold.recv());
    waits(Kind::Blocking, line!(), async { drop(trill_server::start_tls_server("localhost:0", acceptor, async |_, _| {}).await) });
    release.send(()).unwrap();
    trill_park::block_on(held).unwrap();
}
