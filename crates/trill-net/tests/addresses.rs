//! What stands for an address, and what does not.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::mpsc;

use trill_blocking::{Class, Pool};
use trill_net::{TcpListener, TcpStream, UdpSocket, resolve};
use trill_park::block_on;
use trill_world::VirtualWorld;

#[test]
fn numeric_addresses_need_no_pool() {
    // A pool that could not start a single thread would make a look-up fail; there is none in this world.
    VirtualWorld::new(1).run(|| {
        block_on(async {
            let v4 = SocketAddr::from((Ipv4Addr::LOCALHOST, 80));
            let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, 80));
            assert_eq!(resolve("127.0.0.1:80").await.unwrap(), [v4]);
            assert_eq!(resolve(String::from("127.0.0.1:80")).await.unwrap(), [v4]);
            assert_eq!(resolve("[::1]:80").await.unwrap(), [v6]);
            assert_eq!(resolve(("127.0.0.1", 80)).await.unwrap(), [v4]);
            assert_eq!(resolve((String::from("::1"), 80)).await.unwrap(), [v6]);
            assert_eq!(resolve((Ipv4Addr::LOCALHOST, 80)).await.unwrap(), [v4]);
            assert_eq!(
                resolve((IpAddr::from([127, 0, 0, 1]), 80)).await.unwrap(),
                [v4]
            );
            assert_eq!(resolve((Ipv6Addr::LOCALHOST, 80)).await.unwrap(), [v6]);
            assert_eq!(resolve(v4).await.unwrap(), [v4]);
            assert_eq!(resolve(v4.to_string()).await.unwrap(), [v4]);
            assert_eq!(resolve(&[v4, v6][..]).await.unwrap(), [v4, v6]);
            assert_eq!(resolve(&[][..]).await.unwrap(), []);
        });
    });
}

#[test]
fn text_that_is_no_address_is_shown_and_explained() {
    let cases = [
        ("", "no port"),
        ("localhost", "no port"),
        ("127.0.0.1", "no port"),
        ("localhost:", "port"),
        ("localhost:http", "port"),
        ("localhost:65536", "65535"),
        ("localhost:-1", "port"),
        (":80", "no host"),
        ("[]:80", "no host"),
        ("::1:80", "brackets"),
        ("[::1:80", "bracket"),
        ("a\0b:80", "null byte"),
    ];
    for (text, reason) in cases {
        let check = |error: std::io::Error| {
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}");
            let shown = error.to_string();
            assert!(shown.contains(&*text.escape_debug().to_string()), "{shown}");
            assert!(shown.contains(reason), "{shown}");
        };
        check(block_on(resolve(text)).unwrap_err());
        check(block_on(TcpListener::bind(text)).unwrap_err());
        check(block_on(TcpStream::connect(text)).unwrap_err());
        check(block_on(UdpSocket::bind(text)).unwrap_err());
    }
    let error = block_on(resolve(("", 80))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn no_addresses_are_an_error_of_whoever_needs_one() {
    let none: &[SocketAddr] = &[];
    block_on(async {
        let errors = [
            TcpListener::bind(none).await.unwrap_err(),
            TcpStream::connect(none).await.unwrap_err(),
            UdpSocket::bind(none).await.unwrap_err(),
            UdpSocket::bind("127.0.0.1:0")
                .await
                .unwrap()
                .send_to(b"x", none)
                .await
                .unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().contains("empty list"), "{error}");
        }
    });
}

#[test]
fn names_are_looked_up() {
    block_on(async {
        let found = resolve("localhost:80").await.unwrap();
        assert!(!found.is_empty());
        assert!(
            found
                .iter()
                .all(|address| address.ip().is_loopback() && address.port() == 80)
        );

        let listener = TcpListener::bind("localhost:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let stream = TcpStream::connect(("localhost", port)).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap().port(), port);
    });
}

#[test]
fn a_name_that_cannot_exist_is_named() {
    // A part of a name has at most 63 bytes, so nobody asks a server for this one.
    let name = "a".repeat(70);
    let error = block_on(TcpStream::connect((name.as_str(), 80))).unwrap_err();
    assert!(error.to_string().contains(&name), "{error}");
}

// Fault 17a
#[test]
fn dropped_look_up_that_has_not_begun_never_runs() {
    let pool = Pool::builder()
        .class(Class::new("names", 1))
        .build()
        .unwrap();
    let _entered = pool.enter();
    let (release, wait) = mpsc::channel::<()>();
    let busy = pool.unblock_in(&Class::new("names", 1), move || wait.recv());
    block_on(async {
        let mut resolve = Box::pin(resolve("localhost:80"));
        assert!(
            futures_lite::future::poll_once(&mut resolve)
                .await
                .is_none()
        );
        drop(resolve);
        release.send(()).unwrap();
        busy.await.unwrap();
        // The class is free again, for another look-up.
        trill_net::resolve("localhost:80").await.unwrap();
    });
}
