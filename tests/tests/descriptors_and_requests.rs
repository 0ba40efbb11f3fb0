//! A request to end reaches what waits for a socket as a drop does: what it waited for is still there.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use trill::net::{TcpListener, TcpStream, UdpSocket};
use trill_park::block_on;
use trill_task::CancelToken;

/// Requests the end when the socket is ready already and the future has not been polled again: the turn of both.
///
/// The value is returned if the reactor has told of the socket by then, and the request is heeded if not.
async fn cancelled_in_the_turn_of_both<F: Future>(
    future: F,
    make_ready: impl AsyncFnOnce(),
) -> Option<F::Output> {
    let token = CancelToken::new();
    let mut run = Box::pin(token.run(future));
    assert!(futures_lite::future::poll_once(&mut run).await.is_none());
    make_ready().await;
    token.cancel("in a test");
    run.await.ok()
}

// Behaviour 22, by request: a cancelled accept leaves the connection in the backlog.
#[test]
fn a_cancelled_accept_leaves_the_connection() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        for _ in 0..20 {
            let mut clients = Vec::new();
            let accepted = cancelled_in_the_turn_of_both(listener.accept(), async || {
                clients.push(TcpStream::connect(address).await.unwrap());
            });
            let (_, from) = match accepted.await {
                Some(accepted) => accepted.unwrap(),
                None => listener.accept().await.unwrap(),
            };
            assert_eq!(from, clients[0].local_addr().unwrap());
        }
    });
}

// Behaviour 22, by request: and one that waits for nobody takes nothing from the next.
#[test]
fn a_cancelled_receive_leaves_the_bytes() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (far, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 8];
        for _ in 0..20 {
            let read = cancelled_in_the_turn_of_both(near.read(&mut buffer), async || {
                far.write_all(b"abc").await.unwrap();
            });
            let read = match read.await {
                Some(read) => read.unwrap(),
                None => near.read(&mut buffer).await.unwrap(),
            };
            assert_eq!(&buffer[..read], b"abc");
        }

        let near = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let far = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = near.local_addr().unwrap();
        for _ in 0..20 {
            let received = cancelled_in_the_turn_of_both(near.recv_from(&mut buffer), async || {
                far.send_to(b"abcd", address).await.unwrap();
            });
            let (len, _) = match received.await {
                Some(received) => received.unwrap(),
                None => near.recv_from(&mut buffer).await.unwrap(),
            };
            assert_eq!(len, 4);
        }
    });
}

// Behaviour 22, by request: where a request was made before, the first poll either waits and is cancelled, and has taken
// nothing, or returns what it has taken.
#[test]
fn a_token_that_was_cancelled_before_loses_neither_connection_nor_bytes() {
    block_on(async {
        let token = CancelToken::new();
        token.cancel("in a test");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        assert!(token.run(listener.accept()).await.is_err());
        let client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (server, from) = match token.run(listener.accept()).await {
            Ok(accepted) => accepted.unwrap(),
            Err(_) => listener.accept().await.unwrap(),
        };
        assert_eq!(from, client.local_addr().unwrap());
        let mut buffer = [0; 8];
        assert!(token.run(server.read(&mut buffer)).await.is_err());
        client.write_all(b"abc").await.unwrap();
        server.readable().await.unwrap();
        let read = match token.run(server.read(&mut buffer)).await {
            Ok(read) => read.unwrap(),
            Err(_) => server.read(&mut buffer).await.unwrap(),
        };
        assert_eq!(&buffer[..read], b"abc");
    });
}
