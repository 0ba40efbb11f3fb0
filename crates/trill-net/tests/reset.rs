//! A connection that is reset, at every stage of its life.
#![allow(clippy::unwrap_used)] // Only tests call the functions here.

mod support;

use std::io::ErrorKind;
use std::net::Shutdown;
use std::time::Duration;

use futures_lite::future::zip;
use trill_net::{TcpListener, TcpStream};
use trill_park::block_on;

use support::{fill, pair};

/// Resets the connection instead of ending it.
fn reset(stream: TcpStream) {
    stream.set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
}

fn is_reset(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
    )
}

// Fault 13a
#[test]
fn before_it_is_accepted() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        reset(TcpStream::connect(address).await.unwrap());
        // Linux hands it over all the same; the first read says what happened.
        let client = TcpStream::connect(address).await.unwrap();
        let (first, _) = listener.accept().await.unwrap();
        let error = first.read(&mut [0; 8]).await.unwrap_err();
        assert!(is_reset(&error), "{error}");
        let (second, _) = listener.accept().await.unwrap();
        assert_eq!(second.peer_addr().unwrap(), client.local_addr().unwrap());
    });
}

// Fault 13c
#[test]
fn with_unread_bytes() {
    block_on(async {
        let (client, server) = pair().await;
        client.write_all(b"unread").await.unwrap();
        server.readable().await.unwrap();
        // Closing with unread bytes resets.
        drop(server);
        let error = client.read(&mut [0; 8]).await.unwrap_err();
        assert!(is_reset(&error), "{error}");
        // Once for each direction; then the end.
        assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
        let error = client.write(b"x").await.unwrap_err();
        assert!(is_reset(&error), "{error}");
    });
}

// Fault 13d
#[test]
fn during_a_write_that_waits() {
    block_on(async {
        let (client, server) = pair().await;
        fill(&client);
        let write = client.write_all(&[0; 1 << 20]);
        let (written, ()) = zip(write, async { reset(server) }).await;
        let error = written.unwrap_err();
        assert!(is_reset(&error), "{error}");
    });
}

// Fault 12b, 13e
#[test]
fn after_this_side_has_ended_writing() {
    block_on(async {
        let (client, server) = pair().await;
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 0);
        let mut buffer = [0; 8];
        let (read, ()) = zip(client.read(&mut buffer), async { reset(server) }).await;
        let error = read.unwrap_err();
        assert!(is_reset(&error), "{error}");
        // To end writing again is fine, or says that there is no connection; it does not hang.
        match client.shutdown(Shutdown::Write) {
            Ok(()) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::NotConnected),
        }
    });
}

// Fault 12a, 12c
#[test]
fn an_end_does_not_hide_unread_bytes() {
    block_on(async {
        let (client, server) = pair().await;
        client.write_all(&[7; 100_000]).await.unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        server.readable().await.unwrap();
        let mut count = 0;
        loop {
            let mut buffer = [0; 1000];
            match server.read(&mut buffer).await.unwrap() {
                0 => break,
                some => count += some,
            }
        }
        assert_eq!(count, 100_000);
        // The other direction is open, and stays so.
        for _ in 0..3 {
            server.write_all(b"still here").await.unwrap();
            let mut buffer = [0; 10];
            client.read_exact(&mut buffer).await.unwrap();
            assert_eq!(&buffer, b"still here");
            assert_eq!(server.read(&mut buffer).await.unwrap(), 0);
        }
    });
}

#[test]
fn ended_reading_reads_an_end_and_leaves_writing_open() {
    block_on(async {
        let (client, server) = pair().await;
        let mut buffer = [0; 8];
        let shut = async { client.shutdown(Shutdown::Read).unwrap() };
        // A read that waits already is woken.
        let (read, ()) = zip(client.read(&mut buffer), shut).await;
        assert_eq!(read.unwrap(), 0);
        client.write_all(b"x").await.unwrap();
        assert_eq!(server.read(&mut buffer).await.unwrap(), 1);
    });
}
